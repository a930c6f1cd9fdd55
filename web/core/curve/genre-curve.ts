/** The belief over genres for every moment, with the arithmetic of docs/bundle.md ("Curve"). */
import type { BeliefSettings, Card } from "../bundle/card.ts";
import type { Steps } from "../model/step-stream.ts";
import { Chain, likelihood, smoothed } from "./belief.ts";
import { LiveCurve } from "./live-curve.ts";
import { mostProbablePath } from "./path.ts";
import { believedAsPieces } from "./pieces.ts";
import { chosen, momentState, TimeShares, wholeOf, type BeliefChoice, type State, type Whole } from "./reading.ts";
import { probabilitiesOf, stepEndS, stepStartS, unsureBelow, variance } from "./spans.ts";

/** So that no single step forbids a genre on a path. */
const LEAST_BELIEF = 1e-6;

/** What one moment is believed to be. */
export interface Belief {
  readonly state: State;
  /** one probability per genre, in the card's order */
  readonly probabilities: Float64Array;
}

/** A curve ready to be shown: one row per step. */
export interface ShownCurve {
  readonly nSteps: number;
  /** row-major `(nSteps, nGenres)` */
  readonly probabilities: Float32Array;
  readonly states: readonly State[];
}

export interface Smoothing {
  /** seconds; 0 shows the raw steps */
  readonly seconds: number;
  /** true where the future is unknown: the window then ends at the step */
  readonly causal: boolean;
  /** replaces the card's threshold for the span */
  readonly unsureBelow?: number | undefined;
}

/** How sound is heard: as a recording, or live, where the newest moments know no future. */
export type Hearing = "file" | "live";

/** Unsmoothed logits and levels of a growing recording, and everything that follows from them. */
export class GenreCurve {
  private logits = new Float32Array(0);
  private levelsDbfs = new Float32Array(0);
  private nKept = 0;
  private dropped = 0;
  private readonly sumOfMusic: Float64Array;
  private sumOfVariances = 0;
  private nMusic = 0;
  private live: LiveCurve | null = null;
  /** the latest belief in hindsight: a picture, its segments and the answer are all read off it */
  private seen: { readonly key: string; readonly beliefs: Float32Array } | null = null;

  /** @param capacity the most steps to keep; older ones are forgotten, but still count in `answer` */
  constructor(readonly card: Card, private readonly capacity = Infinity) {
    this.sumOfMusic = new Float64Array(card.genres.length);
  }

  get nGenres(): number {
    return this.card.genres.length;
  }

  /** Steps kept. */
  get nSteps(): number {
    return this.nKept;
  }

  /** Number of the oldest step kept. */
  get firstStep(): number {
    return this.dropped;
  }

  /** dBFS, one per kept step */
  get levels(): Float32Array {
    return this.levelsDbfs.subarray(0, this.nKept);
  }

  add(steps: Steps): void {
    // What was forgotten of a stream need not come again when it is read anew.
    if (this.nKept === 0 && this.dropped === 0) this.dropped = steps.first;
    if (steps.first !== this.dropped + this.nKept) throw new RangeError("Steps must arrive in order.");
    this.makeRoom(steps.count);
    this.logits.set(steps.logits, this.nKept * this.nGenres);
    this.levelsDbfs.set(steps.levels, this.nKept);
    for (let i = 0; i < steps.count; i++) {
      if (this.isSilent(this.nKept + i)) continue;
      this.nMusic++;
      this.sumOfVariances += variance(steps.logits, i * this.nGenres, this.nGenres);
      for (let g = 0; g < this.nGenres; g++) this.sumOfMusic[g] += steps.logits[i * this.nGenres + g];
    }
    this.nKept += steps.count;
    if (this.live) this.follow(this.live);
  }

  /** Centre, in seconds, of what kept step `i` heard. */
  time(i: number): number {
    return (stepStartS(this.card, this.dropped + i) + stepEndS(this.card, this.dropped + i)) / 2;
  }

  /** End, in seconds, of what kept step `i` heard: the moment it becomes known. */
  knownAt(i: number): number {
    return stepEndS(this.card, this.dropped + i);
  }

  isSilent(i: number): boolean {
    return this.levelsDbfs[i] < this.card.silence_dbfs;
  }

  /** What kept step `i` alone says. */
  raw(i: number): Belief {
    const row = this.logits.subarray(i * this.nGenres, (i + 1) * this.nGenres);
    const { step_period_s } = this.card.timing;
    const probabilities = probabilitiesOf(this.card, row, variance(row, 0, this.nGenres), step_period_s);
    const state = this.isSilent(i) ? "silence" : this.named(probabilities, unsureBelow(this.card, step_period_s));
    return { state, probabilities };
  }

  /** The belief at the kept steps from `first` on: what is shown. A model without one is shown as a moving mean. */
  believed(choice: BeliefChoice, hearing: Hearing, first = 0): ShownCurve {
    if (!this.card.belief) {
      const { steadinessS, namedFrom } = choice;
      return this.smoothed({ seconds: steadinessS ?? this.card.smoothing_s, causal: hearing === "live", unsureBelow: namedFrom ?? undefined }, first);
    }
    if (hearing === "live") return this.liveCurve(choice).shown(first);
    const settings = chosen(this.card.belief, choice);
    const { nGenres } = this;
    const probabilities = this.inHindsight(settings).subarray(first * nGenres);
    const states = Array.from({ length: this.nKept - first }, (_, i) =>
      this.isSilent(first + i) ? "silence" : momentState(probabilities.subarray(i * nGenres, (i + 1) * nGenres), settings, settings.named_from.file));
    return { nSteps: states.length, probabilities, states };
  }

  private inHindsight(settings: BeliefSettings): Float32Array {
    const key = `${this.dropped} ${this.nKept} ${settings.mean_duration_s}`;
    if (this.seen?.key !== key) this.seen = { key, beliefs: this.lookBack(settings) };
    return this.seen.beliefs;
  }

  private lookBack(settings: BeliefSettings): Float32Array {
    const { nGenres } = this;
    const { step_period_s } = this.card.timing;
    if (settings.pieces) return believedAsPieces(this.logits, (step) => this.isSilent(step), this.nKept, nGenres, settings.pieces, step_period_s);
    const seen = new Float64Array(this.nKept * nGenres);
    for (let i = 0; i < this.nKept; i++) likelihood(this.logits, i * nGenres, this.isSilent(i), settings.evidence_weight.file, seen, i * nGenres, nGenres);
    return smoothed(seen, new Chain(settings, nGenres, step_period_s), settings.temperatures.file);
  }

  /** Index of the genre of each kept step on the most probable path, or null for a model without settings for one. */
  path(choice: BeliefChoice): Int32Array | null {
    if (!this.card.belief) return null;
    const belief = chosen(this.card.belief, choice);
    const settings = belief.path;
    // Segments of a belief of pieces would contradict it if they came from the steps alone.
    const evidence = belief.pieces ? this.inHindsight(belief).map((p) => Math.log(Math.max(LEAST_BELIEF, p))) : this.logits;
    return mostProbablePath(evidence, (step) => this.isSilent(step), this.nKept, this.nGenres, settings, this.card.timing.step_period_s);
  }

  /** The kept steps from `first` on as moving means. */
  smoothed(smoothing: Smoothing, first = 0): ShownCurve {
    const { step_period_s } = this.card.timing;
    const width = Math.max(1, roundHalfEven(smoothing.seconds / step_period_s));
    const span = width * step_period_s;
    const threshold = smoothing.unsureBelow ?? unsureBelow(this.card, span);
    const before = smoothing.causal ? width - 1 : Math.floor((width - 1) / 2);
    const after = smoothing.causal ? 0 : Math.floor(width / 2);
    const start = Math.max(0, first - before);
    const { sums, variances, counts } = this.runningSums(start);
    const nShown = this.nKept - first;
    const probabilities = new Float32Array(nShown * this.nGenres);
    const states: State[] = [];
    const mean = new Float64Array(this.nGenres);
    for (let i = first; i < this.nKept; i++) {
      if (this.isSilent(i)) {
        probabilities.set(this.raw(i).probabilities, (i - first) * this.nGenres);
        states.push("silence");
        continue;
      }
      const from = Math.max(0, i - before) - start;
      const to = Math.min(this.nKept, i + after + 1) - start;
      const n = counts[to] - counts[from];
      for (let g = 0; g < this.nGenres; g++) {
        mean[g] = (sums[to * this.nGenres + g] - sums[from * this.nGenres + g]) / n;
      }
      const belief = probabilitiesOf(this.card, mean, (variances[to] - variances[from]) / n, span);
      probabilities.set(belief, (i - first) * this.nGenres);
      states.push(this.named(belief, threshold));
    }
    return { nSteps: nShown, probabilities, states };
  }

  /** Everything heard since the start, as one. */
  answer(choice: BeliefChoice = { steadinessS: null, namedFrom: null }, hearing: Hearing = "file"): Whole {
    if (this.nMusic === 0) {
      return { state: "silence", probabilities: new Float64Array(this.nGenres).fill(1 / this.nGenres) };
    }
    if (!this.card.belief) return this.meanAnswer();
    const settings = chosen(this.card.belief, choice);
    const shares = hearing === "live" ? this.liveCurve(choice).shares() : TimeShares.of(this.believed(choice, "file"), this.nGenres);
    return wholeOf(shares, settings);
  }

  private meanAnswer(): Whole {
    const span = this.nMusic * this.card.timing.step_period_s;
    const mean = this.sumOfMusic.map((sum) => sum / this.nMusic);
    const probabilities = probabilitiesOf(this.card, mean, this.sumOfVariances / this.nMusic, span);
    return { state: this.named(probabilities, unsureBelow(this.card, span)), probabilities };
  }

  /** The live belief up to now; heard again from the oldest kept step on where other settings are chosen. */
  private liveCurve(choice: BeliefChoice): LiveCurve {
    if (!this.live?.isFor(choice)) this.follow((this.live = new LiveCurve(this.card, choice, this.dropped)));
    return this.live!;
  }

  private follow(live: LiveCurve): void {
    live.forgetBefore(this.dropped);
    for (let i = live.nextStep - this.dropped; i < this.nKept; i++) live.push(this.logits, i * this.nGenres, this.isSilent(i));
  }

  private named(probabilities: Float64Array, threshold: number): State {
    return Math.max(...probabilities) < threshold ? "unsure" : "music";
  }

  /** From kept step `start` on: sums of the musical steps' logits and of their variances before each step, and how many there were. */
  private runningSums(start: number): { sums: Float64Array; variances: Float64Array; counts: Int32Array } {
    const n = this.nGenres;
    const length = this.nKept - start;
    const sums = new Float64Array((length + 1) * n);
    const variances = new Float64Array(length + 1);
    const counts = new Int32Array(length + 1);
    for (let i = 0; i < length; i++) {
      const music = !this.isSilent(start + i);
      counts[i + 1] = counts[i] + (music ? 1 : 0);
      variances[i + 1] = variances[i] + (music ? variance(this.logits, (start + i) * n, n) : 0);
      for (let g = 0; g < n; g++) sums[(i + 1) * n + g] = sums[i * n + g] + (music ? this.logits[(start + i) * n + g] : 0);
    }
    return { sums, variances, counts };
  }

  private makeRoom(count: number): void {
    if (this.nKept + count > this.capacity) {
      // Forget a quarter at once, so that forgetting stays rare.
      const drop = Math.min(this.nKept, Math.ceil(this.capacity / 4) + count);
      this.logits.copyWithin(0, drop * this.nGenres, this.nKept * this.nGenres);
      this.levelsDbfs.copyWithin(0, drop, this.nKept);
      this.nKept -= drop;
      this.dropped += drop;
    }
    const needed = this.nKept + count;
    if (needed <= this.levelsDbfs.length) return;
    const room = Math.max(256, needed * 2);
    const logits = new Float32Array(room * this.nGenres);
    const levels = new Float32Array(room);
    logits.set(this.logits.subarray(0, this.nKept * this.nGenres));
    levels.set(this.levelsDbfs.subarray(0, this.nKept));
    this.logits = logits;
    this.levelsDbfs = levels;
  }
}

/** Python's `round`: halves go to the even neighbour. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
