import { describe, expect, it } from "vitest";
import { smallCard } from "../testing/small-card.ts";
import { MelStream } from "./mel.ts";

const { front_end: frontEnd } = smallCard();
const nBins = frontEnd.n_fft / 2 + 1;
const bank = Float32Array.from({ length: frontEnd.n_mels * nBins }, (_, i) => Math.max(0, 1 - Math.abs((i % nBins) - 8 * Math.floor(i / nBins)) / 6));
const signal = Float32Array.from({ length: 777 }, (_, i) => 0.4 * Math.sin(i * 0.31) + 0.2 * Math.sin(i * i * 0.013));

/** docs/bundle.md, "Front end", written down term by term. */
function byDefinition(samples: Float32Array): number[][] {
  const { n_fft, hop_length, n_mels, amin } = frontEnd;
  const frames: number[][] = [];
  for (let start = 0; start + n_fft <= samples.length; start += hop_length) {
    const power = Array.from({ length: nBins }, (_, k) => {
      let re = 0, im = 0;
      for (let i = 0; i < n_fft; i++) {
        const x = samples[start + i] * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / n_fft));
        re += x * Math.cos((2 * Math.PI * k * i) / n_fft);
        im -= x * Math.sin((2 * Math.PI * k * i) / n_fft);
      }
      return re * re + im * im;
    });
    frames.push(Array.from({ length: n_mels }, (_, m) => 10 * Math.log10(Math.max(amin, power.reduce((sum, p, k) => sum + p * bank[m * nBins + k], 0)))));
  }
  return frames;
}

describe("MelStream", () => {
  it("equals the definition", () => {
    const expected = byDefinition(signal);
    const frames = new MelStream(frontEnd, bank).push(signal);
    expect(frames.count).toBe(expected.length);
    expected.flat().forEach((db, i) => expect(Math.abs(frames.logMel[i] - db)).toBeLessThan(1e-5));
  });

  it.each([1, 49, 50, 51, 200])("gives the same in pieces of %i samples", (length) => {
    const whole = new MelStream(frontEnd, bank).push(signal);
    const stream = new MelStream(frontEnd, bank);
    const logMel: number[] = [], power: number[] = [];
    for (let at = 0; at < signal.length; at += length) {
      const frames = stream.push(signal.subarray(at, at + length));
      logMel.push(...frames.logMel);
      power.push(...frames.power);
    }
    expect(logMel.length).toBe(whole.logMel.length);
    logMel.forEach((db, i) => expect(Math.abs(db - whole.logMel[i])).toBeLessThan(1e-5));
    expect(power).toEqual([...whole.power]);
  });

  it("keeps a silent frame at the floor beside a loud one", () => {
    const samples = new Float32Array(frontEnd.n_fft + frontEnd.hop_length * 2);
    samples.fill(0.9, frontEnd.n_fft);
    const { logMel } = new MelStream(frontEnd, bank).push(samples);
    expect([...logMel.subarray(0, 4)]).toEqual([-120, -120, -120, -120]);
  });

  it("measures how much the samples vary: a constant is no sound", () => {
    const constant = new Float32Array(frontEnd.n_fft).fill(0.25);
    expect(new MelStream(frontEnd, bank).push(constant).power[0]).toBeLessThan(1e-12);
    const wave = constant.map((offset, i) => offset + (i % 2 ? 0.1 : -0.1));
    expect(new MelStream(frontEnd, bank).push(wave).power[0]).toBeCloseTo(0.01, 6);
  });

  it("follows a hop longer than the frame", () => {
    const wide = { ...frontEnd, hop_length: 100 };
    const whole = new MelStream(wide, bank).push(signal);
    expect(whole.count).toBe(Math.floor((777 - 64) / 100) + 1);
    const stream = new MelStream(wide, bank);
    const pieces: number[] = [];
    for (let at = 0; at < signal.length; at += 30) pieces.push(...stream.push(signal.subarray(at, at + 30)).power);
    expect(pieces).toEqual([...whole.power]);
  });

  it("refuses a filter bank of another size", () => {
    expect(() => new MelStream(frontEnd, bank.subarray(1))).toThrow(/filter bank/);
  });
});
