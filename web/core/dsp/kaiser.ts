/** Kaiser-windowed sinc filters, the family soxr designs its filters from. */

/** Modified Bessel function of the first kind, order zero (power series). */
function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** Kaiser's beta for a stop band this many dB down (Kaiser 1974). */
export function kaiserBeta(attenuationDb: number): number {
  return 0.1102 * (attenuationDb - 8.7);
}

/** Half length, in samples, of a filter with this transition width (a fraction of the sampling rate). */
export function kaiserHalfLength(attenuationDb: number, transition: number): number {
  return Math.ceil((attenuationDb - 8) / (2.285 * 2 * Math.PI * transition) / 2);
}

/** Kaiser window at `x` in [-1, 1] of its half width; zero outside. */
export function kaiser(x: number, beta: number): number {
  return Math.abs(x) > 1 ? 0 : besselI0(beta * Math.sqrt(1 - x * x)) / besselI0(beta);
}

/** `sin(pi x) / (pi x)`. */
export function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/**
 * Linear-phase low-pass filter with `2 * half + 1` taps and unit gain at 0 Hz.
 *
 * @param cutoff the -6 dB point as a fraction of the sampling rate
 */
export function lowPass(cutoff: number, half: number, beta: number): Float64Array {
  const taps = new Float64Array(2 * half + 1);
  for (let i = -half; i <= half; i++) taps[i + half] = 2 * cutoff * sinc(2 * cutoff * i) * kaiser(i / half, beta);
  const gain = taps.reduce((a, b) => a + b, 0);
  return taps.map((tap) => tap / gain);
}
