/**
 * Any sound file as a stream of mono blocks, through WebCodecs.
 *
 * Only a few blocks are in memory at a time, so that a file of any length can be heard.
 */
import {
  ADTS, AudioSampleSink, BlobSource, FLAC, Input, MATROSKA, MP3, MP4, OGG, QTFF, WAVE, WEBM,
  type AudioSample, type InputAudioTrack,
} from "mediabunny";
import { readMp3Delay } from "./encoder-delay.ts";

/** A file that cannot be heard; the message is a sentence for the person who brought it. */
export class AudioFileError extends Error {
  override readonly name = "AudioFileError";
}

/** This browser cannot decode the file block by block; decodeAudioData may still manage it as a whole. */
export class NotStreamableError extends Error {
  override readonly name = "NotStreamableError";
  /** @param sampleRate Hz, where the file's header tells it */
  constructor(readonly sampleRate: number | null) {
    super("This browser cannot decode the file block by block.");
  }
}

export interface MonoBlock {
  /** mean of the channels; overwritten by the next block */
  readonly mono: Float32Array;
  /** Hz */
  readonly sampleRate: number;
}

export interface OpenedFile {
  /** seconds that the file announces, if it does */
  readonly announcedS: number | null;
  /** The sound, encoder delay cut. Ends early, without an error, where the file breaks off. */
  blocks(): AsyncGenerator<MonoBlock>;
  /** One sentence once `blocks` has ended before the file's announced end. */
  readonly shortfall: string | null;
  close(): void;
}

const FORMATS = [MP3, MP4, QTFF, OGG, WAVE, FLAC, WEBM, MATROSKA, ADTS];

/** Blocks handed on are at least this long: fewer, larger pieces cost less. */
const BLOCK_S = 0.25;

/** Seconds: jumps of the clock below this are rounding in the container, longer ones are silence. */
const SMALLEST_GAP_S = 0.05;
/** Seconds: a clock that jumps further is broken. */
const LARGEST_GAP_S = 600;

/**
 * @throws AudioFileError if there is nothing to hear in the file
 * @throws NotStreamableError if this browser needs the whole file at once
 */
export async function openFile(file: Blob, name: string): Promise<OpenedFile> {
  if (file.size === 0) throw new AudioFileError(`${name} is empty (0 bytes); check that the copy or download finished.`);
  const input = new Input({ source: new BlobSource(file), formats: FORMATS });
  try {
    if (!(await input.canRead())) throw new NotStreamableError(null);
    const track = await input.getPrimaryAudioTrack();
    if (!track) throw new AudioFileError(`${name} holds no sound, only pictures.`);
    if (typeof AudioDecoder === "undefined" || !(await track.canDecode())) throw new NotStreamableError(await track.getSampleRate());
    const startS = Math.max(0, await input.getFirstTimestamp());
    return new StreamedFile(input, track, file, name, startS, await input.getDurationFromMetadata());
  } catch (error) {
    input.dispose();
    if (error instanceof AudioFileError || error instanceof NotStreamableError) throw error;
    throw new NotStreamableError(null);
  }
}

class StreamedFile implements OpenedFile {
  shortfall: string | null = null;

  constructor(
    private readonly input: Input,
    private readonly track: InputAudioTrack,
    private readonly file: Blob,
    private readonly name: string,
    /** where the container's clock begins, pictures included */
    private readonly startS: number,
    readonly announcedS: number | null,
  ) {}

  async *blocks(): AsyncGenerator<MonoBlock> {
    const isMp3 = (await this.track.getCodec()) === "mp3";
    const delay = isMp3 ? await readMp3Delay(this.file) : { start: 0, length: null };
    let toCut = delay.start;
    let remaining = delay.length ?? Infinity;
    let heardS = 0;
    let failure: unknown = null;
    let gathered = new Gatherer(0);
    let clockS = this.startS;
    try {
      for await (const sample of new AudioSampleSink(this.track).samples()) {
        const { sampleRate, timestamp, numberOfFrames } = sample;
        if (gathered.sampleRate !== sampleRate) {
          if (gathered.length > 0) yield gathered.take();
          gathered = new Gatherer(sampleRate);
        }
        // The sound of a video may begin late or pause: its times are those of the pictures.
        const gapS = timestamp - clockS;
        clockS = timestamp + numberOfFrames / sampleRate;
        if (gapS > SMALLEST_GAP_S && gapS < LARGEST_GAP_S) {
          heardS += gapS;
          const most = Math.ceil(BLOCK_S * sampleRate);
          for (let missing = Math.round(gapS * sampleRate); missing > 0; missing -= most) {
            gathered.addSilence(Math.min(missing, most));
            yield gathered.take();
          }
        }
        // Edit lists and pre-skip put what is not to be heard before time zero.
        const cut = Math.min(numberOfFrames, Math.max(toCut, Math.round(-timestamp * sampleRate), 0));
        const kept = Math.max(0, Math.min(numberOfFrames - cut, remaining));
        gathered.add(sample, cut, kept);
        sample.close();
        toCut = Math.max(0, toCut - cut);
        remaining -= kept;
        heardS += kept / sampleRate;
        if (gathered.length >= BLOCK_S * sampleRate) yield gathered.take();
      }
    } catch (error) {
      failure = error;
    }
    if (gathered.length > 0) yield gathered.take();
    if (heardS === 0) throw new AudioFileError(`${this.name} could not be decoded; it may be damaged or not a sound file.`);
    // Headers of compressed files are off by a frame or two: only a real loss is told.
    const missing = this.announcedS !== null && heardS < this.announcedS - 0.5;
    if (failure || missing) {
      const of = missing ? ` of the ${this.announcedS!.toFixed(1)} s it announces` : "";
      this.shortfall = `${this.name} breaks off after ${heardS.toFixed(1)} s${of}; the rest is missing.`;
    }
  }

  close(): void {
    this.input.dispose();
  }
}

/** Mixes short pieces of one sampling rate down to mono and joins them, in one buffer: a long file makes no garbage. */
class Gatherer {
  private buffer: Float32Array<ArrayBuffer>;
  private plane = new Float32Array(0);
  length = 0;

  constructor(readonly sampleRate: number) {
    this.buffer = new Float32Array(Math.ceil(2 * BLOCK_S * sampleRate));
  }

  /** Appends `kept` frames of a sample, from its frame `cut` on. */
  add(sample: AudioSample, cut: number, kept: number): void {
    if (kept <= 0) return;
    this.makeRoom(kept);
    if (this.plane.length < kept) this.plane = new Float32Array(kept);
    const mono = this.buffer.subarray(this.length, this.length + kept);
    const other = this.plane.subarray(0, kept);
    const channels = sample.numberOfChannels;
    for (let channel = 0; channel < channels; channel++) {
      sample.copyTo(channel === 0 ? mono : other, { planeIndex: channel, format: "f32-planar", frameOffset: cut, frameCount: kept });
      if (channel > 0) for (let i = 0; i < kept; i++) mono[i] += other[i];
    }
    if (channels > 1) for (let i = 0; i < kept; i++) mono[i] /= channels;
    this.length += kept;
  }

  addSilence(frames: number): void {
    this.makeRoom(frames);
    this.buffer.fill(0, this.length, this.length + frames);
    this.length += frames;
  }

  private makeRoom(frames: number): void {
    if (this.length + frames <= this.buffer.length) return;
    const larger = new Float32Array(2 * (this.length + frames));
    larger.set(this.buffer.subarray(0, this.length));
    this.buffer = larger;
  }

  take(): MonoBlock {
    const mono = this.buffer.subarray(0, this.length);
    this.length = 0;
    return { mono, sampleRate: this.sampleRate };
  }
}
