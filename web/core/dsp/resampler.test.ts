import { describe, expect, it } from "vitest";
import { createResampler } from "./resampler.ts";

function tone(frequency: number, rate: number, seconds: number): Float32Array {
  return Float32Array.from({ length: Math.round(rate * seconds) }, (_, i) => Math.sin((2 * Math.PI * frequency * i) / rate));
}

function resampled(input: Float32Array, from: number, to: number, block = input.length, lowDelay = false): Float32Array {
  const resampler = createResampler(from, to, { lowDelay });
  const parts: Float32Array[] = [];
  for (let at = 0; at < input.length; at += block) parts.push(resampler.push(input.slice(at, at + block)).slice());
  parts.push(resampler.finish());
  const out = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Largest difference, away from both ends where the filter sees silence. */
function worst(a: Float32Array, b: Float32Array, margin = 400): number {
  let largest = 0;
  for (let i = margin; i < Math.min(a.length, b.length) - margin; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}

const rates = [8000, 11025, 16000, 22050, 32000, 44100, 44056, 48000, 88200, 96000, 192000];

describe("createResampler", () => {
  it.each(rates)("keeps a tone's height, phase and time from %i Hz", (rate) => {
    const out = resampled(tone(1234.5, rate, 1), rate, 22050);
    expect(out.length).toBe(22050);
    expect(worst(out, tone(1234.5, 22050, 1))).toBeLessThan(3e-6);
  });

  it.each(rates.filter((rate) => rate > 22050))("removes what would fold back, from %i Hz", (rate) => {
    const out = resampled(tone(11200, rate, 1), rate, 22050);
    const level = Math.max(...out.subarray(400, -400).map(Math.abs));
    expect(20 * Math.log10(level)).toBeLessThan(-115);
  });

  it("keeps the pass band flat up to 0.91 of Nyquist", () => {
    const out = resampled(tone(10000, 44100, 1), 44100, 22050);
    expect(worst(out, tone(10000, 22050, 1))).toBeLessThan(3e-6);
  });

  it.each([[44100, 37], [48000, 1000], [16000, 4096]])("gives the same in any block size, from %i Hz", (rate, block) => {
    const input = tone(440, rate, 1);
    const whole = resampled(input, rate, 22050);
    expect(worst(resampled(input, rate, 22050, block), whole, 0)).toBeLessThan(1e-6);
    expect(worst(resampled(input, rate, 22050, block, true), whole, 0)).toBeLessThan(1e-6);
  });

  it("answers within 25 ms when the delay is to be short", () => {
    const resampler = createResampler(48000, 22050, { lowDelay: true });
    let sent = 0, received = 0, worstDelay = 0;
    for (let i = 0; i < 400; i++) {
      sent += 128;
      received += resampler.push(new Float32Array(128)).length;
      worstDelay = Math.max(worstDelay, sent / 48000 - received / 22050);
    }
    expect(worstDelay).toBeLessThan(0.025);
  });

  it("passes equal rates through untouched", () => {
    const input = tone(440, 22050, 0.1);
    expect(resampled(input, 22050, 22050)).toEqual(input);
  });

  it("gives nothing for nothing", () => {
    expect(resampled(new Float32Array(0), 48000, 22050).length).toBe(0);
  });
});
