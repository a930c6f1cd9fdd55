/**
 * flac as a stream (RFC 9639). The frames are told apart here, because each says at which sample it begins: where some
 * are damaged the rest keeps its time.
 */
import { bytesAt, pieces, viewOf } from "./bytes.ts";
import { isGap, LARGEST_GAP_S, silence, type Planes, type Source } from "./sound.ts";
import { WasmDecoder } from "./wasm-decoder.ts";

const PIECE = 1 << 16;
/** Bytes: a frame that goes on for longer is damage. */
const LONGEST_FRAME = 1 << 20;

/** What STREAMINFO says. */
export interface StreamInfo {
  /** samples in every block but the last, where that is fixed */
  readonly blockSize: number;
  /** Hz */
  readonly sampleRate: number;
  readonly channels: number;
  /** 0 where the length of the stream is unknown */
  readonly nSamples: number;
}

/** @param bytes the 34 bytes of a STREAMINFO block */
export function readStreamInfo(bytes: Uint8Array): StreamInfo | null {
  if (bytes.length < 34) return null;
  const view = viewOf(bytes);
  const packed = view.getUint32(10);
  return { blockSize: view.getUint16(2), sampleRate: packed >>> 12, channels: ((packed >>> 9) & 7) + 1, nSamples: (bytes[13] & 15) * 2 ** 32 + view.getUint32(14) };
}

/** @param from where "fLaC" stands */
export async function openFlac(file: Blob, from: number): Promise<Source | null> {
  const info = readStreamInfo(await bytesAt(file, from + 8, 34));
  return info && info.sampleRate > 0 ? new FlacSource(file, await afterMetadata(file, from), info, await WasmDecoder.create("flac")) : null;
}

/** Where the frames begin: behind pictures and the like, in which anything may look like a frame. */
async function afterMetadata(file: Blob, from: number): Promise<number> {
  for (let at = from + 4; ;) {
    const head = await bytesAt(file, at, 4);
    const end = at + 4 + (viewOf(head).byteLength === 4 ? viewOf(head).getUint32(0) & 0xffffff : file.size);
    // A length that leads out of the file is damage: the frames are then looked for from STREAMINFO on.
    if (end > file.size) return from + 42;
    if (head[0] & 0x80) return end;
    at = end;
  }
}

class FlacSource implements Source {
  damagedS = 0;
  readonly endMarked = true;
  readonly announcedS: number | null;

  constructor(private readonly file: Blob, private readonly from: number, private readonly info: StreamInfo, private readonly decoder: WasmDecoder) {
    this.announcedS = info.nSamples > 0 ? info.nSamples / info.sampleRate : null;
  }

  get expectedS(): number | null {
    return this.announcedS;
  }

  async *planes(): AsyncGenerator<Planes> {
    const framer = new FlacFramer(this.info);
    const clock = { sample: -1 };
    for await (const piece of pieces(this.file, PIECE, this.from)) yield* this.decoded(framer.push(piece), clock);
    yield* this.decoded(framer.finish(), clock);
  }

  close(): void {
    this.decoder.close();
  }

  /** @param clock the sample that comes next */
  private async *decoded(frames: readonly FlacFrame[], clock: { sample: number }): AsyncGenerator<Planes> {
    const { sampleRate, channels } = this.info;
    for (let i = 0; i < frames.length;) {
      const { firstSample } = frames[i];
      const missing = clock.sample < 0 ? 0 : firstSample - clock.sample;
      const run: Uint8Array[] = [];
      for (let next = firstSample; i < frames.length && frames[i].firstSample === next; i++) {
        run.push(frames[i].bytes);
        next += frames[i].nSamples;
      }
      const planes = await this.decoder.decodeFrames(run);
      if (!planes) continue;
      if (isGap(missing / sampleRate)) {
        this.damagedS += missing / sampleRate;
        yield* silence(missing, channels, sampleRate);
      }
      yield planes;
      clock.sample = firstSample + planes.channels[0].length;
    }
  }
}

export interface FlacFrame {
  readonly bytes: Uint8Array;
  readonly firstSample: number;
  readonly nSamples: number;
}

interface Header {
  readonly firstSample: number;
  readonly nSamples: number;
  /** rate and channels, as they are coded */
  readonly format: string;
}

/** Tells the frames of a stream apart that comes in pieces; what is damaged is skipped. */
export class FlacFramer {
  private kept = new Uint8Array(0);
  private open: Header | null = null;
  private next = 0;
  private format = "";

  constructor(private readonly info: StreamInfo) {}

  push(piece: Uint8Array): FlacFrame[] {
    const bytes = new Uint8Array(this.kept.length + piece.length);
    bytes.set(this.kept);
    bytes.set(piece, this.kept.length);
    const frames: FlacFrame[] = [];
    let start = 0;
    // The longest header has 16 bytes.
    for (let at = this.open ? 1 : 0; at + 16 <= bytes.length; at++) {
      if (bytes[at] !== 0xff || (bytes[at + 1] & 0xfe) !== 0xf8) continue;
      const header = this.headerAt(bytes, at);
      // A frame's body may look like a header now and then, but does not go on counting.
      if (!header || header.firstSample < this.next || header.firstSample > this.next + LARGEST_GAP_S * this.info.sampleRate) continue;
      if (header.firstSample > this.next && this.format && header.format !== this.format) continue;
      this.format = header.format;
      if (this.open) frames.push({ ...this.open, bytes: bytes.slice(start, at) });
      this.open = header;
      this.next = header.firstSample + header.nSamples;
      start = at;
    }
    if (!this.open || bytes.length - start > LONGEST_FRAME) {
      this.open = null;
      start = Math.max(0, bytes.length - 15);
    }
    this.kept = bytes.slice(start);
    return frames;
  }

  finish(): FlacFrame[] {
    return this.open ? [{ ...this.open, bytes: this.kept }] : [];
  }

  private headerAt(bytes: Uint8Array, at: number): Header | null {
    const variable = (bytes[at + 1] & 1) !== 0;
    const sizeCode = bytes[at + 2] >> 4;
    const rateCode = bytes[at + 2] & 15;
    if (sizeCode === 0 || rateCode === 15 || bytes[at + 3] >> 4 > 10 || bytes[at + 3] & 1) return null;
    let end = at + 4;
    const lead = bytes[end++];
    let number = lead;
    if (lead >= 0x80) {
      const extra = Math.clz32(~(lead << 24)) - 1;
      if (extra < 1 || extra > 6) return null;
      number = lead & (0x3f >> extra);
      for (let i = 0; i < extra; i++) {
        if ((bytes[end] & 0xc0) !== 0x80) return null;
        number = number * 64 + (bytes[end++] & 0x3f);
      }
    }
    let nSamples = sizeCode === 1 ? 192 : sizeCode < 6 ? 576 << (sizeCode - 2) : sizeCode > 7 ? 256 << (sizeCode - 8) : 0;
    if (sizeCode === 6) nSamples = bytes[end++] + 1;
    if (sizeCode === 7) nSamples = bytes[end++] * 256 + bytes[end++] + 1;
    end += rateCode === 12 ? 1 : rateCode === 13 || rateCode === 14 ? 2 : 0;
    if (end >= bytes.length || crc8(bytes, at, end) !== bytes[end]) return null;
    const assignment = bytes[at + 3] >> 4;
    const format = `${rateCode} ${assignment > 7 ? 2 : assignment + 1}`;
    return { firstSample: variable ? number : number * this.info.blockSize, nSamples, format };
  }
}

/** The polynomial x^8 + x^2 + x + 1. */
const CRC8 = Uint8Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 128 ? (byte << 1) ^ 7 : byte << 1;
  return byte & 255;
});

function crc8(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0;
  for (let i = from; i < to; i++) crc = CRC8[crc ^ bytes[i]];
  return crc;
}
