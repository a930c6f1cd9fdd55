/**
 * From channels to the one that is heard: their mean, or the louder one where they cancel each other out.
 *
 * Decided second by second, as docs/bundle.md ("Front end") defines it.
 */
import { AudioFileError, type Planes } from "./sound.ts";

/** Below, a channel is silent. */
const AUDIBLE_VARIANCE = 1e-9;
/** The mean has less than this share of a channel's power: they cancel each other out. */
const CANCELLED = 0.01;
/** Of the channels, the first is heard that has this share of the loudest one's power. */
const LOUD_ENOUGH = 0.5;
/** Of larger samples no spectrum can be made. */
const BEYOND_ALL_MEASURE = 1e12;

export interface MonoBlock {
  /** overwritten by the next block */
  readonly mono: Float32Array;
  /** Hz */
  readonly sampleRate: number;
}

/** Mixes a stream of pieces down, in windows of exactly one second. */
export class MonoMixer {
  private window: Float32Array[] = [];
  private filled = 0;
  private sampleRate = 0;
  /** seconds in which the channels cancelled each other out */
  private cancelledS = 0;
  private nSamples = 0;
  private nSilenced = 0;

  constructor(private readonly name: string) {}

  /**
   * What there is to say about it, once all is heard.
   *
   * @throws AudioFileError if most of it are no samples
   */
  get remarks(): string[] {
    const { name, nSilenced, cancelledS } = this;
    if (2 * nSilenced > this.nSamples) throw new AudioFileError(`${name} holds samples that are not numbers or beyond all measure: export it again as 16-bit audio.`);
    const said = [];
    if (nSilenced > 0) said.push(`${nSilenced} samples of ${name} are no numbers or beyond all measure, and heard as silence.`);
    if (cancelledS > 0) said.push(`The channels of ${name} cancel each other out for ${cancelledS.toFixed(1)} s: the louder one is heard there.`);
    return said;
  }

  *push({ channels, sampleRate }: Planes): Generator<MonoBlock> {
    if (sampleRate !== this.sampleRate || channels.length !== this.window.length) {
      yield* this.finish();
      this.sampleRate = sampleRate;
      this.window = channels.map(() => new Float32Array(sampleRate));
    }
    const length = channels[0].length;
    for (let at = 0; at < length;) {
      const count = Math.min(length - at, sampleRate - this.filled);
      this.window.forEach((kept, c) => kept.set(channels[c].subarray(at, at + count), this.filled));
      at += count;
      this.filled += count;
      if (this.filled === sampleRate) yield* this.finish();
    }
  }

  /** What is left of the last second. */
  *finish(): Generator<MonoBlock> {
    if (this.filled > 0) yield { mono: this.mixed(this.window.map((plane) => plane.subarray(0, this.filled))), sampleRate: this.sampleRate };
    this.filled = 0;
  }

  private mixed(planes: readonly Float32Array[]): Float32Array {
    const { heard, meanSquare } = this.chosen(planes);
    this.nSamples += heard.length;
    // One sum tells, at a tenth of looking at each.
    if (meanSquare <= BEYOND_ALL_MEASURE ** 2 / heard.length) return heard;
    return heard.map((sample) => {
      if (Math.abs(sample) < BEYOND_ALL_MEASURE) return sample;
      this.nSilenced++;
      return 0;
    });
  }

  private chosen(planes: readonly Float32Array[]): Mixed {
    const [first] = planes;
    if (planes.length === 1) return { heard: first, ...momentsOf(first) };
    const { mean, moments } = planes.length === 2 ? mixOfTwo(first, planes[1]) : mixOf(planes);
    const loudest = Math.max(...moments.map(({ variance }) => variance));
    if (!(loudest > AUDIBLE_VARIANCE && mean.variance < CANCELLED * loudest)) return mean;
    this.cancelledS += first.length / this.sampleRate;
    const i = moments.findIndex(({ variance }) => variance >= LOUD_ENOUGH * loudest);
    return { heard: planes[i], ...moments[i] };
  }
}

interface Moments {
  readonly meanSquare: number;
  readonly variance: number;
}

interface Mixed extends Moments {
  readonly heard: Float32Array;
}

/** The channels' mean with its moments, and those of each channel. */
interface Mix {
  readonly mean: Mixed;
  readonly moments: readonly Moments[];
}

/** Touches each sample once: the moments of the mean follow from those of the two and of their product. */
function mixOfTwo(a: Float32Array, b: Float32Array): Mix {
  const heard = new Float32Array(a.length);
  let [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const x = a[i];
    const y = b[i];
    heard[i] = (x + y) / 2;
    sumA += x;
    sumB += y;
    squaresA += x * x;
    squaresB += y * y;
    products += x * y;
  }
  const n = a.length;
  return {
    mean: { heard, ...moments(n, (sumA + sumB) / 2, (squaresA + squaresB + 2 * products) / 4) },
    moments: [moments(n, sumA, squaresA), moments(n, sumB, squaresB)],
  };
}

function mixOf(planes: readonly Float32Array[]): Mix {
  const heard = new Float32Array(planes[0].length);
  for (const plane of planes) for (let i = 0; i < heard.length; i++) heard[i] += plane[i];
  for (let i = 0; i < heard.length; i++) heard[i] /= planes.length;
  return { mean: { heard, ...momentsOf(heard) }, moments: planes.map(momentsOf) };
}

function momentsOf(samples: Float32Array): Moments {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i];
    sum += sample;
    squares += sample * sample;
  }
  return moments(samples.length, sum, squares);
}

function moments(n: number, sum: number, squares: number): Moments {
  const mean = sum / n;
  const meanSquare = Math.max(0, squares / n);
  return { meanSquare, variance: Math.max(0, meanSquare - mean * mean) };
}
