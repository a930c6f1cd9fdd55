/**
 * What is believed at a moment, given everything that was heard: a sticky hidden Markov chain over genres.
 *
 * The arithmetic of docs/bundle.md ("Belief"), as in `genre_lib/inference/belief.py`.
 */
import type { BeliefSettings, NewestSettings } from "../bundle/card.ts";

/** Below it a logarithm is that of this number: the smallest that is not denormal, as in Python. */
const TINY = 2.2250738585072014e-308;

/** The transitions from one step to the next. A state holds `stages` rows of `nGenres` probabilities. */
export class Chain {
  readonly size: number;
  private readonly stages: number;
  private readonly leave: number;

  constructor(settings: BeliefSettings, readonly nGenres: number, stepPeriodS: number) {
    this.stages = settings.stages;
    this.size = this.stages * nGenres;
    this.leave = -Math.expm1((-this.stages * stepPeriodS) / settings.mean_duration_s);
  }

  /** Every state alike: what is expected before anything was heard. */
  start(): Float64Array {
    return new Float64Array(this.size).fill(1 / this.size);
  }

  /** Into `state` goes what is expected a step later, after `likelihood` was seen; it sums to 1. */
  step(state: Float64Array, likelihood: Float64Array, at: number): void {
    const { nGenres: n, stages, leave } = this;
    const last = (stages - 1) * n;
    let ending = 0;
    for (let i = 0; i < this.size; i++) state[i] *= likelihood[at + (i % n)];
    for (let g = 0; g < n; g++) ending += leave * state[last + g];
    let sum = 0;
    for (let g = 0; g < n; g++) {
      let entering = (ending - leave * state[last + g]) / (n - 1);
      for (let stage = 0; stage < stages; stage++) {
        const i = stage * n + g;
        const leaving = leave * state[i];
        sum += state[i] += entering - leaving;
        entering = leaving;
      }
    }
    for (let i = 0; i < this.size; i++) state[i] /= sum;
  }

  /** Into `into` goes, for each genre, how probable `past` and `future` together make it; the future's stages run backwards. */
  meet(past: Float64Array, pastAt: number, future: Float64Array, into: Float64Array): void {
    const { nGenres: n, stages } = this;
    into.fill(0);
    for (let stage = 0; stage < stages; stage++) {
      for (let g = 0; g < n; g++) into[g] += past[pastAt + stage * n + g] * future[(stages - 1 - stage) * n + g];
    }
  }
}

/** Into `into` goes how well each genre explains a step: the best one 1, and all 1 in silence. */
export function likelihood(logits: ArrayLike<number>, at: number, silent: boolean, weight: number, into: Float64Array, intoAt: number, nGenres: number): void {
  let largest = -Infinity;
  for (let g = 0; g < nGenres; g++) largest = Math.max(largest, logits[at + g]);
  for (let g = 0; g < nGenres; g++) into[intoAt + g] = silent ? 1 : Math.exp(weight * (logits[at + g] - largest));
}

/** The belief at each step given all of them, row-major `(nSteps, nGenres)`. */
export function smoothed(likelihoods: Float64Array, chain: Chain, temperature: number): Float32Array {
  const { nGenres: n, size } = chain;
  const nSteps = likelihoods.length / n;
  const expected = new Float64Array(nSteps * size);
  const state = chain.start();
  for (let step = 0; step < nSteps; step++) {
    expected.set(state, step * size);
    chain.step(state, likelihoods, step * n);
  }
  // The future is the past of the recording played backwards.
  const future = chain.start();
  const both = new Float64Array(n);
  const beliefs = new Float32Array(nSteps * n);
  for (let step = nSteps - 1; step >= 0; step--) {
    chain.meet(expected, step * size, future, both);
    for (let g = 0; g < n; g++) both[g] *= likelihoods[step * n + g];
    beliefs.set(tempered(both, temperature), step * n);
    chain.step(future, likelihoods, step * n);
  }
  return beliefs;
}

/** The root of the mean square of a step's logits about their mean. */
export function sizeOf(logits: ArrayLike<number>, at: number, nGenres: number): number {
  let mean = 0;
  for (let g = 0; g < nGenres; g++) mean += logits[at + g] / nGenres;
  let power = 0;
  for (let g = 0; g < nGenres; g++) power += (logits[at + g] - mean) ** 2 / nGenres;
  return Math.sqrt(power);
}

/** Into `into` goes what a step adds to the logarithm of the live belief in it; 0 in silence. */
export function newest(logits: ArrayLike<number>, at: number, silent: boolean, settings: NewestSettings | undefined, into: Float64Array, intoAt: number, nGenres: number): void {
  const scale = silent || !settings ? 0 : settings.weight / Math.max(sizeOf(logits, at, nGenres), settings.least_size);
  for (let g = 0; g < nGenres; g++) into[intoAt + g] = scale * logits[at + g];
}

/** A posterior to the power of 1 / temperature, its logarithm plus `added` from `at` on, summing to 1; it need not sum to 1 before. */
export function tempered(posterior: Float64Array, temperature: number, added?: Float64Array, at = 0): Float64Array {
  const total = posterior.reduce((sum, p) => sum + p, 0);
  const result = posterior.map((p, g) => Math.log(Math.max(p / total, TINY)) / temperature + (added ? added[at + g] : 0));
  const largest = Math.max(...result);
  let sum = 0;
  for (let g = 0; g < result.length; g++) sum += result[g] = Math.exp(result[g] - largest);
  for (let g = 0; g < result.length; g++) result[g] /= sum;
  return result;
}
