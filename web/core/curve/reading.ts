/** What is read off a belief: the state of a moment, and a recording as a whole (docs/bundle.md, "Belief"). */
import type { BeliefSettings } from "../bundle/card.ts";
import type { ShownCurve } from "./genre-curve.ts";

/** `music` is named; `probable` is only ahead of the others. */
export type State = "music" | "probable" | "unsure" | "silence";
/** `mixed`: it changes. */
export type WholeState = State | "mixed";

/** A recording as a whole. */
export interface Whole {
  readonly state: WholeState;
  /** the share of the time that is believed to be of each genre, in the card's order */
  readonly probabilities: Float64Array;
}

/** What the visitor sets; null leaves it to the card. */
export interface BeliefChoice {
  /** seconds: how long a genre is expected to last */
  readonly steadinessS: number | null;
  /** the belief from which on a genre is named */
  readonly namedFrom: number | null;
}

/** A recording changes where each of two genres leads for this share of it, and no genre has that much of it as a whole. */
const CHANGING_SHARE = 0.15;
const ONE_GENRE_SHARE = 2 / 3;

/** The card's settings with what the visitor chose. */
export function chosen(settings: BeliefSettings, { steadinessS, namedFrom }: BeliefChoice): BeliefSettings {
  const stretch = steadinessS === null ? 1 : steadinessS / settings.mean_duration_s;
  const stretched = <T extends { readonly mean_duration_s: number }>(part: T): T => ({ ...part, mean_duration_s: part.mean_duration_s * stretch });
  return {
    ...settings,
    ...(steadinessS !== null && {
      mean_duration_s: steadinessS,
      path: stretched(settings.path),
      ...(settings.pieces && { pieces: stretched(settings.pieces) }),
      ...(settings.newest && { newest: { ...settings.newest, weight: settings.newest.weight / Math.max(1, stretch) } }),
    }),
    ...(namedFrom !== null && { named_from: { live: namedFrom, file: namedFrom }, whole_named_from: namedFrom }),
  };
}

/** The state of a moment that is not silent. */
export function momentState(probabilities: ArrayLike<number>, settings: BeliefSettings, namedFrom: number): State {
  const { first, lead } = leaderOf(probabilities);
  if (first >= namedFrom) return "music";
  return lead >= settings.probable_lead ? "probable" : "unsure";
}

/** Sums over the steps that are not silent, so that hours add up. */
export class TimeShares {
  nSteps = 0;
  readonly belief: Float64Array;
  /** steps at which a genre was named or probable */
  readonly led: Float64Array;

  constructor(nGenres: number) {
    this.belief = new Float64Array(nGenres);
    this.led = new Float64Array(nGenres);
  }

  static of({ nSteps, probabilities, states }: ShownCurve, nGenres: number): TimeShares {
    const shares = new TimeShares(nGenres);
    for (let step = 0; step < nSteps; step++) shares.add(probabilities.subarray(step * nGenres, (step + 1) * nGenres), states[step]);
    return shares;
  }

  add(probabilities: ArrayLike<number>, state: State): void {
    if (state === "silence") return;
    this.nSteps++;
    for (let g = 0; g < this.belief.length; g++) this.belief[g] += probabilities[g];
    if (state !== "unsure") this.led[leaderOf(probabilities).genre]++;
  }

  /** With another's steps too. */
  plus(other: TimeShares): TimeShares {
    const sum = new TimeShares(this.belief.length);
    sum.nSteps = this.nSteps + other.nSteps;
    for (let g = 0; g < this.belief.length; g++) {
      sum.belief[g] = this.belief[g] + other.belief[g];
      sum.led[g] = this.led[g] + other.led[g];
    }
    return sum;
  }
}

export function wholeOf({ nSteps, belief, led }: TimeShares, settings: BeliefSettings): Whole {
  if (nSteps === 0) return { state: "silence", probabilities: new Float64Array(belief.length).fill(1 / belief.length) };
  const probabilities = belief.map((sum) => sum / nSteps);
  const { first, lead } = leaderOf(probabilities);
  const nLeading = led.filter((steps) => steps >= CHANGING_SHARE * nSteps).length;
  if (first < ONE_GENRE_SHARE && nLeading > 1) return { state: "mixed", probabilities };
  if (first >= settings.whole_named_from) return { state: "music", probabilities };
  return { state: lead >= settings.probable_lead ? "probable" : "unsure", probabilities };
}

/** The first genre, its probability, and how far it is ahead of the second. */
export function leaderOf(probabilities: ArrayLike<number>): { genre: number; first: number; lead: number } {
  let genre = 0;
  let second = -Infinity;
  for (let g = 1; g < probabilities.length; g++) {
    if (probabilities[g] > probabilities[genre]) {
      second = probabilities[genre];
      genre = g;
    } else {
      second = Math.max(second, probabilities[g]);
    }
  }
  return { genre, first: probabilities[genre], lead: probabilities[genre] - second };
}
