/** What stays the same while one model is taught: its background, its genres, its files. */
import { BundleError, type Card } from "../bundle/card.ts";
import { loadBundle, readVerified } from "../bundle/load.ts";
import { sourceFromFiles, type BundleSource } from "../bundle/source.ts";
import type { ModelJson } from "../model/network.ts";
import { Background } from "./background.ts";
import { GraphFile } from "./graph-file.ts";
import { HeadFitter } from "./head.ts";
import { learn, type Learnt, type Song } from "./learn.ts";
import { goldenMean, taughtCard, taughtFiles, zipped, type Counts } from "./taught-bundle.ts";

/** Features of the same sound differ so much between conversions of a network, as a share of their spread. */
const SAME_NETWORK = 0.05;
/** Allowed differences in probability between the page's copy of a network and its golden values; the least that fits is the card's. */
const TOLERANCES = [1e-4, 1e-3, 5e-3, 0.02, 0.05];

export class Teacher {
  private constructor(
    private readonly source: BundleSource,
    private readonly card: Card,
    private readonly graph: GraphFile,
    private readonly fitter: HeadFitter,
  ) {}

  /**
   * @param source of the model that is taught, as the page loaded it
   * @throws BundleError if it cannot be taught
   */
  static async of(source: BundleSource, card: Card): Promise<Teacher> {
    if (!card.files["background.json"]) {
      throw new BundleError("This model has no background.json, without which nothing is none of the taught genres: make it with `genre model background`.");
    }
    const read = async (path: string) => text(await readVerified(source, card, path));
    const [background, golden, topology] = await Promise.all([read("background.json"), read("golden.json"), read("tfjs/model.json")]);
    const model = JSON.parse(topology) as ModelJson;
    const shards = await Promise.all(model.weightsManifest.flatMap((group) => group.paths).map((path) => readVerified(source, card, `tfjs/${path}`)));
    const graph = new GraphFile(model, new Uint8Array(await new Blob(shards as BlobPart[]).arrayBuffer()));
    const parsed = Background.parse(background);
    const mean = goldenMean(golden);
    const covariance = parsed.covariance();
    const spread = covariance.reduce((sum, row, i) => sum + Math.sqrt(row[i]), 0) / covariance.length;
    if (mean?.length !== parsed.golden.length || mean.some((value, i) => Math.abs(value - parsed.golden[i]) > SAME_NETWORK * spread)) {
      throw new BundleError("This model's background.json is of another network: make it again with `genre model background`.");
    }
    return new Teacher(source, card, graph, new HeadFitter(parsed));
  }

  /** How the model reads its own genres. */
  get untaught(): Pick<Learnt, "head" | "known"> {
    return { head: { rows: [], bias: new Float64Array(0) }, known: this.graph.known() };
  }

  /** @param add whether the model's own genres stay */
  learn(songs: readonly Song[], add: boolean): { readonly learnt: Learnt; readonly card: Card } {
    const learnt = learn(songs, this.fitter, this.card.temperatures.clip, add ? this.graph.known() : null, add ? this.card.genres : []);
    return { learnt, card: taughtCard(this.card, learnt, countsOf(songs)) };
  }

  /**
   * The bundle of what was learnt, once this page has loaded and checked it like any other.
   *
   * @throws BundleError if it cannot be made
   */
  async bundle(learnt: Learnt, card: Card): Promise<Blob> {
    const files = async (tolerance: number) => taughtFiles({ read: (path) => readVerified(this.source, this.card, path) }, { ...card, files: this.card.files }, this.graph, learnt, tolerance);
    const checked = await loadBundle(sourceFromFiles(await files(TOLERANCES.at(-1)!)), { checkGolden: true });
    checked.network.dispose();
    return zipped(await files(TOLERANCES.find((most) => checked.golden!.probability <= most)!), card.name);
  }
}

function countsOf(songs: readonly Song[]): Counts {
  const counts: Record<string, number> = {};
  for (const { genre } of songs) counts[genre] = (counts[genre] ?? 0) + 1;
  return counts;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
