/**
 * Changes a sampling rate the way soxr's HQ setting does: pass band to 0.9136 of the lower Nyquist
 * frequency, stop band from 1.0, 125 dB down, linear phase, delay compensated.
 *
 * Two stages, both streaming. A sharp low-pass runs by overlap-save FFT, which changes the rate by a
 * power of two for free; a short polyphase interpolator covers the remaining ratio. After the first
 * stage the signal fills at most half of its band, so twenty taps are enough for any ratio. The sharp filter as a plain
 * polyphase filter would cost ten times as much.
 */
import { Fft } from "./fft.ts";
import { kaiser, kaiserBeta, kaiserHalfLength, lowPass, sinc } from "./kaiser.ts";

const ATTENUATION_DB = 125;
const PASS_BAND = 0.9136;
const INTERPOLATOR_HALF = 10;

export interface ResamplerOptions {
  /** Favour a short delay (microphone) over speed (files). */
  readonly lowDelay?: boolean;
}

/** Anything that turns blocks of samples into blocks of samples. */
export interface BlockFilter {
  /** @returns the samples that are ready, possibly none */
  push(samples: Float32Array): Float32Array;
  /** @returns what is left once the input has ended */
  finish(): Float32Array;
}

/** A resampler from `inputRate` to `outputRate` Hz; the output starts at the time of the first input sample. */
export function createResampler(inputRate: number, outputRate: number, options: ResamplerOptions = {}): BlockFilter {
  if (!(inputRate > 0 && outputRate > 0)) throw new RangeError("A sampling rate must be positive.");
  return inputRate === outputRate ? new PassThrough() : new Resampler(inputRate, outputRate, options);
}

class PassThrough implements BlockFilter {
  push(samples: Float32Array): Float32Array {
    return samples;
  }
  finish(): Float32Array {
    return new Float32Array(0);
  }
}

class Resampler implements BlockFilter {
  private readonly first: OverlapSave;
  private readonly second: Interpolator | null;
  private received = 0;
  private produced = 0;

  constructor(private readonly inputRate: number, private readonly outputRate: number, options: ResamplerOptions) {
    const band = Math.min(inputRate, outputRate);
    const octaves = Math.log2(outputRate / inputRate);
    const direct = Number.isInteger(octaves);
    // Unless the ratio is a power of two, leave one octave free above the band for the interpolator's slope.
    const shift = direct ? octaves : Math.ceil(Math.log2((2 * band) / inputRate));
    this.first = new OverlapSave(inputRate, shift, band, options.lowDelay ?? false);
    // Only the ratio counts, and in this form both rates stay whole numbers.
    this.second = direct ? null : new Interpolator(inputRate * 2 ** Math.max(0, shift), outputRate * 2 ** Math.max(0, -shift));
  }

  push(samples: Float32Array): Float32Array {
    this.received += samples.length;
    const middle = this.first.push(samples);
    const out = this.second ? this.second.push(middle) : middle;
    this.produced += out.length;
    return out;
  }

  finish(): Float32Array {
    const middle = this.first.finish();
    const tail = this.second ? concat(this.second.push(middle), this.second.finish()) : middle;
    const due = Math.round((this.received * this.outputRate) / this.inputRate) - this.produced;
    return tail.subarray(0, Math.max(0, due));
  }
}

/** Linear-phase low-pass by overlap-save FFT that also changes the rate by `2 ** shift`. */
class OverlapSave implements BlockFilter {
  private readonly size: number;
  private readonly decimation: number;
  private readonly interpolation: number;
  private readonly hop: number;
  private readonly blocks: 1 | 2;
  private readonly responseRe: Float64Array;
  private readonly responseIm: Float64Array;
  private readonly inputFft: Fft;
  private readonly outputFft: Fft;
  private readonly inRe: Float64Array;
  private readonly inIm: Float64Array;
  private readonly outRe: Float64Array;
  private readonly outIm: Float64Array;
  private readonly history: number;
  private readonly queue = new SampleQueue();
  private toDrop: number;
  private readonly halfLength: number;

  constructor(inputRate: number, shift: number, band: number, lowDelay: boolean) {
    this.decimation = 2 ** Math.max(0, -shift);
    this.interpolation = 2 ** Math.max(0, shift);
    const filterRate = inputRate * this.interpolation;
    const transition = ((1 - PASS_BAND) * band) / 2 / filterRate;
    const cutoff = (((1 + PASS_BAND) / 2) * band) / 2 / filterRate;
    // Both the delay and the kept history must fall on whole samples at the input and the output rate.
    const grain = this.decimation * this.interpolation;
    const half = Math.ceil(kaiserHalfLength(ATTENUATION_DB, transition) / grain) * grain;
    const taps = lowPass(cutoff, half, kaiserBeta(ATTENUATION_DB));

    this.halfLength = half;
    this.history = Math.ceil((2 * half) / this.interpolation / this.decimation) * this.decimation;
    const wanted = this.history * (lowDelay ? 1.5 : 8);
    this.size = 2 ** Math.ceil(Math.log2(wanted));
    this.hop = Math.floor((this.size - this.history) / this.decimation) * this.decimation;
    // Two real blocks share one complex transform: half the work, twice the delay.
    this.blocks = lowDelay ? 1 : 2;
    this.toDrop = half / this.decimation;

    const filterSize = this.size * this.interpolation;
    this.inputFft = new Fft(this.size);
    this.outputFft = new Fft(filterSize / this.decimation);
    this.responseRe = new Float64Array(filterSize);
    this.responseIm = new Float64Array(filterSize);
    this.responseRe.set(taps);
    new Fft(filterSize).forward(this.responseRe, this.responseIm);
    const scale = 1 / this.size;
    for (let k = 0; k < filterSize; k++) {
      this.responseRe[k] *= scale;
      this.responseIm[k] *= scale;
    }
    this.inRe = new Float64Array(this.size);
    this.inIm = new Float64Array(this.size);
    this.outRe = new Float64Array(filterSize / this.decimation);
    this.outIm = new Float64Array(filterSize / this.decimation);
    this.queue.push(new Float32Array(this.history));
  }

  push(samples: Float32Array): Float32Array {
    this.queue.push(samples);
    const perBlock = (this.hop * this.interpolation) / this.decimation;
    const available = Math.floor((this.queue.length - this.history) / (this.hop * this.blocks));
    if (available <= 0) return new Float32Array(0);
    const out = new Float32Array(available * this.blocks * perBlock);
    for (let i = 0; i < available; i++) {
      this.transform();
      const at = i * this.blocks * perBlock;
      this.keep(this.outRe, out, at, perBlock);
      if (this.blocks === 2) this.keep(this.outIm, out, at + perBlock, perBlock);
      this.queue.drop(this.hop * this.blocks);
    }
    const dropped = Math.min(this.toDrop, out.length);
    this.toDrop -= dropped;
    return out.subarray(dropped);
  }

  finish(): Float32Array {
    const needed = Math.ceil(this.halfLength / this.interpolation) + this.queue.length - this.history;
    const whole = Math.ceil(needed / (this.hop * this.blocks)) * this.hop * this.blocks;
    return this.push(new Float32Array(whole - (this.queue.length - this.history)));
  }

  /** Filters the block(s) at the head of the queue into `outRe` and `outIm`. */
  private transform(): void {
    const { size, inRe, inIm, outRe, outIm, responseRe, responseIm } = this;
    const { data, start } = this.queue;
    for (let i = 0; i < size; i++) inRe[i] = data[start + i];
    if (this.blocks === 2) for (let i = 0; i < size; i++) inIm[i] = data[start + this.hop + i];
    else inIm.fill(0);
    this.inputFft.forward(inRe, inIm);
    outRe.fill(0);
    outIm.fill(0);
    const filterMask = size - 1;
    const outMask = outRe.length - 1;
    for (let k = 0; k < responseRe.length; k++) {
      const xr = inRe[k & filterMask], xi = inIm[k & filterMask];
      outRe[k & outMask] += xr * responseRe[k] - xi * responseIm[k];
      outIm[k & outMask] += xr * responseIm[k] + xi * responseRe[k];
    }
    this.outputFft.inverseUnscaled(outRe, outIm);
  }

  /** Copies the part of a block that circular wrap-around did not touch. */
  private keep(block: Float64Array, out: Float32Array, at: number, count: number): void {
    const from = (this.history * this.interpolation) / this.decimation;
    for (let i = 0; i < count; i++) out[at + i] = block[from + i];
  }
}

/** Short polyphase interpolator for a signal that fills at most half of its band. */
class Interpolator implements BlockFilter {
  private readonly numerator: number;
  private readonly denominator: number;
  private readonly phases: Float64Array;
  private readonly queue = new SampleQueue();
  private index: number;
  private phase = 0;

  constructor(inputRate: number, outputRate: number) {
    const divisor = greatestCommonDivisor(inputRate, outputRate);
    this.numerator = inputRate / divisor;
    this.denominator = outputRate / divisor;
    const taps = 2 * INTERPOLATOR_HALF;
    const beta = kaiserBeta(ATTENUATION_DB);
    this.phases = new Float64Array(this.denominator * taps);
    for (let phase = 0; phase < this.denominator; phase++) {
      for (let tap = 0; tap < taps; tap++) {
        const distance = tap - (INTERPOLATOR_HALF - 1) - phase / this.denominator;
        this.phases[phase * taps + tap] = sinc(distance) * kaiser(distance / INTERPOLATOR_HALF, beta);
      }
    }
    this.queue.push(new Float32Array(INTERPOLATOR_HALF - 1));
    this.index = 0;
  }

  push(samples: Float32Array): Float32Array {
    this.queue.push(samples);
    const taps = 2 * INTERPOLATOR_HALF;
    const { data, start, length } = this.queue;
    const room = Math.max(0, Math.ceil(((length - taps - this.index + 1) * this.denominator) / this.numerator) + 1);
    const out = new Float32Array(room);
    let count = 0;
    for (; this.index + taps <= length; count++) {
      let sum = 0;
      const from = start + this.index;
      const row = this.phase * taps;
      for (let tap = 0; tap < taps; tap++) sum += data[from + tap] * this.phases[row + tap];
      out[count] = sum;
      this.phase += this.numerator;
      const whole = Math.floor(this.phase / this.denominator);
      this.index += whole;
      this.phase -= whole * this.denominator;
    }
    const used = Math.min(this.index, length);
    this.queue.drop(used);
    this.index -= used;
    return out.subarray(0, count);
  }

  finish(): Float32Array {
    return this.push(new Float32Array(2 * INTERPOLATOR_HALF));
  }
}

/** First-in first-out samples in one array that is compacted rather than reallocated. */
export class SampleQueue {
  data = new Float32Array(8192);
  start = 0;
  private end = 0;

  get length(): number {
    return this.end - this.start;
  }

  push(samples: Float32Array): void {
    if (this.end + samples.length > this.data.length) {
      const live = this.data.subarray(this.start, this.end);
      const needed = live.length + samples.length;
      if (needed > this.data.length / 2) {
        const grown = new Float32Array(2 ** Math.ceil(Math.log2(needed * 2)));
        grown.set(live);
        this.data = grown;
      } else {
        this.data.copyWithin(0, this.start, this.end);
      }
      this.end -= this.start;
      this.start = 0;
    }
    this.data.set(samples, this.end);
    this.end += samples.length;
  }

  drop(count: number): void {
    this.start += count;
  }
}

function concat(a: Float32Array, b: Float32Array): Float32Array {
  const joined = new Float32Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
