/**
 * Runs the network over frames as they come, each step once.
 *
 * docs/bundle.md, "Network": step `i` hears the frames `[i*S + o, i*S + o + R)`, and a block that
 * starts at a frame `a > 0`, a multiple of `S`, yields every step whose frames it holds in full.
 */
import type { Timing } from "../bundle/card.ts";
import type { Frames } from "../dsp/mel.ts";

const LOWEST_LEVEL_DBFS = -120;

/** Consecutive steps, with what is needed to show them. */
export interface Steps {
  readonly first: number;
  readonly count: number;
  /** row-major `(count, n_genres)` */
  readonly logits: Float32Array;
  /** dBFS */
  readonly levels: Float32Array;
}

/** The part of the network that is used here. */
export interface StepNetwork {
  readonly nMels: number;
  readonly nGenres: number;
  stepLogits(logMel: Float32Array, nFrames: number): Float32Array;
}

export class StepStream {
  private logMel = new Float32Array(0);
  private power = new Float32Array(0);
  /** the frame that row 0 of the kept frames is */
  private firstFrame = 0;
  private kept = 0;
  private nextStep = 0;

  constructor(private readonly network: StepNetwork, private readonly timing: Timing) {}

  /** Frames received so far. */
  get nFrames(): number {
    return this.firstFrame + this.kept;
  }

  /** Steps the received frames allow that have not been run. */
  get pending(): number {
    const { step_frames, first_frame, receptive_field_frames } = this.timing;
    const end = this.nFrames - (first_frame + receptive_field_frames);
    return end < 0 ? 0 : Math.floor(end / step_frames) + 1 - this.nextStep;
  }

  add(frames: Frames): void {
    const { nMels } = this.network;
    const needed = this.kept + frames.count;
    if (needed > this.power.length) {
      const room = Math.max(64, 2 * needed);
      this.logMel = grown(this.logMel, room * nMels);
      this.power = grown(this.power, room);
    }
    this.logMel.set(frames.logMel, this.kept * nMels);
    this.power.set(frames.power, this.kept);
    this.kept = needed;
  }

  /** Runs up to `most` pending steps. */
  run(most = Infinity): Steps {
    const { step_frames: stride, first_frame: offset, receptive_field_frames: field, minimum_frames } = this.timing;
    const { nGenres, nMels } = this.network;
    const first = this.nextStep;
    const wanted = Math.min(this.pending, most);
    if (wanted <= 0 || this.nFrames < minimum_frames) {
      return { first, count: 0, logits: new Float32Array(0), levels: new Float32Array(0) };
    }
    const from = this.blockStart(first);
    const to = (first + wanted - 1) * stride + offset + field;
    const block = this.logMel.subarray((from - this.firstFrame) * nMels, (to - this.firstFrame) * nMels);
    const all = this.network.stepLogits(block, to - from);
    const skipped = first - from / stride;
    const count = Math.min(wanted, all.length / nGenres - skipped);
    const logits = all.slice(skipped * nGenres, (skipped + count) * nGenres);
    const levels = new Float32Array(count);
    for (let i = 0; i < count; i++) levels[i] = this.level((first + i) * stride + offset, field);
    this.nextStep += count;
    this.forget(this.blockStart(this.nextStep));
    return { first, count, logits, levels };
  }

  /** The latest multiple of the stride from which a block holds everything that `step` hears. */
  private blockStart(step: number): number {
    const { step_frames: stride, first_frame: offset } = this.timing;
    return Math.max(0, Math.floor((step * stride + offset) / stride) * stride);
  }

  private level(start: number, field: number): number {
    const from = Math.max(0, start) - this.firstFrame;
    const to = start + field - this.firstFrame;
    let sum = 0;
    for (let f = from; f < to; f++) sum += this.power[f];
    return Math.max(LOWEST_LEVEL_DBFS, 10 * Math.log10(sum / (to - from)));
  }

  private forget(before: number): void {
    const drop = before - this.firstFrame;
    if (drop <= 0) return;
    this.logMel.copyWithin(0, drop * this.network.nMels, this.kept * this.network.nMels);
    this.power.copyWithin(0, drop, this.kept);
    this.firstFrame = before;
    this.kept -= drop;
  }
}

function grown(array: Float32Array<ArrayBuffer>, length: number): Float32Array<ArrayBuffer> {
  const larger = new Float32Array(length);
  larger.set(array);
  return larger;
}
