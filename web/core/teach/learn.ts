/** From songs to a head that knows their genres, and how right and how sure it is: `learn` of genre_lib/export/taught_bundle.py. */
import { knownLogits, logitsOf, type Head, type HeadFitter, type Known } from "./head.ts";
import { leftOut } from "./left-out.ts";
import { nSteps, spansOf, type StepFeatures } from "./spans.ts";
import { fitTemperature, type Temperature } from "./temperature.ts";

/** What a taught model says of everything it was not taught; an output like the genres. */
export const NONE = "none of these";

export interface Song {
  readonly name: string;
  /** a genre, `NONE`, or a genre that stays, which no new one may claim then */
  readonly genre: string;
  readonly steps: StepFeatures;
}

/** A share of songs with its interval of 95 % (Wilson). */
export interface Share {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

export interface Learnt {
  /** in the order of the head's outputs; `NONE` is last */
  readonly genres: readonly string[];
  readonly head: Head;
  readonly known: Known | null;
  readonly temperature: Temperature;
  /** of songs that were left out; null where none could be */
  readonly accuracy: Share | null;
  /** mean logits of the songs that were left out, in the order of the songs' names */
  readonly leftOutLogits: readonly Float64Array[];
}

/** Fewer say little, and the page asks for as many. */
export const SONGS_ASKED = 3;

/**
 * @param songs at least one of a genre
 * @param clipTemperature of the model that is taught
 * @param known the genres that stay, if any
 * @param knownGenres what they are called
 */
export function learn(songs: readonly Song[], fitter: HeadFitter, clipTemperature: number, known: Known | null = null, knownGenres: readonly string[] = []): Learnt {
  const sorted = songs.toSorted((one, other) => compare(`${one.genre}/${one.name}`, `${other.genre}/${other.name}`));
  const genres = [...new Set(sorted.map(({ genre }) => genre))].filter((genre) => genre !== NONE && !knownGenres.includes(genre)).sort(compare);
  const order = [...genres, NONE, ...knownGenres];
  const labels = sorted.map(({ genre }) => order.indexOf(genre));
  const spans = sorted.map(({ steps }) => spansOf(steps));
  const head = fitter.fit(spans, labels, genres.length, known);
  const answers = new Map<number, Float64Array>();
  for (const fold of leftOut(labels)) {
    const kept = labels.map((_, song) => song).filter((song) => !fold.includes(song));
    const without = fitter.fit(kept.map((song) => spans[song]), kept.map((song) => labels[song]), genres.length, known, head);
    for (const song of fold) answers.set(song, meanLogits(without, known, sorted[song].steps));
  }
  const leftOutSongs = [...answers.keys()].sort((a, b) => a - b);
  const logits = leftOutSongs.map((song) => answers.get(song)!);
  // Logits of known genres come first.
  const nKnown = known ? known.head.bias.length : 0;
  const right = leftOutSongs.map((song) => (labels[song] + nKnown) % (nKnown + genres.length + 1));
  return {
    genres: [...genres, NONE],
    head,
    known,
    temperature: fitTemperature(logits.map((row) => row.map((value) => value / clipTemperature)), right),
    accuracy: logits.length > 0 ? wilson(logits.filter((row, i) => row.indexOf(Math.max(...row)) === right[i]).length, logits.length) : null,
    leftOutLogits: logits,
  };
}

/** Logits of one step: those of the known genres, if any, then those of the new ones and of none of these. */
export function stepLogits({ head, known }: Pick<Learnt, "head" | "known">, features: ArrayLike<number>): Float64Array {
  const taught = logitsOf(head, features);
  return known ? Float64Array.of(...knownLogits(known, features), ...taught) : taught;
}

function meanLogits(head: Head, known: Known | null, steps: StepFeatures): Float64Array {
  const n = nSteps(steps);
  const { nFeatures, values } = steps;
  let sum: Float64Array | null = null;
  for (let i = 0; i < n; i++) {
    const logits = stepLogits({ head, known }, values.subarray(i * nFeatures, (i + 1) * nFeatures));
    sum = sum ? sum.map((value, k) => value + logits[k]) : logits;
  }
  return sum!.map((value) => value / n);
}

/** As sorted() in Python: by code point. */
function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** Wilson's score interval: genre_lib/evaluation/intervals.py. */
function wilson(successes: number, n: number): Share {
  const z2 = 1.959963984540054 ** 2;
  const p = successes / n;
  const centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Math.sqrt(z2) / (1 + z2 / n)) * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n));
  return { value: p, low: Math.min(p, Math.max(0, centre - half)), high: Math.max(p, Math.min(1, centre + half)), n };
}
