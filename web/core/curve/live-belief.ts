/** The belief while sound is still coming: by its past at the newest step, settled in hindsight a fixed while later, as in Python. */
import type { BeliefSettings } from "../bundle/card.ts";
import { Chain, likelihood, newest, tempered } from "./belief.ts";

export class LiveBelief {
  /** After how many more steps one is settled. */
  readonly lag: number;
  private readonly live: FixedLag;
  private readonly file: FixedLag;
  /** what the steps that are not settled add to the live belief, row-major */
  private readonly newest: Float64Array;

  constructor(private readonly settings: BeliefSettings, private readonly nGenres: number, stepPeriodS: number) {
    this.lag = Math.max(1, Math.floor(settings.lag_s / stepPeriodS + 0.5));
    const chain = new Chain(settings, nGenres, stepPeriodS);
    this.live = new FixedLag(chain, settings.evidence_weight.live, this.lag + 1);
    this.file = new FixedLag(chain, settings.evidence_weight.file, this.lag + 1);
    this.newest = new Float64Array((this.lag + 1) * nGenres);
  }

  /** Steps that are not settled. */
  get nRecent(): number {
    return this.file.n;
  }

  /** Hears one step; returns the belief of the one that became settled thereby, if one did. */
  push(logits: ArrayLike<number>, at: number, silent: boolean): Float64Array | null {
    newest(logits, at, silent, this.settings.newest, this.newest, this.nRecent * this.nGenres, this.nGenres);
    this.live.push(logits, at, silent);
    this.file.push(logits, at, silent);
    if (this.file.n <= this.lag) return null;
    let settled: Float64Array | null = null;
    this.file.backwards((step, posterior) => {
      if (step === 0) settled = tempered(posterior, this.settings.temperatures.file);
    });
    this.live.forgetOldest();
    this.file.forgetOldest();
    this.newest.copyWithin(0, this.nGenres);
    return settled;
  }

  /** Beliefs of the steps that are not settled, row-major, the newest last. */
  recent(): Float32Array {
    const { temperatures } = this.settings;
    const beliefs = new Float32Array(this.nRecent * this.nGenres);
    const blend = (part: FixedLag, temperature: number, share: (step: number) => number, added?: Float64Array) =>
      part.backwards((step, posterior) => {
        const belief = tempered(posterior, temperature, added, step * this.nGenres);
        for (let g = 0; g < this.nGenres; g++) beliefs[step * this.nGenres + g] += share(step) * belief[g];
      });
    blend(this.live, temperatures.live, (step) => 1 - this.settledness(step), this.newest);
    blend(this.file, temperatures.file, (step) => this.settledness(step));
    return beliefs;
  }

  /** How much of the lag was heard after recent step `step`, from 0 to 1. */
  settledness(step: number): number {
    return (this.nRecent - 1 - step) / this.lag;
  }
}

/** The steps that are not settled: what was expected of each, and what it showed. */
class FixedLag {
  n = 0;
  private readonly state: Float64Array;
  private readonly expected: Float64Array;
  private readonly seen: Float64Array;

  constructor(private readonly chain: Chain, private readonly weight: number, capacity: number) {
    this.state = chain.start();
    this.expected = new Float64Array(capacity * chain.size);
    this.seen = new Float64Array(capacity * chain.nGenres);
  }

  push(logits: ArrayLike<number>, at: number, silent: boolean): void {
    const { size, nGenres } = this.chain;
    this.expected.set(this.state, this.n * size);
    likelihood(logits, at, silent, this.weight, this.seen, this.n * nGenres, nGenres);
    this.chain.step(this.state, this.seen, this.n * nGenres);
    this.n++;
  }

  forgetOldest(): void {
    this.expected.copyWithin(0, this.chain.size);
    this.seen.copyWithin(0, this.chain.nGenres);
    this.n--;
  }

  /** Visits each step, the newest first, with its posterior given all that was heard. */
  backwards(visit: (step: number, posterior: Float64Array) => void): void {
    const { size, nGenres } = this.chain;
    const future = this.chain.start();
    const both = new Float64Array(nGenres);
    for (let step = this.n - 1; step >= 0; step--) {
      this.chain.meet(this.expected, step * size, future, both);
      for (let g = 0; g < nGenres; g++) both[g] *= this.seen[step * nGenres + g];
      visit(step, both);
      this.chain.step(future, this.seen, step * nGenres);
    }
  }
}
