/** One piece of sound as far as it has been heard: its curve, its waveform, its name. */
import type { Card } from "../bundle/card.ts";
import { GenreCurve, type Belief, type Hearing, type ShownCurve } from "../curve/genre-curve.ts";
import type { BeliefChoice } from "../curve/reading.ts";
import { FeatureTrack } from "../teach/feature-track.ts";
import type { StepFeatures } from "../teach/spans.ts";
import type { HeardMessage } from "../worker/protocol.ts";

/** What the visitor set. */
export type DisplaySettings = BeliefChoice;

/** Live sound keeps this much; older moments are forgotten, but still count in the answer. */
const LIVE_HISTORY_S = 3600;
/** While live sound flows only this much of it is in view; no more is computed anew with each step. */
const LIVE_VIEW_S = 60;

export class Recording {
  curve: GenreCurve;
  /** what the logits were read from */
  private readonly features: FeatureTrack;
  /** largest magnitude per hop, from frame `firstPeak` on */
  private peakValues = new Float32Array(1024);
  private nPeaks = 0;
  private firstPeak = 0;
  /** largest magnitude so far; beyond 1 the sound exceeds full scale */
  largestPeak = 0;
  private finishedS: number | null = null;
  private cache: { key: string; shown: ShownCurve; times: Float64Array } | null = null;
  /** seconds that are probably in the file */
  expectedS: number | null = null;

  constructor(readonly name: string, readonly live: boolean, public card: Card) {
    this.curve = new GenreCurve(card, this.capacity);
    this.features = new FeatureTrack(this.capacity);
  }

  /** The most steps that are kept. */
  private get capacity(): number {
    return this.live ? Math.ceil(LIVE_HISTORY_S / this.card.timing.step_period_s) : Infinity;
  }

  /** Reads what was heard anew, without hearing it again. @returns false if the network did not tell what it heard */
  reread(card: Card, logitsOf: (features: Float32Array) => ArrayLike<number>): boolean {
    const steps = this.features.reread(logitsOf);
    if (!steps) return false;
    this.card = card;
    this.curve = new GenreCurve(card, this.capacity);
    this.curve.add(steps);
    this.cache = null;
    return true;
  }

  /** What the network heard, without silence, to learn from; null if it did not tell, or there was only silence. */
  get heardFeatures(): StepFeatures | null {
    return this.features.loud(this.card.silence_dbfs);
  }

  add(message: HeardMessage): void {
    this.curve.add(message);
    this.features.add(message);
    this.addPeaks(message.peaks);
  }

  finish(durationS: number): void {
    this.finishedS = durationS;
  }

  get finished(): boolean {
    return this.finishedS !== null;
  }

  get peaks(): Float32Array {
    return this.peakValues.subarray(0, this.nPeaks);
  }

  get hopS(): number {
    return this.card.front_end.hop_length / this.card.front_end.sample_rate;
  }

  /** Seconds: the oldest moment kept. */
  get startS(): number {
    return this.firstPeak * this.hopS;
  }

  /** Seconds: the end of what has been heard. */
  get heardS(): number {
    return this.finishedS ?? (this.firstPeak + this.nPeaks) * this.hopS;
  }

  /** Seconds: the length of the whole, known or expected. */
  get durationS(): number {
    return this.finishedS ?? Math.max(this.expectedS ?? 0, this.heardS);
  }

  /** The curve as it is to be shown, and when each of its steps is. While live sound flows: its latest minute, or `all` that is kept. */
  shown(settings: DisplaySettings, all = false): { shown: ShownCurve; times: Float64Array } {
    const flowing = this.live && !this.finished && !all;
    const key = `${this.curve.firstStep} ${this.curve.nSteps} ${flowing} ${settings.steadinessS} ${settings.namedFrom}`;
    if (this.cache?.key !== key) {
      const first = flowing ? Math.max(0, this.curve.nSteps - Math.ceil(LIVE_VIEW_S / this.card.timing.step_period_s)) : 0;
      const shown = this.curve.believed(settings, this.hearing, first);
      const times = Float64Array.from({ length: shown.nSteps }, (_, i) => this.shownAt(first + i));
      this.cache = { key, shown, times };
    }
    return this.cache;
  }

  /** Live until it ends; then what was heard is a recording like any other. */
  get hearing(): Hearing {
    return this.live && !this.finished ? "live" : "file";
  }

  /**
   * Seconds: where kept step `i` is shown. In a recording at the centre of what it heard; live the newest step is shown
   * when it became known, and moves to its centre while it settles.
   */
  private shownAt(i: number): number {
    const centre = this.curve.time(i);
    if (this.hearing === "file") return centre;
    const lag = (this.card.belief?.lag_s ?? Infinity) / this.card.timing.step_period_s;
    const unsettled = Math.max(0, 1 - (this.curve.nSteps - 1 - i) / lag);
    return centre + unsettled * (this.curve.knownAt(i) - centre);
  }

  /** What is shown at a moment, or null where nothing has been heard. */
  beliefAt(seconds: number, settings: DisplaySettings): Belief | null {
    const { shown, times } = this.shown(settings);
    if (shown.nSteps === 0 || seconds > this.heardS + 1) return null;
    const i = nearest(times, seconds);
    const n = this.curve.nGenres;
    return {
      state: shown.states[i],
      probabilities: Float64Array.from(shown.probabilities.subarray(i * n, (i + 1) * n)),
    };
  }

  private addPeaks(peaks: Float32Array): void {
    const most = this.live ? Math.ceil(LIVE_HISTORY_S / this.hopS) : Infinity;
    if (this.nPeaks + peaks.length > most) {
      const drop = Math.min(this.nPeaks, Math.ceil(most / 4) + peaks.length);
      this.peakValues.copyWithin(0, drop, this.nPeaks);
      this.nPeaks -= drop;
      this.firstPeak += drop;
    }
    if (this.nPeaks + peaks.length > this.peakValues.length) {
      const larger = new Float32Array(2 * (this.nPeaks + peaks.length));
      larger.set(this.peaks);
      this.peakValues = larger;
    }
    for (const peak of peaks) this.largestPeak = Math.max(this.largestPeak, peak);
    this.peakValues.set(peaks, this.nPeaks);
    this.nPeaks += peaks.length;
  }
}

/** Index of the time closest to `t`; `times` increases. */
export function nearest(times: ArrayLike<number>, t: number): number {
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < t) low = middle + 1;
    else high = middle;
  }
  return low > 0 && t - times[low - 1] <= times[low] - t ? low - 1 : low;
}
