/** The live belief of a stream as it is shown: settled moments are kept, the latest ones still change. */
import type { BeliefSettings, Card } from "../bundle/card.ts";
import type { ShownCurve } from "./genre-curve.ts";
import { LiveBelief } from "./live-belief.ts";
import { chosen, momentState, TimeShares, type BeliefChoice, type State } from "./reading.ts";

export class LiveCurve {
  private readonly settings: BeliefSettings;
  private readonly belief: LiveBelief;
  private readonly nGenres: number;
  /** settled beliefs and their states from step `first` on */
  private rows: Float64Array[] = [];
  private states: State[] = [];
  private first: number;
  /** of everything that was settled, forgotten or not */
  private readonly settled: TimeShares;
  /** of the steps that are not settled, oldest first */
  private recentSilent: boolean[] = [];

  constructor(card: Card, private readonly choice: BeliefChoice, firstStep: number) {
    this.settings = chosen(card.belief!, choice);
    this.nGenres = card.genres.length;
    this.belief = new LiveBelief(this.settings, this.nGenres, card.timing.step_period_s);
    this.settled = new TimeShares(this.nGenres);
    this.first = firstStep;
  }

  isFor(choice: BeliefChoice): boolean {
    return choice.steadinessS === this.choice.steadinessS && choice.namedFrom === this.choice.namedFrom;
  }

  /** Number of the step that is to be pushed next. */
  get nextStep(): number {
    return this.first + this.rows.length + this.belief.nRecent;
  }

  push(logits: Float32Array, at: number, silent: boolean): void {
    const row = this.belief.push(logits, at, silent);
    this.recentSilent.push(silent);
    if (!row) return;
    const state = this.recentSilent.shift() ? "silence" : momentState(row, this.settings, this.settings.named_from.file);
    this.rows.push(row);
    this.states.push(state);
    this.settled.add(row, state);
  }

  /** Forgets the beliefs of steps before `step`. */
  forgetBefore(step: number): void {
    const n = Math.min(step - this.first, this.rows.length);
    if (n <= 0) return;
    this.rows.splice(0, n);
    this.states.splice(0, n);
    this.first += n;
  }

  /** Everything heard so far. */
  shares(): TimeShares {
    return this.settled.plus(TimeShares.of(this.recent(), this.nGenres));
  }

  /** The kept steps from the `from`th on. */
  shown(from: number): ShownCurve {
    const recent = this.recent();
    const rows = this.rows.slice(from);
    const probabilities = new Float32Array((rows.length + recent.nSteps) * this.nGenres);
    rows.forEach((row, i) => probabilities.set(row, i * this.nGenres));
    probabilities.set(recent.probabilities, rows.length * this.nGenres);
    const skip = Math.max(0, from - this.rows.length);
    return {
      nSteps: rows.length + recent.nSteps - skip,
      probabilities: probabilities.subarray(skip * this.nGenres),
      states: [...this.states.slice(from), ...recent.states.slice(skip)],
    };
  }

  private recent(): ShownCurve {
    const probabilities = this.belief.recent();
    const { live, file } = this.settings.named_from;
    const states = this.recentSilent.map((silent, i): State => {
      if (silent) return "silence";
      const row = probabilities.subarray(i * this.nGenres, (i + 1) * this.nGenres);
      return momentState(row, this.settings, live + this.belief.settledness(i) * (file - live));
    });
    return { nSteps: states.length, probabilities, states };
  }
}
