/** The belief while sound is still coming: filtered at its newest step, and settled a fixed while later, as in Python. */
import type { BeliefSettings } from "../bundle/card.ts";
import { Chain, likelihood, tempered } from "./belief.ts";

export class LiveBelief {
  /** After how many more steps one is settled. */
  readonly lag: number;
  private readonly chain: Chain;
  private readonly state: Float64Array;
  /** Of the steps that are not settled: what was expected of each, and what it showed. */
  private readonly expected: Float64Array;
  private readonly seen: Float64Array;
  private n = 0;

  constructor(private readonly settings: BeliefSettings, private readonly nGenres: number, stepPeriodS: number) {
    this.chain = new Chain(settings, nGenres, stepPeriodS);
    this.lag = Math.max(1, Math.floor(settings.lag_s / stepPeriodS + 0.5));
    this.state = this.chain.start();
    this.expected = new Float64Array((this.lag + 1) * this.chain.size);
    this.seen = new Float64Array((this.lag + 1) * nGenres);
  }

  /** Steps that are not settled. */
  get nRecent(): number {
    return this.n;
  }

  /** Hears one step; returns the belief of the one that became settled thereby, if one did. */
  push(logits: ArrayLike<number>, at: number, silent: boolean): Float64Array | null {
    const { chain, nGenres, n } = this;
    this.expected.set(this.state, n * chain.size);
    likelihood(logits, at, silent, this.settings.evidence_weight, this.seen, n * nGenres, nGenres);
    chain.step(this.state, this.seen, n * nGenres);
    this.n++;
    if (this.n <= this.lag) return null;
    let settled: Float64Array | null = null;
    this.backwards((step, posterior) => {
      if (step === 0) settled = tempered(posterior, this.settings.temperatures.file);
    });
    this.expected.copyWithin(0, chain.size);
    this.seen.copyWithin(0, nGenres);
    this.n--;
    return settled;
  }

  /** Beliefs of the steps that are not settled, row-major, the newest last. */
  recent(): Float32Array {
    const { live, file } = this.settings.temperatures;
    const beliefs = new Float32Array(this.n * this.nGenres);
    this.backwards((step, posterior) => {
      beliefs.set(tempered(posterior, live + this.settledness(step) * (file - live)), step * this.nGenres);
    });
    return beliefs;
  }

  /** How much of the lag was heard after recent step `step`, from 0 to 1. */
  settledness(step: number): number {
    return (this.n - 1 - step) / this.lag;
  }

  private backwards(visit: (step: number, posterior: Float64Array) => void): void {
    const { chain, nGenres } = this;
    const future = chain.start();
    const both = new Float64Array(nGenres);
    for (let step = this.n - 1; step >= 0; step--) {
      chain.meet(this.expected, step * chain.size, future, both);
      for (let g = 0; g < nGenres; g++) both[g] *= this.seen[step * nGenres + g];
      visit(step, both);
      chain.step(future, this.seen, step * nGenres);
    }
  }
}
