/** Loads a bundle as a whole or not at all: schema, hashes, and the golden check. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { GenreNetwork, type ModelJson } from "../model/network.ts";
import { BundleError, parseCard, type Card } from "./card.ts";
import { checkGolden, parseGolden, type GoldenDifference } from "./golden.ts";
import type { BundleSource } from "./source.ts";

export interface Bundle {
  readonly card: Card;
  /** row-major `(n_mels, n_fft / 2 + 1)` */
  readonly melBank: Float32Array;
  readonly network: GenreNetwork;
  /** null where the check was left out */
  readonly golden: GoldenDifference | null;
}

export interface LoadOptions {
  /** Run golden.json. The built-in bundle is checked when the page is built and tested, so a visit need not fetch it. */
  readonly checkGolden: boolean;
}

/** @throws BundleError with one sentence if anything is missing, damaged, or not what the card says */
export async function loadBundle(source: BundleSource, options: LoadOptions): Promise<Bundle> {
  const card = parseCard(text(await source.read("card.json")));
  const verified = (path: string) => readVerified(source, card, path);
  const [bank, topologyBytes] = await Promise.all([verified("mel.bin"), verified("tfjs/model.json")]);
  const { n_mels, n_fft } = card.front_end;
  if (bank.byteLength !== n_mels * (n_fft / 2 + 1) * 4) {
    throw new BundleError(`This model's mel.bin is not a filter bank of ${n_mels} bands for an FFT of ${n_fft}.`);
  }
  const melBank = new Float32Array(bank.slice().buffer);
  const topology = parseTopology(text(topologyBytes));
  const shards = await Promise.all(topology.weightsManifest.flatMap((group) => group.paths).map((path) => verified(`tfjs/${path}`)));
  const network = await GenreNetwork.load({ topology, weights: joined(shards) }, n_mels, card.genres.length);
  try {
    warmUp(network, card);
    if (!options.checkGolden) return { card, melBank, network, golden: null };
    const golden = parseGolden(text(await verified("golden.json")));
    return { card, melBank, network, golden: checkGolden(golden, card, melBank, network) };
  } catch (error) {
    network.dispose();
    if (error instanceof BundleError) throw error;
    throw new BundleError(`This model's network does not run in this browser: ${error instanceof Error ? error.message.slice(0, 160) : error}`);
  }
}

export async function readVerified(source: BundleSource, card: Card, path: string): Promise<Uint8Array> {
  const listed = card.files[path];
  if (!listed) throw new BundleError(`This model's card does not list ${path}, so the model was not loaded.`);
  const contents = await source.read(path);
  if (contents.byteLength !== listed.size || bytesToHex(sha256(contents)) !== listed.sha256) {
    throw new BundleError(`This model is damaged: ${path} is not the file its card describes.`);
  }
  return contents;
}

function parseTopology(json: string): ModelJson {
  try {
    const topology = JSON.parse(json) as ModelJson;
    if (Array.isArray(topology.weightsManifest) && typeof topology.modelTopology === "object") return topology;
  } catch {
    // falls through to the sentence below
  }
  throw new BundleError("This model's tfjs/model.json is not a TensorFlow.js graph model.");
}

/** The first run compiles kernels; better now than at the first sound. */
function warmUp(network: GenreNetwork, card: Card): void {
  const { minimum_frames, receptive_field_frames } = card.timing;
  const frames = Math.max(minimum_frames, receptive_field_frames);
  network.stepLogits(new Float32Array(frames * card.front_end.n_mels).fill(-60), frames);
}

function joined(parts: readonly Uint8Array[]): ArrayBuffer {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole.buffer;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
