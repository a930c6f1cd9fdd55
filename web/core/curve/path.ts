/** The most probable path of genres through a recording, none of them shorter than a least length (docs/bundle.md, "Segments"). */
import type { PathSettings } from "../bundle/card.ts";

/**
 * @param logits row-major `(nSteps, nGenres)`
 * @param silent whether a step says nothing
 * @returns index of the genre at each step
 */
export function mostProbablePath(
  logits: ArrayLike<number>, silent: (step: number) => boolean, nSteps: number, nGenres: number, settings: PathSettings, stepPeriodS: number,
): Int32Array {
  const path = new Int32Array(nSteps);
  if (nSteps === 0) return path;
  const score = new Float64Array(nSteps * nGenres);
  const sums = new Float64Array((nSteps + 1) * nGenres);
  for (let step = 0; step < nSteps; step++) {
    let largest = -Infinity;
    for (let g = 0; g < nGenres; g++) largest = Math.max(largest, logits[step * nGenres + g]);
    for (let g = 0; g < nGenres; g++) {
      const i = step * nGenres + g;
      score[i] = silent(step) ? 0 : settings.evidence_weight * (logits[i] - largest);
      sums[i + nGenres] = sums[i] + score[i];
    }
  }
  const least = Math.max(1, Math.floor(settings.least_s / stepPeriodS + 0.5));
  if (nSteps <= least) return path.fill(indexOfLargest(sums, nSteps * nGenres, nGenres));

  // best: the score of the best path that ends at this step with each genre after at least its least stay; changedFrom:
  // the genre before, where the best path enters a genre so that its least stay ends at this step.
  const cost = costOfChange(settings.mean_duration_s, nGenres, stepPeriodS);
  const best = sums.slice(least * nGenres, (least + 1) * nGenres);
  const changedFrom = new Int32Array(nSteps * nGenres).fill(-1);
  const tops: { top: number; genre: number }[] = [];
  for (let step = least; step < nSteps; step++) {
    const genre = indexOfLargest(best, 0, nGenres);
    tops.push({ top: best[genre], genre });
    const before = step >= 2 * least - 1 ? tops[step - 2 * least + 1] : null;
    for (let g = 0; g < nGenres; g++) {
      best[g] += score[step * nGenres + g];
      if (!before) continue;
      const changed = sums[(step + 1) * nGenres + g] - sums[(step + 1 - least) * nGenres + g] + (before.top - cost);
      if (changed > best[g]) {
        best[g] = changed;
        changedFrom[step * nGenres + g] = before.genre;
      }
    }
  }
  for (let step = nSteps - 1, genre = indexOfLargest(best, 0, nGenres); step >= 0;) {
    const previous = changedFrom[step * nGenres + genre];
    if (previous < 0) {
      path[step--] = genre;
    } else {
      path.fill(genre, step - least + 1, step + 1);
      step -= least;
      genre = previous;
    }
  }
  return path;
}

/** By how much evidence must speak for another genre before a change is believed, in nats. */
function costOfChange(meanDurationS: number, nGenres: number, stepPeriodS: number): number {
  const change = -Math.expm1(-stepPeriodS / meanDurationS);
  return change < 1 ? Math.max(0, Math.log(((1 - change) * (nGenres - 1)) / change)) : 0;
}

function indexOfLargest(values: Float64Array, from: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (values[from + i] > values[from + best]) best = i;
  return best;
}
