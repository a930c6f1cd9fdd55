import { beforeAll, describe, expect, it } from "vitest";
import { unzipSync } from "fflate";
import { parseCard, type Card } from "../bundle/card.ts";
import { bundleFile, bundleSource, haveBundle, startBackendInNode } from "../testing/pretrained.ts";
import { Background } from "./background.ts";
import { NONE, type Song } from "./learn.ts";
import { Teacher } from "./teacher.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe.skipIf(!haveBundle)("a taught bundle", () => {
  let card: Card;
  let teacher: Teacher;
  let songs: Song[];
  beforeAll(async () => {
    await startBackendInNode();
    card = parseCard(text(bundleFile("card.json")));
    teacher = await Teacher.of(bundleSource(), card);
    const background = Background.parse(text(bundleFile("background.json")));
    songs = Array.from({ length: 4 }, (_, i) => ({
      name: `${i}.mp3`, genre: i < 2 ? "son" : "rumba",
      steps: { nFeatures: 160, values: Float32Array.from(background.draw(40, { music: true, seed: 90 + i }).flatMap((row) => [...row])) },
    }));
  }, 60_000);

  it.each([[false, ["rumba", "son", NONE]], [true, [...parseCardGenres(), "rumba", "son", NONE]]])("passes its own check (added: %s)", async (add, genres) => {
    const { learnt, card: taught } = teacher.learn(songs, add);
    expect(taught.genres).toEqual(genres);
    const files = unzipSync(new Uint8Array(await (await teacher.bundle(learnt, taught)).arrayBuffer()));
    const sealed = parseCard(text(files["rumba-son/card.json"]));
    expect(Object.keys(files).sort()).toEqual(["card.json", ...Object.keys(sealed.files)].map((path) => `rumba-son/${path}`).sort());
    expect(sealed.training["taught_on"]).toEqual({ son: 2, rumba: 2 });
    // Logits that are so many times too sure are believed live as the base's would be.
    const { newest, evidence_weight: weight } = sealed.belief!;
    const times = sealed.training["temperature"] as number;
    expect(newest!.weight).toBe(card.belief!.newest!.weight);
    expect(newest!.least_size).toBeCloseTo(card.belief!.newest!.least_size * times, 9);
    expect(weight.live).toBeCloseTo(card.belief!.evidence_weight.live / times, 9);
  });

  it("is refused for a model without a background, and for one that reads its genres in another way", async () => {
    const { "background.json": _, ...others } = card.files;
    await expect(Teacher.of(bundleSource(), { ...card, files: others })).rejects.toThrow(/no background.json/);
    const { learnt, card: taught } = teacher.learn(songs, false);
    const broken = await Teacher.of(bundleSource({ "model.tflite": "TFL3" }), card);
    await expect(broken.bundle(learnt, taught)).rejects.toThrow(/damaged: model.tflite/);
  });
});

function parseCardGenres(): readonly string[] {
  return haveBundle ? parseCard(text(bundleFile("card.json"))).genres : [];
}
