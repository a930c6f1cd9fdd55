/** A bundle of what was learnt: the base's files, its card and golden values changed, as genre_lib/export/taught_bundle.py writes it. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { BundleError, type BeliefSettings, type Card } from "../bundle/card.ts";
import type { BundleSource } from "../bundle/source.ts";
import { genreLayerOf } from "./genre-layer.ts";
import type { GraphFile } from "./graph-file.ts";
import { stepLogits, type Learnt } from "./learn.ts";
import { withGenreLayer } from "./litert-file.ts";
import { sentenceOf } from "./temperature.ts";

export const LIMITS = [
  "It was taught with few songs: what else they have in common (an album's sound, a singer) is taken for the genre.",
  "Music that is near to the taught songs is named after them, whatever it is called elsewhere.",
  "Not for decisions about people, their work or their pay.",
];
/** Taken over as they are. Keras and ONNX are left out: `genre teach` makes those. */
const KEPT = ["mel.bin", "background.json", "neurons.json"];

/** Songs that were learnt, by genre. */
export type Counts = Readonly<Record<string, number>>;

/** The card that the page listens by; its files are those of the base. */
export function taughtCard(base: Card, learnt: Learnt, counts: Counts): Card {
  const { temperature, accuracy } = learnt;
  // Which sizes the base's logits have, and what they mean, was measured on the base's genres.
  const { by_size: _, ...kept } = base;
  const by = <T extends object>(values: T, factor: number) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value * factor])) as T;
  const nSongs = Object.values(counts).reduce((sum, n) => sum + n, 0);
  const taught = learnt.genres.slice(0, -1);
  const data_set = "songs taught on the page";
  return {
    ...kept,
    name: nameOf(taught),
    version: "1.0.0",
    description: `${base.name} ${base.version}, taught ${taught.join(", ")} with ${nSongs} ${nSongs === 1 ? "song" : "songs"} on the page.`,
    genres: learnt.known ? [...base.genres, ...learnt.genres] : learnt.genres,
    temperatures: by(base.temperatures, temperature.value),
    ...(base.belief && { belief: cooled(base.belief, temperature.value) }),
    limits: [sentenceOf(temperature), ...LIMITS],
    metrics: accuracy
      ? [{ name: "accuracy", data_set, split: "songs left out", value: accuracy.value, interval: [accuracy.low, accuracy.high], n: accuracy.n, note: "Wilson, clips independent" }]
      : [],
    report: {},
    training: {
      data_set,
      taught_on: counts,
      trained_on: "taught on frozen features",
      base: `${base.name} ${base.version}`,
      base_sha256: base.files["model.keras"]?.sha256 ?? "",
      temperature: temperature.value,
      ...(base.training["quantisation"] ? { quantisation: base.training["quantisation"] } : {}),
      ...(base.training["parameters"] ? { parameters: base.training["parameters"] } : {}),
    },
  };
}

/** The base's chain for logits that are so many times too sure. */
function cooled(belief: BeliefSettings, temperature: number): BeliefSettings {
  // Along which pieces differ was measured on the base's genres: what was learnt is believed by the chain.
  const { evidence_weight: weight, path, newest, pieces: _, ...chain } = belief;
  return {
    ...chain,
    evidence_weight: { live: weight.live / temperature, file: weight.file / temperature },
    path: { ...path, evidence_weight: path.evidence_weight / temperature },
    ...(newest && { newest: { ...newest, least_size: newest.least_size * temperature } }),
  };
}

/** Fit for a folder's name. */
function nameOf(genres: readonly string[]): string {
  const plain = genres.join("-").normalize("NFKD").replace(/[^A-Za-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 64).replace(/-+$/, "");
  return plain || "taught";
}

/** A bundle's files by their path. */
export type Files = ReadonlyMap<string, Uint8Array>;

/**
 * @param base reads the files of the base, which its card describes
 * @param tolerance in probability, of the page's copy of the network
 * @throws BundleError if the base lacks a file, or its network cannot be changed here
 */
export async function taughtFiles(base: BundleSource, card: Card, graph: GraphFile, learnt: Learnt, tolerance: number): Promise<Files> {
  const files = new Map<string, Uint8Array>();
  for (const path of KEPT) if (card.files[path]) files.set(path, await base.read(path));
  if (!card.files["model.tflite"]) throw new BundleError("This model came without its model.tflite, so that what it learnt cannot be saved as a model.");
  const layer = genreLayerOf(learnt, graph.bends);
  files.set("model.tflite", withGenreLayer(await base.read("model.tflite"), layer));
  for (const [path, contents] of Object.entries(graph.withGenreLayer(layer))) files.set(path, typeof contents === "string" ? utf8(contents) : contents);
  files.set("golden.json", utf8(taughtGolden(new TextDecoder().decode(await base.read("golden.json")), learnt)));
  const quantisation = { ...(card.training["quantisation"] as object | undefined), tolerance };
  const listed = [...files].sort(([one], [other]) => (one < other ? -1 : 1)).map(([path, contents]) => [path, { sha256: bytesToHex(sha256(contents)), size: contents.length }]);
  const sealed: Card = { ...card, training: { ...card.training, quantisation }, files: Object.fromEntries(listed) };
  return new Map([["card.json", utf8(`${JSON.stringify(sealed, null, 1)}\n`)], ...files]);
}

/** The files in a folder of the model's name. */
export async function zipped(files: Files, name: string): Promise<Blob> {
  const { zipSync } = await import("fflate");
  const zip = zipSync(Object.fromEntries([...files].map(([path, contents]) => [`${name}/${path}`, contents])));
  return new Blob([zip as Uint8Array<ArrayBuffer>], { type: "application/zip" });
}

interface EncodedArray {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly base64: string;
}

/** @returns the mean step features of golden.json, which tell whose network's features are meant, or null without */
export function goldenMean(text: string): Float64Array | null {
  const features = (JSON.parse(text) as Record<string, EncodedArray>)["step_features"];
  if (!features) return null;
  const [nSteps, nFeatures] = features.shape;
  const mean = new Float64Array(nFeatures);
  floats(features).forEach((value, at) => (mean[at % nFeatures] += value / nSteps));
  return mean;
}

/** The base's golden values, its features read by what was learnt. */
function taughtGolden(text: string, learnt: Learnt): string {
  const golden = JSON.parse(text) as Record<string, EncodedArray>;
  const features = golden["step_features"];
  const [nSteps, nFeatures] = features.shape;
  const values = floats(features);
  const rows = Array.from({ length: nSteps }, (_, i) => stepLogits(learnt, values.subarray(i * nFeatures, (i + 1) * nFeatures)));
  const n = rows[0].length;
  const clip = Float32Array.from({ length: n }, (_, k) => rows.reduce((sum, row) => sum + row[k], 0) / nSteps);
  const changed = { step_logits: packed(Float32Array.from(rows.flatMap((row) => [...row])), [nSteps, n]), clip_logits: packed(clip, [n]) };
  return `${JSON.stringify({ ...golden, ...changed }, null, 1)}\n`;
}

function floats({ base64 }: EncodedArray): Float32Array {
  return new Float32Array(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)).buffer);
}

function packed(values: Float32Array, shape: readonly number[]): EncodedArray {
  const bytes = new Uint8Array(values.buffer);
  return { dtype: "float32", shape, base64: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")) };
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
