/** From mono samples at any rate to steps: resampler, front end and network in a row. */
import { KeptSound } from "../audio/kept-sound.ts";
import type { Card } from "../bundle/card.ts";
import { MelStream } from "../dsp/mel.ts";
import { stepEndS } from "../curve/spans.ts";
import { createResampler, type BlockFilter } from "../dsp/resampler.ts";
import { StepStream, type StepNetwork, type Steps } from "./step-stream.ts";

/** Steps and the waveform that has become known with them. */
export interface Heard extends Steps {
  /** largest magnitude per hop, from the frame after the last one reported */
  readonly peaks: Float32Array;
  /** seconds of sound that have arrived after the last sample which the newest step heard */
  readonly lagS: number;
}

export interface ListenerOptions {
  readonly live: boolean;
}

/** Milliseconds. */
export interface Spent {
  decoding: number;
  resampling: number;
  mel: number;
  network: number;
}

/** Steps in the first and in every later block of a file: a first curve soon, then few large blocks. */
const FIRST_BLOCK = 8;
const LARGEST_BLOCK = 128;

export class Listener {
  private resampler: BlockFilter;
  private readonly mel: MelStream;
  private readonly steps: StepStream;
  private block: number;
  private peaks: Float32Array[] = [];
  /** milliseconds spent so far */
  readonly spent: Spent = { decoding: 0, resampling: 0, mel: 0, network: 0 };
  /** mono samples at the front end's rate so far */
  nSamples = 0;
  private received = 0;
  /** live: what was heard, to be played again */
  readonly kept: KeptSound | null;

  constructor(private readonly card: Card, melBank: Float32Array, network: StepNetwork, private sampleRate: number, private readonly options: ListenerOptions) {
    this.resampler = createResampler(sampleRate, card.front_end.sample_rate, { lowDelay: options.live });
    this.mel = new MelStream(card.front_end, melBank);
    this.steps = new StepStream(network, card.timing);
    this.block = options.live ? 1 : FIRST_BLOCK;
    this.kept = options.live ? new KeptSound(card.front_end.sample_rate) : null;
  }

  /**
   * @param sampleRate Hz; where it changes, what follows is appended to what came before
   * @returns the steps that these samples complete, or null if there are too few for a block
   */
  push(mono: Float32Array, sampleRate = this.sampleRate): Heard | null {
    if (sampleRate !== this.sampleRate) {
      this.take(this.timed("resampling", () => this.resampler.finish()));
      this.resampler = createResampler(sampleRate, this.card.front_end.sample_rate, { lowDelay: this.options.live });
      this.received = (this.received * sampleRate) / this.sampleRate;
      this.sampleRate = sampleRate;
    }
    this.received += mono.length;
    this.take(this.timed("resampling", () => this.resampler.push(mono)));
    if (this.steps.pending < this.block) return null;
    const heard = this.heard();
    if (!this.options.live) this.block = Math.min(LARGEST_BLOCK, this.block * 2);
    return heard;
  }

  /** @returns whatever steps are left, once the sound has ended */
  finish(): Heard {
    this.take(this.timed("resampling", () => this.resampler.finish()));
    return this.heard();
  }

  private take(samples: Float32Array): void {
    if (samples.length === 0) return;
    this.nSamples += samples.length;
    this.kept?.push(samples);
    const frames = this.timed("mel", () => this.mel.push(samples));
    if (frames.count === 0) return;
    this.steps.add(frames);
    this.peaks.push(frames.peak);
  }

  private heard(): Heard {
    const steps = this.timed("network", () => this.steps.run());
    const length = this.peaks.reduce((sum, part) => sum + part.length, 0);
    const peaks = new Float32Array(length);
    let at = 0;
    for (const part of this.peaks) {
      peaks.set(part, at);
      at += part.length;
    }
    this.peaks = [];
    return { ...steps, peaks, lagS: this.received / this.sampleRate - stepEndS(this.card, steps.first + steps.count - 1) };
  }

  private timed<T>(stage: keyof Listener["spent"], work: () => T): T {
    const start = performance.now();
    const result = work();
    this.spent[stage] += performance.now() - start;
    return result;
  }
}
