/** The regularised linear head, fitted as genre_lib/training/teaching/head.py fits it. */
import type { Background } from "./background.ts";
import { minimise } from "./lbfgs.ts";
import { dot, ofEigenvalues, timesSymmetric, type Row, type Rows } from "./matrix.ts";

export const PENALTY = 0.1;
const NAMED_MUSIC = 0.15;
const NAMED_NON_MUSIC = 0.02;
const MANY_SONGS = 4;
const NAMED_MUSIC_OF_MANY = 0.1;
const NAMED_NON_MUSIC_OF_MANY = 0.01;
const NAMED_KNOWN = 0.02;
const KNOWN_WEIGHT = 0.1;
const N_MUSIC = 1500;
const N_NON_MUSIC = 400;
const N_KNOWN = 100;
const FLOOR = 0.1;

/** A linear map from step features to logits. */
export interface Head {
  /** the weights of each output: `(n_outputs, n_features)` */
  readonly rows: Rows;
  readonly bias: Float64Array;
}

/** Genres that are known already and stay as they are. */
export interface Known {
  readonly head: Head;
  /** how far their logits can be from their mean; 0 is any */
  readonly limit: number;
}

export function logitsOf(head: Head, features: ArrayLike<number>): Float64Array {
  return head.bias.map((bias, k) => bias + dot(head.rows[k], features));
}

/** What a network with clipped logits says of the genres it knows. */
export function knownLogits({ head, limit }: Known, features: ArrayLike<number>): Float64Array {
  const logits = logitsOf(head, features);
  if (!limit) return logits;
  const mean = logits.reduce((sum, value) => sum + value, 0) / logits.length;
  return logits.map((value) => limit * Math.tanh((value - mean) / limit));
}

export function logSumExp(values: ArrayLike<number>): number {
  let most = -Infinity;
  for (let i = 0; i < values.length; i++) most = Math.max(most, values[i]);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.exp(values[i] - most);
  return most + Math.log(sum);
}

/** Spans with what they are and how much they count. */
interface Examples {
  /** whitened features, span by span */
  readonly white: Float64Array;
  /** the output that each is to be; beyond them all where it is to stay with the known genres */
  readonly wanted: readonly number[];
  /** sum to 1 */
  readonly shares: Float64Array;
  /** logarithm of the summed exponentials of the known genres' logits */
  readonly known: Float64Array;
}

/** Drawn spans, as they are and whitened. */
interface Drawn {
  readonly spans: Rows;
  readonly white: Float64Array;
}

/** Fits heads for one network; what does not depend on the songs is made once. */
export class HeadFitter {
  private readonly centre: Row;
  private readonly whitening: Rows;
  private readonly music: Drawn;
  private readonly noise: Drawn;
  private readonly known: Drawn;
  /** music, noise and known genres to set the biases by, with the shares of them that new genres of few or many songs may take */
  private readonly balancing: readonly { readonly spans: Rows; readonly few: number; readonly many: number }[];
  /** what the known genres make of all that was drawn; made once for as long as they are the same */
  private said: { readonly known: Known; readonly summed: Float64Array; readonly most: readonly Float64Array[] } | null = null;

  constructor(background: Background) {
    this.centre = background.mean();
    this.whitening = ofEigenvalues(background.within, (value, greatest) => 1 / Math.sqrt(Math.max(value, 0) + FLOOR * greatest));
    const drawn = (spans: Rows): Drawn => ({ spans, white: this.white(spans) });
    this.music = drawn(background.draw(N_MUSIC, { music: true, seed: 0 }));
    this.noise = drawn(background.draw(N_NON_MUSIC, { music: false, seed: 1 }));
    this.known = drawn(background.drawKnown(N_KNOWN, 4));
    this.balancing = [
      { spans: background.draw(N_MUSIC, { music: true, seed: 2 }), few: NAMED_MUSIC, many: NAMED_MUSIC_OF_MANY },
      { spans: background.draw(N_NON_MUSIC, { music: false, seed: 3 }), few: NAMED_NON_MUSIC, many: NAMED_NON_MUSIC_OF_MANY },
      { spans: background.drawKnown(N_KNOWN, 5), few: NAMED_KNOWN, many: NAMED_KNOWN },
    ];
  }

  /**
   * @param songs spans of each song
   * @param labels index of each song's genre among the new ones; `nGenres` is none of these, more a genre that stays
   * @param begin a head of the same kind that is near to it
   * @returns the head of the new genres and, last, of none of these
   */
  fit(songs: readonly Rows[], labels: readonly number[], nGenres: number, known: Known | null, begin?: Fitted): Fitted {
    const examples = this.examples(songs, labels, nGenres, known);
    const nNew = nGenres + 1;
    const d = this.centre.length;
    const white = minimise((x, slope) => loss(examples, nNew, d, x, slope), begin?.white ?? new Float64Array(nNew * (d + 1)));
    const rows = Array.from({ length: nNew }, (_, k) => timesSymmetric(white.subarray(k * (d + 1), k * (d + 1) + d), this.whitening));
    const bias = Float64Array.from(rows, (row, k) => white[k * (d + 1) + d] - dot(this.centre, row));
    const many = Array.from({ length: nGenres }, (_, k) => labels.filter((label) => label === k).length).every((n) => n >= MANY_SONGS);
    return { ...this.balanced({ rows, bias }, known, many), white };
  }

  private white(spans: Rows): Float64Array {
    const d = this.centre.length;
    const white = new Float64Array(spans.length * d);
    spans.forEach((span, i) => white.set(timesSymmetric(span.map((value, j) => value - this.centre[j]), this.whitening), i * d));
    return white;
  }

  private examples(songs: readonly Rows[], labels: readonly number[], nGenres: number, known: Known | null): Examples {
    const drawn = [this.music, this.noise, this.known];
    const spans = songs.flat();
    const songsOf = (label: number) => labels.filter((other) => other === label).length;
    const theirs = known ? nGenres + 1 : nGenres;
    // As much as everything that is taught. Where nothing is told of the genres that stay, music stands for them.
    const ofMusic = this.known.spans.length > 0 ? nGenres : Math.max(nGenres, known?.head.bias.length ?? 0);
    const weights = Float64Array.of(
      ...songs.flatMap((song, i) => song.map(() => 1 / (songsOf(labels[i]) * song.length))),
      ...this.music.spans.map(() => ofMusic / N_MUSIC), ...this.noise.spans.map(() => 1 / N_NON_MUSIC),
      ...this.known.spans.map(() => (known ? 1 : KNOWN_WEIGHT) / N_KNOWN),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return {
      white: joined([this.white(spans), ...drawn.map(({ white }) => white)]),
      wanted: [
        ...songs.flatMap((song, i) => song.map(() => Math.min(labels[i], theirs))),
        ...this.music.spans.map(() => theirs), ...this.noise.spans.map(() => nGenres), ...this.known.spans.map(() => theirs),
      ],
      shares: weights.map((weight) => weight / total),
      known: known ? joined([summed(known, spans), this.saidBy(known).summed]) : new Float64Array(weights.length).fill(-Infinity),
    };
  }

  private saidBy(known: Known): { readonly summed: Float64Array; readonly most: readonly Float64Array[] } {
    if (this.said?.known !== known) {
      this.said = {
        known,
        summed: joined([this.music, this.noise, this.known].map(({ spans }) => summed(known, spans))),
        most: this.balancing.map(({ spans }) => Float64Array.from(spans, (span) => Math.max(...knownLogits(known, span)))),
      };
    }
    return this.said;
  }

  /** The head with biases by which the background is named as rarely as it may be. */
  private balanced(head: Head, known: Known | null, many: boolean): Head {
    const most = known && this.saidBy(known).most;
    const last = head.bias.length - 1;
    const limits = this.balancing.slice(0, known && this.known.spans.length > 0 ? 3 : 2).map(({ spans, ...named }, part) => {
      const leads = spans.map((span, i) => {
        const logits = logitsOf(head, span);
        return Math.max(...logits.subarray(0, -1)) - Math.max(logits[last], most ? most[part][i] : -Infinity);
      });
      return quantile(leads, 1 - (many ? named.many : named.few));
    });
    return { rows: head.rows, bias: head.bias.map((bias, k) => (k === last ? bias : bias - Math.max(...limits))) };
  }
}

/**
 * Cross-entropy with a penalty on the weights.
 *
 * @param x each output's weights, then its bias
 * @param slope is filled
 */
function loss({ white, wanted, shares, known }: Examples, nNew: number, d: number, x: Float64Array, slope: Float64Array): number {
  let value = 0;
  slope.fill(0);
  const logits = new Float64Array(nNew + 1);
  const rows = Array.from({ length: nNew }, (_, k) => x.subarray(k * (d + 1), (k + 1) * (d + 1)));
  const slopes = Array.from({ length: nNew }, (_, k) => slope.subarray(k * (d + 1), (k + 1) * (d + 1)));
  for (let n = 0, from = 0; n < shares.length; n++, from += d) {
    for (let k = 0; k < nNew; k++) logits[k] = rows[k][d] + along(rows[k], white, from, d);
    logits[nNew] = known[n];
    const whole = logSumExp(logits);
    // Whatever stays with the known genres is a constant.
    value += shares[n] * (whole - (wanted[n] < nNew ? logits[wanted[n]] : 0));
    for (let k = 0; k < nNew; k++) {
      const pull = shares[n] * (Math.exp(logits[k] - whole) - Number(wanted[n] === k));
      addTo(slopes[k], pull, white, from, d);
      slopes[k][d] += pull;
    }
  }
  for (let k = 0; k < nNew; k++) {
    for (let i = k * (d + 1); i < k * (d + 1) + d; i++) {
      value += (PENALTY / 2) * x[i] * x[i];
      slope[i] += PENALTY * x[i];
    }
  }
  return value;
}

/** Scalar product with a span, in four sums: each addition has to wait for the one before. */
function along(row: Row, white: Float64Array, from: number, d: number): number {
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  let i = 0;
  for (; i < d - 3; i += 4) {
    first += row[i] * white[from + i];
    second += row[i + 1] * white[from + i + 1];
    third += row[i + 2] * white[from + i + 2];
    fourth += row[i + 3] * white[from + i + 3];
  }
  for (; i < d; i++) first += row[i] * white[from + i];
  return first + second + third + fourth;
}

function addTo(row: Row, factor: number, white: Float64Array, from: number, d: number): void {
  for (let i = 0; i < d; i++) row[i] += factor * white[from + i];
}

function summed(known: Known, spans: Rows): Float64Array {
  return Float64Array.from(spans, (span) => logSumExp(knownLogits(known, span)));
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A head, and where the search for one like it may begin. */
export interface Fitted extends Head {
  readonly white: Float64Array;
}

/** With linear interpolation, as numpy's. */
function quantile(values: number[], share: number): number {
  const sorted = values.sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  return sorted[below] + (at - below) * (sorted[Math.min(below + 1, sorted.length - 1)] - sorted[below]);
}
