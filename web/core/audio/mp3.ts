/**
 * mp3 (and the older layers) as a stream.
 *
 * The frames are told apart here: what lies between them is skipped, and nothing that a header says about the length
 * is taken for the end.
 */
import { bytesAt, pieces } from "./bytes.ts";
import { frameAt, infoHeader, type InfoHeader } from "./mp3-frame.ts";
import type { Planes, Source } from "./sound.ts";
import { WasmDecoder } from "./wasm-decoder.ts";

/** Bytes: a first frame is looked for this far. */
const SEARCHED = 1 << 20;
const PIECE = 1 << 18;
/** Samples by which every decoder is late itself. */
const DECODER_DELAY = 529;
/** Share of the bytes that a header counts from which on a file is more than it speaks of. */
const JOINED = 17 / 16;
/** Bytes: less between two frames is filling. */
const WORTH_COUNTING = 64;

/** @returns null if there are no two frames in a row near the start */
export async function openMp3(file: Blob, after: number): Promise<Source | null> {
  const bytes = await bytesAt(file, after, SEARCHED);
  for (let at = bytes.indexOf(0xff); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const frame = frameAt(bytes, at);
    if (!frame) continue;
    const second = frameAt(bytes, at + frame.length);
    if (!second || second.sampleRate !== frame.sampleRate) continue;
    return new Mp3Source(file, after + at, infoHeader(bytes.subarray(at, at + frame.length), frame), await WasmDecoder.create("mp3"));
  }
  return null;
}

class Mp3Source implements Source {
  damagedS = 0;
  readonly endMarked = true;
  readonly expectedS: number | null = null;
  readonly announcedS: number | null = null;

  constructor(private readonly file: Blob, private readonly from: number, private readonly info: InfoHeader | null, private readonly decoder: WasmDecoder) {
    if (!info || info.nFrames === null) return;
    const stated = (info.nFrames * info.frame.samples - info.delay - info.padding) / info.frame.sampleRate;
    const available = file.size - from;
    // Believed only where the header also counts bytes, and the file has not more of them: it may stand in front of several.
    if (info.nBytes === null || !info.isPossible) return;
    if (available < 0.99 * info.nBytes) this.announcedS = stated;
    if (available < 1.5 * info.nBytes) this.expectedS = stated;
  }

  async *planes(): AsyncGenerator<Planes> {
    const framer = new Mp3Framer();
    const cut = this.toCut();
    let decoded = 0;
    for await (const piece of pieces(this.file, PIECE, this.from)) {
      for (const frames of framer.push(piece)) {
        const planes = await this.decoder.decode(frames);
        if (!planes) continue;
        const length = planes.channels[0].length;
        yield* without(planes, decoded, cut);
        decoded += length;
      }
    }
    this.damagedS = framer.skippedS;
  }

  close(): void {
    this.decoder.close();
  }

  /** The stretches of decoded samples that an encoder added: `[from, to)`. */
  private toCut(): readonly (readonly [number, number])[] {
    const { info } = this;
    if (!info || info.delay + info.padding === 0) return [];
    const delay = [0, info.delay + DECODER_DELAY] as const;
    // More bytes than the header counts: it speaks of the first of several songs, and its filling stays as ffmpeg leaves it.
    const isJoined = info.nBytes !== null && this.file.size - this.from > JOINED * info.nBytes;
    if (info.nFrames === null || isJoined) return [delay];
    const end = info.nFrames * info.frame.samples;
    return [delay, [end - Math.max(0, info.padding - DECODER_DELAY), end]];
  }
}

/** A piece that begins at sample `at` of the stream, less the stretches that are to be cut. */
function* without(planes: Planes, at: number, stretches: readonly (readonly [number, number])[]): Generator<Planes> {
  const length = planes.channels[0].length;
  let from = 0;
  for (const [start, end] of stretches) {
    const [a, b] = [Math.max(from, start - at), Math.min(length, end - at)];
    if (b <= a) continue;
    if (a > from) yield { ...planes, channels: planes.channels.map((plane) => plane.subarray(from, a)) };
    from = b;
  }
  if (from < length) yield from === 0 ? planes : { ...planes, channels: planes.channels.map((plane) => plane.subarray(from)) };
}

/** Finds the frames in a stream that comes in pieces, and gathers those of one rate. */
export class Mp3Framer {
  private kept = new Uint8Array(0);
  private sampleRate = 0;
  private skipped = 0;
  /** bytes since the last frame that belong to none */
  private rubbish = 0;
  private framesBytes = 0;
  private framesS = 0;
  /** bytes of a tag that still lie ahead */
  private toSkip = 0;

  /** Seconds that lay between frames and could not be read, at the stream's own rate of bytes. */
  get skippedS(): number {
    return this.framesBytes > 0 ? (this.skipped * this.framesS) / this.framesBytes : 0;
  }

  /** @returns runs of whole frames; those of a run have the same rate */
  push(piece: Uint8Array): Uint8Array[] {
    const bytes = new Uint8Array(this.kept.length + piece.length);
    bytes.set(this.kept);
    bytes.set(piece, this.kept.length);
    const runs: Uint8Array[] = [];
    let start = Math.min(bytes.length, this.toSkip);
    this.toSkip -= start;
    let at = start;
    const endRun = () => {
      if (at > start) runs.push(bytes.slice(start, at));
    };
    while (at + 4 <= bytes.length) {
      const frame = frameAt(bytes, at);
      if (!frame) {
        endRun();
        const tag = tagLength(bytes, at);
        this.rubbish += tag === 0 ? 1 : 0;
        start = at += Math.max(1, tag);
        continue;
      }
      if (at + frame.length > bytes.length) break;
      // What lies before the first frame is no loss.
      if (this.rubbish > WORTH_COUNTING && this.framesBytes > 0) this.skipped += this.rubbish;
      this.rubbish = 0;
      const isInfo = infoHeader(bytes.subarray(at, at + frame.length), frame) !== null;
      if (isInfo || frame.sampleRate !== this.sampleRate) {
        endRun();
        start = isInfo ? at + frame.length : at;
        this.sampleRate = frame.sampleRate;
      }
      at += frame.length;
      if (isInfo) continue;
      this.framesBytes += frame.length;
      this.framesS += frame.samples / frame.sampleRate;
    }
    if (at > bytes.length) {
      this.toSkip += at - bytes.length;
      at = bytes.length;
    } else endRun();
    this.kept = bytes.slice(at);
    return runs;
  }
}

/** Bytes of the tag that begins at `at`, or 0. */
function tagLength(bytes: Uint8Array, at: number): number {
  const [a, b, c] = [bytes[at], bytes[at + 1], bytes[at + 2]];
  if (a === 0x54 && b === 0x41 && c === 0x47) return 128; // TAG
  if (a === 0x49 && b === 0x44 && c === 0x33 && at + 10 <= bytes.length) return 10 + synchsafe(bytes, at + 6); // ID3
  const isApe = at + 32 <= bytes.length && [0x41, 0x50, 0x45, 0x54, 0x41, 0x47, 0x45, 0x58].every((byte, i) => bytes[at + i] === byte);
  if (!isApe) return 0;
  const size = bytes[at + 12] | (bytes[at + 13] << 8) | (bytes[at + 14] << 16);
  // A header stands before what it counts, a footer after it.
  return 32 + (bytes[at + 23] & 0x20 ? size : 0);
}

export function synchsafe(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 21) | (bytes[at + 1] << 14) | (bytes[at + 2] << 7) | bytes[at + 3];
}
