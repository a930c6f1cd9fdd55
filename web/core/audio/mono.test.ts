import { describe, expect, it } from "vitest";
import { MonoMixer } from "./mono.ts";

const RATE = 1000;
const wave = (seconds: number, level = 0.5) => Float32Array.from({ length: seconds * RATE }, (_, i) => level * Math.sin(i / 7));

function mixed(channels: Float32Array[], piece = Infinity): { heard: number[]; remarks: string[] } {
  const mixer = new MonoMixer("song.wav");
  const heard: number[] = [];
  const length = channels[0].length;
  for (let at = 0; at < length; at += piece) {
    const planes = { channels: channels.map((plane) => plane.slice(at, Math.min(length, at + piece))), sampleRate: RATE };
    for (const { mono } of mixer.push(planes)) heard.push(...mono);
  }
  for (const { mono } of mixer.finish()) heard.push(...mono);
  return { heard, remarks: mixer.remarks };
}

describe("MonoMixer", () => {
  it.each([Infinity, 1, 333])("hears the mean of the channels, in pieces of %d", (piece) => {
    const { heard, remarks } = mixed([wave(2.5), wave(2.5, 0.1)], piece);
    expect(heard.length).toBe(2500);
    wave(2.5, 0.3).forEach((sample, i) => expect(heard[i]).toBeCloseTo(sample, 6));
    expect(remarks).toEqual([]);
  });

  it("hears the louder of two that cancel each other out, second by second, and says so", () => {
    const left = wave(3);
    // Out of phase in the second second alone.
    const right = left.map((sample, i) => (i >= 1000 && i < 2000 ? -sample : sample));
    const { heard, remarks } = mixed([left, right], 300);
    left.forEach((sample, i) => expect(heard[i]).toBeCloseTo(sample, 6));
    expect(remarks).toEqual(["The channels of song.wav cancel each other out for 1.0 s: the louder one is heard there."]);
  });

  it("takes an offset for no sound", () => {
    const offset = new Float32Array(1000).fill(0.4);
    expect(mixed([offset, offset.map((sample) => -sample)]).remarks).toEqual([]);
  });

  it.each([NaN, Infinity, -1e13])("hears silence where a sample is %d, and says so", (sample) => {
    const odd = wave(2);
    odd[500] = sample;
    const { heard, remarks } = mixed([odd, odd]);
    wave(2).forEach((expected, i) => expect(heard[i]).toBeCloseTo(i === 500 ? 0 : expected, 6));
    expect(remarks).toEqual(["1 samples of song.wav are no numbers or beyond all measure, and heard as silence."]);
  });

  it("refuses what is mostly no sound", () => {
    expect(() => mixed([wave(1).fill(NaN, 0, 600)])).toThrow(/beyond all measure/);
  });
});
