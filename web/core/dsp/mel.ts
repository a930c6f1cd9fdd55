/**
 * The front end: samples to log-mel frames, as docs/bundle.md defines it, in double precision.
 */
import type { FrontEnd } from "../bundle/card.ts";
import { Fft } from "./fft.ts";
import { SampleQueue } from "./resampler.ts";

/** Consecutive frames; row `f` of `logMel` belongs to the same moment as `power[f]` and `peak[f]`. */
export interface Frames {
  readonly count: number;
  /** dB, row-major `(count, n_mels)` */
  readonly logMel: Float32Array;
  /** variance of the frame's samples, without a window: a constant is no sound */
  readonly power: Float32Array;
  /** largest magnitude among the `hop_length` samples from the frame's start */
  readonly peak: Float32Array;
}

/** Splits a stream of mono samples into overlapping frames and measures each. */
export class MelStream {
  private readonly queue = new SampleQueue();
  private readonly fft: Fft;
  private readonly window: Float64Array;
  private readonly bank: SparseBank;
  private readonly re: Float64Array;
  private readonly im: Float64Array;
  private readonly spectrum: Float64Array;
  /** samples still to come that lie between two frames (a hop longer than the frame) */
  private toSkip = 0;

  /** @param melBank row-major `(n_mels, n_fft / 2 + 1)` */
  constructor(private readonly frontEnd: FrontEnd, melBank: Float32Array) {
    const { n_fft, n_mels } = frontEnd;
    if (melBank.length !== n_mels * (n_fft / 2 + 1)) {
      throw new RangeError(`The filter bank holds ${melBank.length} numbers, not ${n_mels} x ${n_fft / 2 + 1}.`);
    }
    this.fft = new Fft(n_fft);
    this.window = Float64Array.from({ length: n_fft }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / n_fft));
    this.bank = new SparseBank(melBank, n_mels, n_fft / 2 + 1);
    this.re = new Float64Array(n_fft);
    this.im = new Float64Array(n_fft);
    this.spectrum = new Float64Array(n_fft / 2 + 1);
  }

  /** @returns the frames that the samples complete */
  push(samples: Float32Array): Frames {
    const passed = Math.min(this.toSkip, samples.length);
    this.toSkip -= passed;
    this.queue.push(samples.subarray(passed));
    const { n_fft, hop_length, n_mels } = this.frontEnd;
    const count = this.queue.length < n_fft ? 0 : Math.floor((this.queue.length - n_fft) / hop_length) + 1;
    const frames = newFrames(count, n_mels);
    for (let f = 0; f < count; f += 2) {
      // Two real frames share one complex transform.
      const pair = f + 1 < count;
      this.load(f, this.re, frames);
      if (pair) this.load(f + 1, this.im, frames);
      else this.im.fill(0);
      this.fft.forward(this.re, this.im);
      this.separate(1);
      this.bank.apply(this.spectrum, frames.logMel, f * n_mels, this.frontEnd.amin);
      if (!pair) continue;
      this.separate(-1);
      this.bank.apply(this.spectrum, frames.logMel, (f + 1) * n_mels, this.frontEnd.amin);
    }
    const used = Math.min(count * hop_length, this.queue.length);
    this.toSkip += count * hop_length - used;
    this.queue.drop(used);
    return frames;
  }

  /** Windows frame `f` of the queue into `target` and measures its level. */
  private load(f: number, target: Float64Array, frames: Frames): void {
    const { n_fft, hop_length } = this.frontEnd;
    const { data, start } = this.queue;
    const from = start + f * hop_length;
    let sum = 0;
    let power = 0;
    for (let i = 0; i < n_fft; i++) {
      const sample = data[from + i];
      sum += sample;
      power += sample * sample;
      target[i] = sample * this.window[i];
    }
    let peak = 0;
    const until = Math.min(from + hop_length, start + this.queue.length);
    for (let i = from; i < until; i++) peak = Math.max(peak, Math.abs(data[i]));
    frames.power[f] = Math.max(0, power / n_fft - (sum / n_fft) ** 2);
    frames.peak[f] = peak;
  }

  /** Power spectrum of the pair's first (`sign` 1) or second (`sign` -1) frame. */
  private separate(sign: 1 | -1): void {
    const { re, im, spectrum } = this;
    const mask = this.frontEnd.n_fft - 1;
    for (let k = 0; k < spectrum.length; k++) {
      const mirror = (mask + 1 - k) & mask;
      const a = re[k] + sign * re[mirror];
      const b = im[k] - sign * im[mirror];
      spectrum[k] = (a * a + b * b) / 4;
    }
  }
}

/** A filter bank that skips the zeros outside each band. */
class SparseBank {
  private readonly first: Int32Array;
  private readonly weights: Float32Array[];

  constructor(bank: Float32Array, nMels: number, nBins: number) {
    this.first = new Int32Array(nMels);
    this.weights = [];
    for (let m = 0; m < nMels; m++) {
      const row = bank.subarray(m * nBins, (m + 1) * nBins);
      const from = row.findIndex((w) => w !== 0);
      const to = row.findLastIndex((w) => w !== 0);
      this.first[m] = Math.max(0, from);
      this.weights.push(from < 0 ? new Float32Array(0) : row.slice(from, to + 1));
    }
  }

  apply(spectrum: Float64Array, out: Float32Array, at: number, amin: number): void {
    for (let m = 0; m < this.weights.length; m++) {
      const weights = this.weights[m];
      const first = this.first[m];
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i] * spectrum[first + i];
      out[at + m] = 10 * Math.log10(Math.max(sum, amin));
    }
  }
}

function newFrames(count: number, nMels: number): Frames {
  return {
    count,
    logMel: new Float32Array(count * nMels),
    power: new Float32Array(count),
    peak: new Float32Array(count),
  };
}
