/** A curve as a handful of stretches, for those who read rather than look. */
import type { ShownCurve, State } from "./genre-curve.ts";

export interface Segment {
  /** seconds */
  readonly fromS: number;
  readonly toS: number;
  readonly state: State;
  /** mean probabilities over the stretch */
  readonly probabilities: Float64Array;
  /** most likely genre of the stretch's steps */
  readonly leader: number;
}

/**
 * Joins neighbouring steps of the same state and, where there is music, the same leading genre.
 *
 * @param times seconds, one per step
 * @param endS end of the recording, seconds
 */
export function segments(shown: ShownCurve, times: ArrayLike<number>, nGenres: number, startS: number, endS: number): Segment[] {
  const found: Segment[] = [];
  let from = 0;
  const key = (i: number) => `${shown.states[i]} ${shown.states[i] === "music" ? leaderOf(shown, i, nGenres) : ""}`;
  for (let i = 1; i <= shown.nSteps; i++) {
    if (i < shown.nSteps && key(i) === key(from)) continue;
    const probabilities = new Float64Array(nGenres);
    for (let s = from; s < i; s++) {
      for (let g = 0; g < nGenres; g++) probabilities[g] += shown.probabilities[s * nGenres + g] / (i - from);
    }
    found.push({
      fromS: from === 0 ? startS : (times[from - 1] + times[from]) / 2,
      toS: i === shown.nSteps ? endS : (times[i - 1] + times[i]) / 2,
      state: shown.states[from],
      probabilities,
      leader: leaderOf(shown, from, nGenres),
    });
    from = i;
  }
  return found;
}

function leaderOf(shown: ShownCurve, step: number, nGenres: number): number {
  let best = 0;
  for (let g = 1; g < nGenres; g++) {
    if (shown.probabilities[step * nGenres + g] > shown.probabilities[step * nGenres + best]) best = g;
  }
  return best;
}
