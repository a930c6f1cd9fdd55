import { describe, expect, it } from "vitest";
import { Recording } from "../listening/recording.ts";
import { smallCard } from "../testing/small-card.ts";

const card = smallCard();
const other = smallCard({ genres: ["x", "y"] });

function heard(first: number, count: number, level = -20) {
  return {
    type: "heard", run: 1, first, count, capturedAt: null, logits: new Float32Array(count * 3), levels: new Float32Array(count).fill(level),
    features: Float32Array.from({ length: 2 * count }, (_, i) => 2 * first + i), peaks: new Float32Array(4 * count),
  } as const;
}

describe("a recording", () => {
  it("is read anew by another model without being heard again, and grows on", () => {
    const recording = new Recording("song", false, card);
    recording.add(heard(0, 3));
    expect(recording.reread(other, ([a, b]) => [a, -b])).toBe(true);
    expect([recording.card, recording.curve.nGenres, recording.curve.nSteps]).toEqual([other, 2, 3]);
    expect(recording.curve.raw(1).probabilities[0]).toBeCloseTo(1 / (1 + Math.exp(-5 / other.temperatures.step)), 6);
    recording.add({ ...heard(3, 2), logits: new Float32Array(4) });
    expect(recording.curve.nSteps).toBe(5);
    expect(recording.shown({ steadinessS: null, namedFrom: null }).times.length).toBe(5);
  });

  it("is read anew from what is kept of a long stream", () => {
    const recording = new Recording("Microphone", true, card);
    const steps = Math.round((2 * 3600) / card.timing.step_period_s);
    for (let first = 0; first < steps; first += 50) recording.add(heard(first, 50));
    const last = recording.curve.time(recording.curve.nSteps - 1);
    recording.reread(other, ([a, b]) => [a, b]);
    expect(recording.curve.time(recording.curve.nSteps - 1)).toBeCloseTo(last, 6);
  });

  it("teaches only what was not silent", () => {
    const recording = new Recording("song", false, card);
    recording.add(heard(0, 2));
    recording.add(heard(2, 4, -90));
    recording.add(heard(6, 1));
    expect([...recording.heardFeatures!.values]).toEqual([0, 1, 2, 3, 12, 13]);
    expect(new Recording("nothing", false, card).heardFeatures).toBeNull();
  });

  it("stays as it is where the network does not tell what it hears", () => {
    const recording = new Recording("song", false, card);
    recording.add({ ...heard(0, 2), features: new Float32Array(0) });
    expect(recording.reread(other, () => [0, 0])).toBe(false);
    expect(recording.card).toBe(card);
  });
});
