/** Songs as spans: means of the step features over a few seconds. genre_lib/training/teaching/spans.py. */
import type { Row } from "./matrix.ts";

const SPAN_STEPS = 10;
const SPANS_AT_MOST = 20;

/** What the network heard in one song, silent steps left out. */
export interface StepFeatures {
  readonly nFeatures: number;
  /** row-major `(n_steps, n_features)` */
  readonly values: Float32Array;
}

export function nSteps({ values, nFeatures }: StepFeatures): number {
  return values.length / nFeatures;
}

/** Means over neighbouring steps, evenly from the whole song. */
export function spansOf(song: StepFeatures): Row[] {
  const steps = nSteps(song);
  const nSpans = Math.max(1, Math.floor(steps / SPAN_STEPS));
  const edges = evenly(steps, nSpans + 1);
  const chosen = nSpans > SPANS_AT_MOST ? evenly(nSpans - 1, SPANS_AT_MOST) : Array.from({ length: nSpans }, (_, i) => i);
  return chosen.map((i) => meanStep(song, edges[i], edges[i + 1]));
}

export function meanStep({ values, nFeatures }: StepFeatures, from: number, to: number): Row {
  const mean = new Float64Array(nFeatures);
  for (let step = from; step < to; step++) for (let j = 0; j < nFeatures; j++) mean[j] += values[step * nFeatures + j];
  return mean.map((value) => value / (to - from));
}

/** `count` whole numbers from 0 to `end`, as numpy rounds them: a half to the even number. */
function evenly(end: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const value = i === count - 1 ? end : i * (end / (count - 1));
    const below = Math.floor(value);
    return value - below === 0.5 ? below + (below % 2) : Math.round(value);
  });
}
