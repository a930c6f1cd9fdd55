import { describe, expect, it } from "vitest";
import { smallCard } from "../testing/small-card.ts";
import { StepStream, type StepNetwork } from "./step-stream.ts";

const { timing } = smallCard();

/** Says for each step the sum and the number of the frames it heard: any mistake in blocks shows. */
const network: StepNetwork = {
  nMels: 1,
  nGenres: 2,
  stepLogits(frames, n) {
    const { step_frames, first_frame, receptive_field_frames } = timing;
    const count = Math.floor((n - (first_frame + receptive_field_frames)) / step_frames) + 1;
    const logits = new Float32Array(2 * count);
    for (let i = 0; i < count; i++) {
      for (let f = i * step_frames + first_frame; f < i * step_frames + first_frame + receptive_field_frames; f++) {
        if (f < 0) continue;
        logits[2 * i] += frames[f];
        logits[2 * i + 1] += 1;
      }
    }
    return logits;
  },
};

const values = Float32Array.from({ length: 203 }, (_, i) => (i * 37) % 101);
const frames = (from: number, to: number) => ({
  count: to - from, logMel: values.slice(from, to), power: values.slice(from, to).map((v) => v / 1e4), peak: new Float32Array(to - from),
});

describe("StepStream", () => {
  it.each([[1, 1], [4, 1], [7, 3], [50, 8], [203, Infinity]])("gives the steps of the whole, %i frames and at most %i steps at a time", (piece, most) => {
    const stream = new StepStream(network, timing);
    const logits: number[] = [], levels: number[] = [];
    for (let at = 0; at < 203; at += piece) {
      stream.add(frames(at, Math.min(203, at + piece)));
      while (stream.pending > 0) {
        const steps = stream.run(most);
        expect(steps.first).toBe(logits.length / 2);
        logits.push(...steps.logits);
        levels.push(...steps.levels);
      }
    }
    expect(logits).toEqual([...network.stepLogits(values, 203)]);
    for (const step of [0, 1, 9, 49]) {
      const heard = [...values.slice(Math.max(0, step * 4 - 8), step * 4 + 4)].map((v) => v / 1e4);
      expect(levels[step]).toBeCloseTo(10 * Math.log10(heard.reduce((a, b) => a + b, 0) / heard.length), 4);
    }
  });

  it("gives none before the fewest frames the network takes", () => {
    const stream = new StepStream(network, timing);
    stream.add(frames(0, 3));
    expect(stream.pending).toBe(0);
    expect(stream.run().count).toBe(0);
  });

  it("never lets the level fall below -120 dBFS", () => {
    const stream = new StepStream(network, timing);
    stream.add({ count: 4, logMel: new Float32Array(4), power: new Float32Array(4), peak: new Float32Array(4) });
    expect(stream.run().levels[0]).toBe(-120);
  });
});
