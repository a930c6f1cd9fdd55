import { describe, expect, it } from "vitest";
import { Fft } from "./fft.ts";

function slowTransform(re: Float64Array, im: Float64Array): [Float64Array, Float64Array] {
  const n = re.length;
  const outRe = new Float64Array(n), outIm = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      const angle = (-2 * Math.PI * ((k * i) % n)) / n;
      outRe[k] += re[i] * Math.cos(angle) - im[i] * Math.sin(angle);
      outIm[k] += re[i] * Math.sin(angle) + im[i] * Math.cos(angle);
    }
  }
  return [outRe, outIm];
}

const noise = (n: number, seed: number) => Float64Array.from({ length: n }, (_, i) => Math.sin(seed + i * i * 0.7));

describe("Fft", () => {
  it.each([1, 2, 4, 8, 32, 64, 512])("equals the definition for %i points", (n) => {
    const re = noise(n, 1), im = noise(n, 2);
    const [expectedRe, expectedIm] = slowTransform(re, im);
    new Fft(n).forward(re, im);
    for (let k = 0; k < n; k++) {
      expect(Math.abs(re[k] - expectedRe[k])).toBeLessThan(1e-10);
      expect(Math.abs(im[k] - expectedIm[k])).toBeLessThan(1e-10);
    }
  });

  it("is undone by its inverse", () => {
    const n = 2048;
    const re = noise(n, 3), im = noise(n, 4);
    const fft = new Fft(n);
    fft.forward(re, im);
    fft.inverseUnscaled(re, im);
    const expected = noise(n, 3);
    for (let i = 0; i < n; i++) expect(Math.abs(re[i] / n - expected[i])).toBeLessThan(1e-12);
  });

  it("refuses a length that is no power of two", () => {
    expect(() => new Fft(12)).toThrow(RangeError);
  });
});
