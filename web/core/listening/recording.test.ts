import { describe, expect, it } from "vitest";
import { nearest, Recording } from "./recording.ts";
import { smallCard } from "../testing/small-card.ts";

const card = smallCard();
const { step_period_s } = card.timing;
const asCard = { steadinessS: 1, namedFrom: null };

function grow(recording: Recording, first: number, count: number): void {
  recording.add({
    type: "heard", run: 1, first, count, capturedAt: null,
    logits: Float32Array.from({ length: count * 3 }, (_, i) => Math.sin(first * 3 + i)),
    levels: new Float32Array(count).fill(-20),
    peaks: Float32Array.from({ length: count * card.timing.step_frames }, (_, i) => first + i),
  });
}

describe("a live recording", () => {
  it("keeps an hour, however long it runs, and its times go on", () => {
    const recording = new Recording("Microphone", true, card);
    const steps = Math.round((5 * 3600) / step_period_s);
    for (let first = 0; first < steps; first += 10) grow(recording, first, 10);
    expect(recording.heardS).toBeCloseTo(5 * 3600, 0);
    expect(recording.heardS - recording.startS).toBeLessThanOrEqual(3600);
    expect(recording.heardS - recording.startS).toBeGreaterThan(0.7 * 3600);
    expect(recording.curve.nSteps * step_period_s).toBeLessThanOrEqual(3600 + step_period_s);
    expect(recording.peaks.length).toBe(Math.round((recording.heardS - recording.startS) / recording.hopS));
  });

  it("shows its latest minute while it flows and all of it afterwards, the same where they overlap", () => {
    const recording = new Recording("Microphone", true, card);
    grow(recording, 0, 1000);
    const flowing = recording.shown(asCard);
    expect(flowing.shown.nSteps).toBe(60 / step_period_s);
    const all = recording.shown(asCard, true);
    expect(all.shown.nSteps).toBe(1000);
    expect(Array.from(flowing.times)).toEqual(Array.from(all.times.subarray(700)));
    flowing.shown.probabilities.forEach((p, i) => expect(p).toBeCloseTo(all.shown.probabilities[700 * 3 + i], 6));
    recording.finish(recording.heardS);
    expect(recording.shown(asCard).shown.nSteps).toBe(1000);
  });
});

describe("a file's recording", () => {
  it("is as long as announced until more is known", () => {
    const recording = new Recording("song.mp3", false, card);
    recording.expectedS = 200;
    grow(recording, 0, 10);
    expect([recording.durationS, recording.heardS]).toEqual([200, expect.closeTo(2, 6)]);
    recording.finish(180);
    expect([recording.durationS, recording.heardS]).toEqual([180, 180]);
  });

  it("believes nothing beyond what was heard", () => {
    const recording = new Recording("song.mp3", false, card);
    grow(recording, 0, 10);
    expect(recording.beliefAt(1, asCard)).not.toBe(null);
    expect(recording.beliefAt(60, asCard)).toBe(null);
  });
});

describe("nearest", () => {
  it("finds the closest time, also beyond both ends", () => {
    expect([-5, 0.4, 0.6, 1.9, 99].map((t) => nearest([0, 1, 2], t))).toEqual([0, 0, 1, 2, 2]);
  });
});
