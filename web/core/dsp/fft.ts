/**
 * Complex fast Fourier transform of a power-of-two length in double precision.
 *
 * Stockham's self-sorting radix-4 form. Double precision is needed: a single-precision transform
 * is off by whole decibels in quiet mel bands.
 */
export class Fft {
  private readonly cos: Float64Array;
  private readonly sin: Float64Array;
  private readonly scratchRe: Float64Array;
  private readonly scratchIm: Float64Array;

  /** @param size number of complex points, a power of two */
  constructor(readonly size: number) {
    if (size < 1 || (size & (size - 1)) !== 0) throw new RangeError(`FFT size ${size} is not a power of two`);
    this.cos = Float64Array.from({ length: size }, (_, i) => Math.cos((2 * Math.PI * i) / size));
    this.sin = Float64Array.from({ length: size }, (_, i) => -Math.sin((2 * Math.PI * i) / size));
    this.scratchRe = new Float64Array(size);
    this.scratchIm = new Float64Array(size);
  }

  /** Transforms `re + i im` (size points each) in place. */
  forward(re: Float64Array, im: Float64Array): void {
    const size = this.size;
    let xr = re, xi = im, yr = this.scratchRe, yi = this.scratchIm;
    let n = size;
    let stride = 1;
    for (; n >= 4; n >>= 2, stride <<= 2) {
      this.radix4(n, stride, xr, xi, yr, yi);
      [xr, yr] = [yr, xr];
      [xi, yi] = [yi, xi];
    }
    if (n === 2) {
      for (let q = 0; q < stride; q++) {
        const ar = xr[q], ai = xi[q], br = xr[q + stride], bi = xi[q + stride];
        yr[q] = ar + br;
        yi[q] = ai + bi;
        yr[q + stride] = ar - br;
        yi[q + stride] = ai - bi;
      }
      [xr, yr] = [yr, xr];
      [xi, yi] = [yi, xi];
    }
    if (xr !== re) {
      re.set(xr);
      im.set(xi);
    }
  }

  /** Inverse transform in place, without the division by `size`. */
  inverseUnscaled(re: Float64Array, im: Float64Array): void {
    this.forward(im, re);
  }

  private radix4(
    n: number, stride: number,
    xr: Float64Array, xi: Float64Array, yr: Float64Array, yi: Float64Array,
  ): void {
    const quarter = n >> 2;
    const turn = this.size / n;
    const { cos, sin } = this;
    for (let p = 0; p < quarter; p++) {
      const w1r = cos[p * turn], w1i = sin[p * turn];
      const w2r = cos[2 * p * turn], w2i = sin[2 * p * turn];
      const w3r = cos[3 * p * turn], w3i = sin[3 * p * turn];
      const from = stride * p;
      const to = stride * 4 * p;
      for (let q = 0; q < stride; q++) {
        const i0 = from + q, i1 = i0 + stride * quarter, i2 = i1 + stride * quarter, i3 = i2 + stride * quarter;
        const sumACr = xr[i0] + xr[i2], sumACi = xi[i0] + xi[i2];
        const difACr = xr[i0] - xr[i2], difACi = xi[i0] - xi[i2];
        const sumBDr = xr[i1] + xr[i3], sumBDi = xi[i1] + xi[i3];
        const difBDr = xi[i3] - xi[i1], difBDi = xr[i1] - xr[i3];
        const o0 = to + q, o1 = o0 + stride, o2 = o1 + stride, o3 = o2 + stride;
        yr[o0] = sumACr + sumBDr;
        yi[o0] = sumACi + sumBDi;
        const t1r = difACr - difBDr, t1i = difACi - difBDi;
        yr[o1] = t1r * w1r - t1i * w1i;
        yi[o1] = t1r * w1i + t1i * w1r;
        const t2r = sumACr - sumBDr, t2i = sumACi - sumBDi;
        yr[o2] = t2r * w2r - t2i * w2i;
        yi[o2] = t2r * w2i + t2i * w2r;
        const t3r = difACr + difBDr, t3i = difACi + difBDi;
        yr[o3] = t3r * w3r - t3i * w3i;
        yi[o3] = t3r * w3i + t3i * w3r;
      }
    }
  }
}
