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
  /** mean of the channels */
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
    return new StreamedFile(input, track, file, name, await input.getDurationFromMetadata());
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
    try {
      for await (const sample of new AudioSampleSink(this.track).samples()) {
        let mono = toMono(sample);
        const { sampleRate, timestamp } = sample;
        sample.close();
        // Edit lists and pre-skip put what is not to be heard before time zero.
        const cut = Math.min(mono.length, Math.max(toCut, Math.round(-timestamp * sampleRate), 0));
        toCut = Math.max(0, toCut - cut);
        mono = mono.subarray(cut, cut + Math.max(0, Math.min(mono.length - cut, remaining)));
        remaining -= mono.length;
        heardS += mono.length / sampleRate;
        if (gathered.sampleRate !== sampleRate) {
          if (gathered.length > 0) yield gathered.take();
          gathered = new Gatherer(sampleRate);
        }
        gathered.add(mono);
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

/** Joins short pieces of one sampling rate. */
class Gatherer {
  private pieces: Float32Array[] = [];
  length = 0;

  constructor(readonly sampleRate: number) {}

  add(piece: Float32Array): void {
    if (piece.length === 0) return;
    this.pieces.push(piece);
    this.length += piece.length;
  }

  take(): MonoBlock {
    const mono = new Float32Array(this.length);
    let at = 0;
    for (const piece of this.pieces) {
      mono.set(piece, at);
      at += piece.length;
    }
    this.pieces = [];
    this.length = 0;
    return { mono, sampleRate: this.sampleRate };
  }
}

let plane = new Float32Array(4096);

function toMono(sample: AudioSample): Float32Array {
  const { numberOfFrames: length, numberOfChannels: channels } = sample;
  const mono = new Float32Array(length);
  sample.copyTo(mono, { planeIndex: 0, format: "f32-planar" });
  if (channels === 1) return mono;
  if (plane.length < length) plane = new Float32Array(length);
  for (let channel = 1; channel < channels; channel++) {
    const other = plane.subarray(0, length);
    sample.copyTo(other, { planeIndex: channel, format: "f32-planar" });
    for (let i = 0; i < length; i++) mono[i] += other[i];
  }
  for (let i = 0; i < length; i++) mono[i] /= channels;
  return mono;
}
