/**
 * A recording believed as pieces: stretches in one manner, of one genre each, wherever they may begin and end.
 *
 * The arithmetic of docs/bundle.md ("Pieces"), as in `genre_lib/inference/pieces.py`.
 */
import type { PieceSettings } from "../bundle/card.ts";
import { sizeOf } from "./belief.ts";
import { inTurn } from "./turns.ts";

const LEAST_PROBABILITY = 1e-12;
const TINY = 2.2250738585072014e-308;

/** The belief at each step given all of them, row-major `(nSteps, nGenres)`. */
export function believedAsPieces(logits: Float32Array, isSilent: (step: number) => boolean, nSteps: number, nGenres: number, settings: PieceSettings, stepPeriodS: number): Float32Array {
  if (nSteps === 0) return new Float32Array(0);
  const recording = new Recording(logits, isSilent, nSteps, nGenres, settings, stepPeriodS);
  const { nEdges, longest, score } = recording;
  const past = recording.before();
  const future = recording.after();
  const last = nEdges - 1;
  let whole = -Infinity;
  for (let n = 1; n <= Math.min(longest, last); n++) whole = Math.max(whole, past[last - n] + score[last * longest + n - 1]);
  let total = 0;
  for (let n = 1; n <= Math.min(longest, last); n++) total += Math.exp(past[last - n] + score[last * longest + n - 1] - whole);
  const evidence = whole + Math.log(total);

  const room = nEdges * longest;
  const start = new Int32Array(room);
  const stop = new Int32Array(room);
  const probability = new Float64Array(room);
  const least = Math.log(LEAST_PROBABILITY);
  let nFound = 0;
  for (let edge = 1; edge < nEdges; edge++) {
    for (let n = 1; n <= Math.min(longest, edge); n++) {
      const logProbability = past[edge - n] + score[edge * longest + n - 1] + future[edge] - evidence;
      if (logProbability <= least) continue;
      start[nFound] = edge - n;
      stop[nFound] = edge;
      probability[nFound++] = Math.exp(logProbability);
    }
  }
  // The longest list here: single precision, so that hours of sound fit into little memory.
  const genres = new Float32Array(nFound * nGenres);
  for (let i = 0; i < nFound; i++) recording.genresOf(start[i], stop[i], genres, i * nGenres);
  if (settings.same_genre !== undefined) inTurn({ n: nFound, start, stop, probability, genres }, nEdges, nGenres, settings.same_genre);
  else for (let i = 0; i < nFound; i++) for (let g = 0; g < nGenres; g++) genres[i * nGenres + g] *= probability[i];

  // What begins and ends at an edge changes the belief there.
  const change = new Float64Array((nEdges + 1) * nGenres);
  for (let i = 0; i < nFound; i++) {
    for (let g = 0; g < nGenres; g++) {
      change[start[i] * nGenres + g] += genres[i * nGenres + g];
      change[stop[i] * nGenres + g] -= genres[i * nGenres + g];
    }
  }
  const beliefs = new Float32Array(nSteps * nGenres);
  const now = new Float64Array(nGenres);
  for (let block = 0; block < last; block++) {
    let sum = 0;
    for (let g = 0; g < nGenres; g++) sum += Math.max(now[g] += change[block * nGenres + g], TINY);
    for (let step = recording.edges[block]; step < recording.edges[block + 1]; step++) {
      for (let g = 0; g < nGenres; g++) beliefs[step * nGenres + g] = Math.max(now[g], TINY) / sum;
    }
  }
  return beliefs;
}

/** Sums up to each edge between blocks, and how well one manner explains what lies between two of them. */
class Recording {
  readonly edges: number[] = [];
  readonly nEdges: number;
  /** most blocks of a piece */
  readonly longest: number;
  /** `(nEdges, longest)`: of the last 1, 2, ... blocks before an edge as one piece, prior included */
  readonly score: Float64Array;
  private readonly logits: Float64Array;
  private readonly counts: Float64Array;
  /** sums of the mean square of a step's logits about their mean */
  private readonly power: Float64Array;
  private readonly ending: number;

  constructor(logits: Float32Array, isSilent: (step: number) => boolean, nSteps: number, private readonly nGenres: number, private readonly settings: PieceSettings, stepPeriodS: number) {
    for (let step = 0; step < nSteps; step += settings.block_steps) this.edges.push(step);
    this.edges.push(nSteps);
    this.nEdges = this.edges.length;
    const blockS = settings.block_steps * stepPeriodS;
    const rate = blockS / settings.mean_duration_s;
    this.ending = Math.log(-Math.expm1(-rate));
    this.longest = Math.min(this.nEdges - 1, Math.max(1, Math.floor(settings.longest_s / blockS + 0.5)));
    this.logits = new Float64Array(this.nEdges * nGenres);
    this.counts = new Float64Array(this.nEdges);
    this.power = new Float64Array(this.nEdges);
    for (let edge = 1; edge < this.nEdges; edge++) {
      this.logits.copyWithin(edge * nGenres, (edge - 1) * nGenres, edge * nGenres);
      this.counts[edge] = this.counts[edge - 1];
      this.power[edge] = this.power[edge - 1];
      for (let step = this.edges[edge - 1]; step < this.edges[edge]; step++) {
        if (isSilent(step)) continue;
        this.counts[edge]++;
        this.power[edge] += sizeOf(logits, step * nGenres, nGenres) ** 2;
        for (let g = 0; g < nGenres; g++) this.logits[edge * nGenres + g] += logits[step * nGenres + g];
      }
    }
    this.score = this.oneManner(rate);
  }

  private oneManner(rate: number): Float64Array {
    const { nEdges, longest, nGenres } = this;
    const { directions, gains, origin } = this.settings;
    const score = new Float64Array(nEdges * longest);
    const along = new Float64Array(nEdges);
    gains.forEach((gain, d) => {
      for (let edge = 0; edge < nEdges; edge++) {
        along[edge] = 0;
        for (let g = 0; g < nGenres; g++) along[edge] += directions[d][g] * (this.logits[edge * nGenres + g] - this.counts[edge] * origin[g]);
      }
      // Logarithms of whole numbers of steps, each once.
      const logs = Float64Array.from({ length: longest * this.settings.block_steps + 1 }, (_, count) => Math.log(1 + gain * count));
      for (let stop = 1; stop < nEdges; stop++) {
        for (let n = 1; n <= Math.min(longest, stop); n++) {
          const count = this.counts[stop] - this.counts[stop - n];
          score[stop * longest + n - 1] += 0.5 * ((along[stop] - along[stop - n]) ** 2 / (1 + gain * count) - logs[count]);
        }
      }
    });
    for (let stop = 1; stop < nEdges; stop++) for (let n = 1; n <= longest; n++) score[stop * longest + n - 1] -= rate * (n - 1);
    return score;
  }

  /** Log-evidence of what lies before each edge, if a piece begins there. */
  before(): Float64Array {
    const past = new Float64Array(this.nEdges);
    for (let edge = 1; edge < this.nEdges; edge++) {
      past[edge] = this.ending + logSum(Math.min(this.longest, edge), (n) => past[edge - n] + this.score[edge * this.longest + n - 1]);
    }
    return past;
  }

  /** Log-evidence of what lies after each edge, if a piece ends there; the last one need not. */
  after(): Float64Array {
    const future = new Float64Array(this.nEdges);
    for (let edge = this.nEdges - 2; edge >= 0; edge--) {
      future[edge] = this.ending + logSum(Math.min(this.longest, this.nEdges - 1 - edge), (n) => this.score[(edge + n) * this.longest + n - 1] + future[edge + n]);
    }
    return future;
  }

  /** Into `into` goes what a piece between two edges is believed to be by itself. */
  genresOf(start: number, stop: number, into: Float32Array, at: number): void {
    const { nGenres } = this;
    const { one_step, growth, least_size: least } = this.settings.sharpness;
    const count = Math.max(this.counts[stop] - this.counts[start], 1);
    const size = least === undefined ? 1 : Math.max(Math.sqrt(Math.max(this.power[stop] - this.power[start], 0) / count), least);
    const scale = (one_step + growth * Math.log(count)) / count / size;
    let largest = -Infinity;
    for (let g = 0; g < nGenres; g++) largest = Math.max(largest, into[at + g] = scale * (this.logits[stop * nGenres + g] - this.logits[start * nGenres + g]));
    let sum = 0;
    for (let g = 0; g < nGenres; g++) sum += into[at + g] = Math.exp(into[at + g] - largest);
    for (let g = 0; g < nGenres; g++) into[at + g] /= sum;
  }
}

function logSum(n: number, value: (i: number) => number): number {
  let largest = -Infinity;
  for (let i = 1; i <= n; i++) largest = Math.max(largest, value(i));
  let sum = 0;
  for (let i = 1; i <= n; i++) sum += Math.exp(value(i) - largest);
  return largest + Math.log(sum);
}
