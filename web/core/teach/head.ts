/** The regularised linear head, fitted as genre_lib/training/teaching/head.py fits it. */
import type { Background } from "./background.ts";
import { minimise } from "./lbfgs.ts";
import { dot, ofEigenvalues, timesSymmetric, type Row, type Rows } from "./matrix.ts";

export const PENALTY = 0.1;
const NAMED_MUSIC = 0.2;
const NAMED_NON_MUSIC = 0.02;
const N_MUSIC = 1500;
const N_NON_MUSIC = 400;
const FLOOR = 0.02;

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

/** One span with what it is and how much it counts. */
interface Example {
  readonly white: Row;
  /** logits of the known genres */
  readonly offset: Float64Array;
  /** probability of each output, the known genres first */
  readonly label: Float64Array;
  readonly weight: number;
}

/** Fits heads for one network; what does not depend on the songs is made once. */
export class HeadFitter {
  private readonly centre: Row;
  private readonly whitening: Rows;
  private readonly music: readonly { readonly span: Row; readonly white: Row }[];
  private readonly noise: readonly { readonly span: Row; readonly white: Row }[];
  private readonly balancing: { readonly music: Rows; readonly noise: Rows };

  constructor(background: Background) {
    this.centre = background.mean();
    this.whitening = ofEigenvalues(background.covariance(), (value, greatest) => 1 / Math.sqrt(Math.max(value, 0) + FLOOR * greatest));
    const whitened = (span: Row) => ({ span, white: this.white(span) });
    this.music = background.draw(N_MUSIC, { music: true, seed: 0 }).map(whitened);
    this.noise = background.draw(N_NON_MUSIC, { music: false, seed: 1 }).map(whitened);
    this.balancing = { music: background.draw(N_MUSIC, { music: true, seed: 2 }), noise: background.draw(N_NON_MUSIC, { music: false, seed: 3 }) };
  }

  /**
   * @param songs spans of each song
   * @param labels index of each song's genre among the new ones; `nGenres` is none of these
   * @param begin a head of the same kind that is near to it
   * @returns the head of the new genres and, last, of none of these
   */
  fit(songs: readonly Rows[], labels: readonly number[], nGenres: number, known: Known | null, begin?: Fitted): Fitted {
    const examples = this.examples(songs, labels, nGenres, known);
    const nNew = nGenres + 1;
    const d = this.centre.length;
    const nOld = known ? known.head.bias.length : 0;
    const total = examples.reduce((sum, { weight }) => sum + weight, 0);
    const logits = new Float64Array(nOld + nNew);
    // Each output's weights, then its bias.
    const evaluate = (x: Float64Array, slope: Float64Array): number => {
      let value = 0;
      slope.fill(0);
      for (const { white, offset, label, weight } of examples) {
        logits.set(offset);
        for (let k = 0; k < nNew; k++) {
          const at = k * (d + 1);
          let sum = x[at + d];
          for (let i = 0; i < d; i++) sum += x[at + i] * white[i];
          logits[nOld + k] = sum;
        }
        const whole = logSumExp(logits);
        const share = weight / total;
        for (let k = 0; k < nOld; k++) value -= share * label[k] * (logits[k] - whole);
        for (let k = 0; k < nNew; k++) {
          const said = logits[nOld + k] - whole;
          const wanted = label[nOld + k];
          if (wanted > 0) value -= share * wanted * said;
          const pull = share * (Math.exp(said) - wanted);
          const at = k * (d + 1);
          for (let i = 0; i < d; i++) slope[at + i] += pull * white[i];
          slope[at + d] += pull;
        }
      }
      for (let k = 0; k < nNew; k++) {
        for (let i = k * (d + 1); i < k * (d + 1) + d; i++) {
          value += (PENALTY / 2) * x[i] * x[i];
          slope[i] += PENALTY * x[i];
        }
      }
      return value;
    };
    const start = begin?.white ?? new Float64Array(nNew * (d + 1));
    const white = minimise(evaluate, start);
    const rows = Array.from({ length: nNew }, (_, k) => timesSymmetric(white.subarray(k * (d + 1), k * (d + 1) + d), this.whitening));
    const bias = Float64Array.from(rows, (row, k) => white[k * (d + 1) + d] - dot(this.centre, row));
    return { ...this.balanced({ rows, bias }, known), white };
  }

  private white(span: Row): Row {
    return timesSymmetric(span.map((value, i) => value - this.centre[i]), this.whitening);
  }

  private examples(songs: readonly Rows[], labels: readonly number[], nGenres: number, known: Known | null): Example[] {
    const nOld = known ? known.head.bias.length : 0;
    const offsetOf = (span: Row) => (known ? knownLogits(known, span) : new Float64Array(0));
    const only = (index: number) => Float64Array.from({ length: nOld + nGenres + 1 }, (_, i) => Number(i === index));
    const none = only(nOld + nGenres);
    const songsOf = (label: number) => labels.filter((other) => other === label).length;
    const taught = songs.flatMap((spans, i) => {
      const label = only(nOld + labels[i]);
      const weight = 1 / (songsOf(labels[i]) * spans.length);
      return spans.map((span) => ({ white: this.white(span), offset: offsetOf(span), label, weight }));
    });
    // As much as everything that is taught or, with genres that stay, a share for each of them.
    const weight = Math.max(nGenres, nOld) / this.music.length;
    const music = this.music.map(({ span, white }) => {
      const offset = offsetOf(span);
      if (!known) return { white, offset, label: none, weight };
      const label = new Float64Array(nOld + nGenres + 1);
      const whole = logSumExp(offset);
      offset.forEach((value, k) => (label[k] = Math.exp(value - whole)));
      return { white, offset, label, weight };
    });
    const noise = this.noise.map(({ span, white }) => ({ white, offset: offsetOf(span), label: none, weight: 1 / this.noise.length }));
    return [...taught, ...music, ...noise];
  }

  /** The head with biases by which the background is named as rarely as it may be. */
  private balanced(head: Head, known: Known | null): Head {
    const lead = (span: Row) => {
      const logits = logitsOf(head, span);
      const others = known ? Math.max(...knownLogits(known, span)) : -Infinity;
      return Math.max(...logits.subarray(0, -1)) - Math.max(logits.at(-1)!, others);
    };
    const ofMusic = quantile(this.balancing.music.map(lead), 1 - NAMED_MUSIC);
    const ofNoise = quantile(this.balancing.noise.map(lead), 1 - NAMED_NON_MUSIC);
    const last = head.bias.length - 1;
    return { rows: head.rows, bias: head.bias.map((bias, k) => (k === last ? bias : bias - Math.max(ofMusic, ofNoise))) };
  }
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
