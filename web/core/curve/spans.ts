/** What a step hears, and temperatures and thresholds for a span of any length (docs/bundle.md, "Spans"). */
import type { BySpan, Card } from "../bundle/card.ts";

const CLIP_S = 30;

/**
 * Linear interpolation in log(seconds) through the card's three points, constant outside.
 *
 * @param seconds span, > 0
 */
export function forSpan(card: Card, values: BySpan, seconds: number): number {
  const step = card.timing.step_period_s;
  const points: [number, number][] = [[step, values.step]];
  if (card.smoothing_s > step && card.smoothing_s < CLIP_S) points.push([card.smoothing_s, values.smoothed]);
  points.push([CLIP_S, values.clip]);
  if (seconds <= points[0][0]) return points[0][1];
  for (let i = 1; i < points.length; i++) {
    const [s0, v0] = points[i - 1];
    const [s1, v1] = points[i];
    if (seconds <= s1) return v0 + ((v1 - v0) * (Math.log(seconds) - Math.log(s0))) / (Math.log(s1) - Math.log(s0));
  }
  return points[points.length - 1][1];
}

/** Of one row of `n` values, about their mean. */
export function variance(values: ArrayLike<number>, at: number, n: number): number {
  let mean = 0;
  let squares = 0;
  for (let g = 0; g < n; g++) mean += values[at + g] / n;
  for (let g = 0; g < n; g++) squares += (values[at + g] - mean) ** 2 / n;
  return squares;
}

/**
 * What the mean logits of a span say.
 *
 * @param meanVariance of the logits of its steps: the square of their size
 * @param seconds how long the span is, > 0
 */
export function probabilitiesOf(card: Card, mean: ArrayLike<number>, meanVariance: number, seconds: number): Float64Array {
  const { by_size } = card;
  const temperature = forSpan(card, (by_size ?? card).temperatures, seconds);
  return softmax(mean, by_size ? temperature * Math.max(by_size.least_size, Math.sqrt(Math.max(0, meanVariance))) : temperature);
}

/** Below it the best genre of a span is not named. */
export function unsureBelow(card: Card, seconds: number): number {
  return forSpan(card, (card.by_size ?? card).unsure_below, seconds);
}

export function softmax(logits: ArrayLike<number>, temperature: number): Float64Array {
  const result = Float64Array.from(logits, (x) => x / temperature);
  const largest = Math.max(...result);
  let sum = 0;
  for (let i = 0; i < result.length; i++) sum += result[i] = Math.exp(result[i] - largest);
  return result.map((x) => x / sum);
}

/** First sample, in seconds, that a step hears. */
export function stepStartS({ timing, front_end }: Card, step: number): number {
  const frame = step * timing.step_frames + timing.first_frame;
  return (Math.max(0, frame) * front_end.hop_length) / front_end.sample_rate;
}

/** End, in seconds, of what a step hears: the moment it becomes known. */
export function stepEndS({ timing, front_end }: Card, step: number): number {
  const last = step * timing.step_frames + timing.first_frame + timing.receptive_field_frames - 1;
  return (last * front_end.hop_length + front_end.n_fft) / front_end.sample_rate;
}
