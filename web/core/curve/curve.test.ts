import { describe, expect, it } from "vitest";
import type { Card } from "../bundle/card.ts";
import { smallCard } from "../testing/small-card.ts";
import { GenreCurve } from "./genre-curve.ts";
import { segments } from "./segments.ts";
import { forSpan, softmax } from "./spans.ts";

const card = smallCard();

function curveOf(logits: number[][], levels: number[], of: Card = card, capacity = Infinity): GenreCurve {
  const curve = new GenreCurve(of, capacity);
  curve.add({ first: 0, count: levels.length, logits: Float32Array.from(logits.flat()), levels: Float32Array.from(levels) });
  return curve;
}

describe("forSpan", () => {
  const values = { step: 2, smoothed: 1.5, clip: 1 };

  it("is the card's own value at each of its points and constant outside", () => {
    const { step_period_s } = card.timing;
    for (const [seconds, value] of [[step_period_s, 2], [0.01, 2], [card.smoothing_s, 1.5], [30, 1], [600, 1]]) {
      expect(forSpan(card, values, seconds)).toBeCloseTo(value, 12);
    }
  });

  it("is linear in log(seconds) between them", () => {
    expect(forSpan(card, values, Math.sqrt(card.smoothing_s * 30))).toBeCloseTo(1.25, 12);
  });

  it.each([0.1, 30, 45])("leaves out the point of a smoothing of %f s", (smoothing_s) => {
    const other = { ...card, smoothing_s };
    const period = card.timing.step_period_s;
    expect(forSpan(other, values, Math.sqrt(period * 30))).toBeCloseTo(1.5, 12);
  });
});

describe("GenreCurve", () => {
  it("puts a step in the middle of the frames it heard", () => {
    // step 0 hears frames -8..3, of which 0..3 exist; step 3 hears frames 4..15
    const { hop_length, n_fft, sample_rate } = card.front_end;
    const curve = curveOf(Array(5).fill([1, 0, 0]), Array(5).fill(-20));
    expect(curve.time(0)).toBeCloseTo((3 * hop_length + n_fft) / 2 / sample_rate, 12);
    expect(curve.time(3)).toBeCloseTo((4 * hop_length + 15 * hop_length + n_fft) / 2 / sample_rate, 12);
    expect(curve.knownAt(3)).toBeCloseTo((15 * hop_length + n_fft) / sample_rate, 12);
  });

  it("names silence by level, and what is too flat unsure", () => {
    const curve = curveOf([[5, 0, 0], [0.1, 0, 0], [5, 0, 0]], [-20, -20, -80]);
    expect([0, 1, 2].map((i) => curve.raw(i).state)).toEqual(["music", "unsure", "silence"]);
    expect(Array.from(curve.raw(0).probabilities)).toEqual(Array.from(softmax([5, 0, 0], card.temperatures.step)));
  });

  it("smooths around a step of a recording, and over the past only when live", () => {
    const logits = [[4, 0, 0], [0, 4, 0], [0, 0, 4], [4, 0, 0]];
    const curve = curveOf(logits, [-20, -20, -20, -20]);
    const seconds = 2 * card.timing.step_period_s;
    const temperature = forSpan(card, card.temperatures, seconds);
    const mean = (a: number, b: number) => softmax(logits[a].map((x, g) => (x + logits[b][g]) / 2), temperature);
    const centred = curve.smoothed({ seconds, causal: false }).probabilities;
    const causal = curve.smoothed({ seconds, causal: true }).probabilities;
    // of two steps, a centred window takes this one and the next, a causal one the last and this
    mean(1, 2).forEach((p, g) => expect(centred[3 + g]).toBeCloseTo(p, 6));
    mean(0, 1).forEach((p, g) => expect(causal[3 + g]).toBeCloseTo(p, 6));
  });

  it("does not let silence into the mean, and leaves a silent step as it is", () => {
    const logits = [[4, 0, 0], [0, 9, 0], [4, 0, 0]];
    const curve = curveOf(logits, [-20, -90, -20]);
    const seconds = 3 * card.timing.step_period_s;
    const shown = curve.smoothed({ seconds, causal: false });
    expect(shown.states).toEqual(["music", "silence", "music"]);
    softmax([4, 0, 0], forSpan(card, card.temperatures, seconds)).forEach((p, g) => expect(shown.probabilities[g]).toBeCloseTo(p, 6));
    softmax([0, 9, 0], card.temperatures.step).forEach((p, g) => expect(shown.probabilities[3 + g]).toBeCloseTo(p, 6));
  });

  it("answers by the mean of the logits of what is not silent", () => {
    const curve = curveOf([[4, 0, 0], [0, 2, 0], [0, 0, 99]], [-20, -20, -90]);
    const expected = softmax([2, 1, 0], forSpan(card, card.temperatures, 2 * card.timing.step_period_s));
    Array.from(curve.answer().probabilities).forEach((p, g) => expect(p).toBeCloseTo(expected[g], 12));
    expect(curveOf([[9, 0, 0]], [-90]).answer().state).toBe("silence");
  });

  it("divides logits by the size of what their span heard, where the card goes by it", () => {
    const values = { step: 0.5, smoothed: 0.4, clip: 0.25 };
    const by_size = { least_size: 1.5, temperatures: values, unsure_below: { step: 0.9, smoothed: 0.8, clip: 0.7 } };
    const sized = { ...card, by_size };
    const logits = [[6, 0, 0], [0.3, 0, 0], [0, 99, 0], [0, 3, 0]];
    const curve = curveOf(logits, [-20, -20, -90, -20], sized);
    // The variance of (x, 0, 0) is 2 x² / 9.
    const size = (...xs: number[]) => Math.sqrt(xs.reduce((sum, x) => sum + (2 * x * x) / 9, 0) / xs.length);
    const close = (probabilities: ArrayLike<number>, expected: Float64Array) =>
      expected.forEach((p, g) => expect(probabilities[g]).toBeCloseTo(p, 6));
    close(curve.raw(0).probabilities, softmax([6, 0, 0], 0.5 * size(6)));
    close(curve.raw(1).probabilities, softmax([0.3, 0, 0], 0.5 * 1.5));
    expect([0, 1, 2, 3].map((i) => curve.raw(i).state)).toEqual(["music", "unsure", "silence", "music"]);
    const seconds = 3 * card.timing.step_period_s;
    const temperature = forSpan(sized, values, seconds);
    close(curve.smoothed({ seconds, causal: false }).probabilities.subarray(3), softmax([3.15, 0, 0], temperature * size(6, 0.3)));
    close(curve.answer().probabilities, softmax([2.1, 1, 0], temperature * size(6, 0.3, 3)));
  });

  it("takes a threshold from the visitor in place of the card's", () => {
    const curve = curveOf([[2, 0, 0]], [-20]);
    expect(curve.smoothed({ seconds: 0, causal: false, unsureBelow: 0.99 }).states).toEqual(["unsure"]);
    expect(curve.smoothed({ seconds: 0, causal: false, unsureBelow: 0 }).states).toEqual(["music"]);
  });

  it("stays within its capacity for hours, and still answers for all of it", () => {
    const curve = new GenreCurve(card, 100);
    for (let step = 0; step < 50_000; step++) {
      const genre = step < 40_000 ? [3, 0, 0] : [0, 3, 0];
      curve.add({ first: step, count: 1, logits: Float32Array.from(genre), levels: Float32Array.of(-20) });
      expect(curve.nSteps).toBeLessThanOrEqual(100);
    }
    expect(curve.firstStep + curve.nSteps).toBe(50_000);
    expect(curve.answer().probabilities[0]).toBeGreaterThan(curve.answer().probabilities[1]);
    expect(curve.raw(curve.nSteps - 1).probabilities[1]).toBeGreaterThan(0.5);
  });

  it.each([true, false])("smooths the latest steps alone as it does among all (causal: %s)", (causal) => {
    const logits = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(i * i), i % 3]);
    const curve = curveOf(logits, logits.map((_, i) => (i % 7 === 3 ? -90 : -20)));
    const smoothing = { seconds: 5 * card.timing.step_period_s, causal };
    const all = curve.smoothed(smoothing);
    const latest = curve.smoothed(smoothing, 29);
    expect(latest.nSteps).toBe(11);
    expect(latest.states).toEqual(all.states.slice(29));
    latest.probabilities.forEach((p, i) => expect(p).toBeCloseTo(all.probabilities[29 * 3 + i], 6));
  });

  it("refuses steps out of order", () => {
    const curve = curveOf([[1, 0, 0]], [-20]);
    expect(() => curve.add({ first: 2, count: 0, logits: new Float32Array(0), levels: new Float32Array(0) })).toThrow(/order/);
  });
});

describe("segments of a model without a belief", () => {
  const logits = [[9, 0, 0], [9, 0, 0], [9, 0, 0], [0, 9, 0], [9, 0, 0], [9, 0, 0]];
  const parts = (curve: GenreCurve) => segments(curve, { steadinessS: 0, namedFrom: null }, "file", 0, curve.nSteps * card.timing.step_period_s)
    .map((part) => [part.state, part.leader]);

  it("gives what is shorter than four seconds to the longer neighbour", () => {
    expect(parts(curveOf(logits, Array(6).fill(-20)))).toEqual([["music", 0]]);
  });

  it("keeps long stretches apart, and covers all of it", () => {
    const long = [...Array(30).fill([9, 0, 0]), ...Array(30).fill([0, 0, 0]), ...Array(30).fill([0, 0, 9])];
    const curve = curveOf(long, long.map((_, i) => (i < 60 ? -20 : i < 61 ? -90 : -20)));
    expect(parts(curve)).toEqual([["music", 0], ["unsure", 0], ["music", 2]]);
    const found = segments(curve, { steadinessS: 0, namedFrom: null }, "file", 0, 18);
    expect([found[0].fromS, found.at(-1)!.toS]).toEqual([0, 18]);
    found.slice(1).forEach((part, i) => expect(part.fromS).toBe(found[i].toS));
  });
});
