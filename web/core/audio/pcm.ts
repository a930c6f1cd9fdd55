/** Sound that is not compressed: needs no decoder of the browser's, so every browser hears it alike. */
import { bytesAt, viewOf } from "./bytes.ts";
import { readPcmHeader, type Encoding, type PcmHeader } from "./pcm-header.ts";
import { checkFormat, type Planes, type Source } from "./sound.ts";

/** Bytes read at a time. */
const PIECE = 1 << 20;

/** @returns null if the file is of another kind */
export async function openPcm(file: Blob, name: string): Promise<Source | null> {
  const header = await readPcmHeader(file);
  if (!header) return null;
  checkFormat(name, header.sampleRate, header.channels);
  return new PcmSource(file, header);
}

class PcmSource implements Source {
  readonly damagedS = 0;
  readonly endMarked = true;
  readonly announcedS: number | null;
  readonly expectedS: number;

  constructor(private readonly file: Blob, private readonly header: PcmHeader) {
    const { from, announcedTo } = header;
    const seconds = (bytes: number) => Math.floor(bytes / this.frameBytes) / header.sampleRate;
    this.announcedS = announcedTo === null ? null : seconds(announcedTo - from);
    this.expectedS = seconds(Math.min(announcedTo ?? Infinity, file.size) - from);
  }

  private get frameBytes(): number {
    return this.header.bytesPerSample * this.header.channels;
  }

  async *planes(): AsyncGenerator<Planes> {
    const { from, announcedTo, channels, sampleRate } = this.header;
    const end = Math.min(announcedTo ?? Infinity, this.file.size);
    const step = Math.max(1, Math.floor(PIECE / this.frameBytes)) * this.frameBytes;
    const decode = decoder(this.header);
    for (let at = from; at < end; at += step) {
      const bytes = await bytesAt(this.file, at, Math.min(step, end - at));
      const frames = Math.floor(bytes.length / this.frameBytes);
      if (frames > 0) yield { sampleRate, channels: Array.from({ length: channels }, (_, channel) => decode(bytes, frames, channel)) };
    }
  }

  close(): void {}
}

type PlaneDecoder = (bytes: Uint8Array, frames: number, channel: number) => Float32Array;

/** @returns what reads one channel, full scale 1 */
function decoder({ encoding, bytesPerSample, littleEndian, channels }: PcmHeader): PlaneDecoder {
  const sample = reader(encoding, bytesPerSample, littleEndian);
  const stride = bytesPerSample * channels;
  return (bytes, frames, channel) => {
    const view = viewOf(bytes);
    const plane = new Float32Array(frames);
    for (let i = 0, at = channel * bytesPerSample; i < frames; i++, at += stride) plane[i] = sample(view, at);
    return plane;
  };
}

function reader(encoding: Encoding, bytes: number, little: boolean): (view: DataView, at: number) => number {
  switch (encoding) {
    case "float":
      return bytes === 4 ? (view, at) => view.getFloat32(at, little) : (view, at) => view.getFloat64(at, little);
    case "unsigned":
      return (view, at) => (view.getUint8(at) - 128) / 128;
    case "alaw":
      return (view, at) => A_LAW[view.getUint8(at)];
    case "ulaw":
      return (view, at) => U_LAW[view.getUint8(at)];
    case "signed":
      if (bytes === 1) return (view, at) => view.getInt8(at) / 2 ** 7;
      if (bytes === 2) return (view, at) => view.getInt16(at, little) / 2 ** 15;
      if (bytes === 4) return (view, at) => view.getInt32(at, little) / 2 ** 31;
      if (bytes === 8) return (view, at) => Number(view.getBigInt64(at, little)) / 2 ** 63;
      return little
        ? (view, at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 65536) / 2 ** 23
        : (view, at) => (view.getInt8(at) * 65536 + view.getUint16(at + 1)) / 2 ** 23;
  }
}

/** ITU-T G.711 */
const U_LAW = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 255;
  const magnitude = ((((bits & 15) << 3) + 132) << ((bits >> 4) & 7)) - 132;
  return (bits & 128 ? -magnitude : magnitude) / 32768;
});

const A_LAW = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = code ^ 0x55;
  const segment = (bits >> 4) & 7;
  const mantissa = (bits & 15) << 4;
  const magnitude = segment === 0 ? mantissa + 8 : (mantissa + 264) << (segment - 1);
  return (bits & 128 ? magnitude : -magnitude) / 32768;
});
