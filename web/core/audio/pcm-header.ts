/**
 * Headers of files whose samples are not compressed: wav (RIFF, RIFX, RF64, BW64), Wave64, au, aiff, aifc, caf.
 *
 * A size that does not fit the file is not believed: recorders that crash leave zeros, streams leave the largest number.
 */
import { ascii, bytesAt, viewOf } from "./bytes.ts";

export type Encoding = "unsigned" | "signed" | "float" | "alaw" | "ulaw";

export interface PcmHeader {
  /** Hz, as the header says */
  readonly sampleRate: number;
  readonly channels: number;
  readonly encoding: Encoding;
  readonly bytesPerSample: number;
  readonly littleEndian: boolean;
  /** where the samples begin and end, in bytes; they may be announced beyond the end of the file */
  readonly from: number;
  readonly announcedTo: number | null;
}

/** @returns null for a file of another kind, or one whose samples are compressed */
export async function readPcmHeader(file: Blob): Promise<PcmHeader | null> {
  const head = await bytesAt(file, 0, 40);
  const kind = ascii(head, 0, 4);
  if (kind === "RIFF" || kind === "RIFX" || kind === "RF64" || kind === "BW64") return ascii(head, 8, 4) === "WAVE" ? readWav(file, kind !== "RIFX") : null;
  if (kind === "riff" && ascii(head, 24, 4) === "wave") return readWave64(file);
  if (kind === ".snd") return readAu(head);
  if (kind === "FORM") return /^AIF[FC]$/.test(ascii(head, 8, 4)) ? readAiff(file) : null;
  return kind === "caff" ? readCaf(file) : null;
}

interface Chunk {
  readonly name: string;
  readonly at: number;
  readonly size: number;
}

/** Reads a chunk's header at `offset`, or null where there is none. */
type ChunkReader = (offset: number) => Promise<Chunk | null>;

/** Walks over the chunks up to the one that holds the samples. */
async function chunksUntil(last: string, first: number, read: ChunkReader, padded: (size: number) => number): Promise<Map<string, Chunk>> {
  const found = new Map<string, Chunk>();
  let offset = first;
  for (let chunk = await read(offset); chunk; chunk = await read(offset)) {
    if (!found.has(chunk.name)) found.set(chunk.name, chunk);
    if (chunk.name === last && found.size > 1) break;
    offset = chunk.at + padded(chunk.size);
  }
  return found;
}

const even = (size: number) => size + (size & 1);

function namedChunks(file: Blob, littleEndian: boolean): ChunkReader {
  return async (offset) => {
    const head = await bytesAt(file, offset, 8);
    if (head.length < 8) return null;
    return { name: ascii(head, 0, 4), at: offset + 8, size: viewOf(head).getUint32(4, littleEndian) };
  };
}

async function readWav(file: Blob, littleEndian: boolean): Promise<PcmHeader | null> {
  const chunks = await chunksUntil("data", 12, namedChunks(file, littleEndian), even);
  const data = chunks.get("data");
  const format = chunks.get("fmt ") && (await waveFormat(file, chunks.get("fmt ")!.at, littleEndian));
  if (!format || !data) return null;
  let size = data.size;
  const large = chunks.get("ds64");
  if (size === 0xffffffff && large) size = Number(viewOf(await bytesAt(file, large.at, 24)).getBigUint64(8, true));
  return { ...format, from: data.at, announcedTo: believed(size, data.at) };
}

async function readWave64(file: Blob): Promise<PcmHeader | null> {
  const read: ChunkReader = async (offset) => {
    const head = await bytesAt(file, offset, 24);
    if (head.length < 24) return null;
    // A chunk's size counts its own header.
    const size = Number(viewOf(head).getBigUint64(16, true));
    return { name: ascii(head, 0, 4), at: offset + 24, size: Math.max(0, size - 24) };
  };
  const chunks = await chunksUntil("data", 40, read, (size) => Math.ceil(size / 8) * 8);
  const data = chunks.get("data");
  const format = chunks.get("fmt ") && (await waveFormat(file, chunks.get("fmt ")!.at, true));
  return format && data ? { ...format, from: data.at, announcedTo: believed(data.size, data.at) } : null;
}

async function waveFormat(file: Blob, at: number, littleEndian: boolean): Promise<Omit<PcmHeader, "from" | "announcedTo"> | null> {
  const bytes = await bytesAt(file, at, 40);
  if (bytes.length < 16) return null;
  const view = viewOf(bytes);
  let tag = view.getUint16(0, littleEndian);
  if (tag === 0xfffe && bytes.length >= 26) tag = view.getUint16(24, littleEndian);
  const channels = view.getUint16(2, littleEndian);
  const frame = view.getUint16(12, littleEndian);
  const bytesPerSample = channels > 0 ? Math.floor(frame / channels) : 0;
  const encoding = ({ 1: bytesPerSample === 1 ? "unsigned" : "signed", 3: "float", 6: "alaw", 7: "ulaw" } as const)[tag];
  return usable(encoding, { sampleRate: view.getUint32(4, littleEndian), channels, bytesPerSample, littleEndian });
}

function readAu(head: Uint8Array): PcmHeader | null {
  if (head.length < 24) return null;
  const view = viewOf(head);
  const [from, size, code, sampleRate, channels] = [4, 8, 12, 16, 20].map((at) => view.getUint32(at));
  const known: Record<number, [Encoding, number]> = {
    1: ["ulaw", 1], 2: ["signed", 1], 3: ["signed", 2], 4: ["signed", 3], 5: ["signed", 4], 6: ["float", 4], 7: ["float", 8], 27: ["alaw", 1],
  };
  const [encoding, bytesPerSample] = known[code] ?? [undefined, 0];
  const format = usable(encoding, { sampleRate, channels, bytesPerSample, littleEndian: false });
  return format && { ...format, from, announcedTo: believed(size, from) };
}

async function readAiff(file: Blob): Promise<PcmHeader | null> {
  const chunks = await chunksUntil("SSND", 12, namedChunks(file, false), even);
  const data = chunks.get("SSND");
  const common = chunks.get("COMM");
  if (!data || !common) return null;
  const bytes = await bytesAt(file, common.at, 22);
  const offset = await bytesAt(file, data.at, 8);
  if (bytes.length < 18 || offset.length < 8) return null;
  const view = viewOf(bytes);
  const bits = view.getUint16(6);
  const kind = common.size >= 22 && bytes.length >= 22 ? ascii(bytes, 18, 4) : "NONE";
  const integer: [Encoding, number] = ["signed", Math.ceil(bits / 8)];
  const known: Record<string, [Encoding, number]> = {
    NONE: integer, twos: integer, sowt: integer, in24: ["signed", 3], in32: ["signed", 4], "raw ": ["unsigned", 1],
    fl32: ["float", 4], FL32: ["float", 4], fl64: ["float", 8], FL64: ["float", 8],
    ulaw: ["ulaw", 1], ULAW: ["ulaw", 1], alaw: ["alaw", 1], ALAW: ["alaw", 1],
  };
  const [encoding, bytesPerSample] = known[kind] ?? [undefined, 0];
  const format = usable(encoding, { sampleRate: extended(view, 8), channels: view.getUint16(0), bytesPerSample, littleEndian: kind === "sowt" });
  const from = data.at + 8 + viewOf(offset).getUint32(0);
  return format && { ...format, from, announcedTo: believed(data.size > 8 ? data.size - 8 : 0, from) };
}

async function readCaf(file: Blob): Promise<PcmHeader | null> {
  const read: ChunkReader = async (offset) => {
    const head = await bytesAt(file, offset, 12);
    if (head.length < 12) return null;
    const size = Number(viewOf(head).getBigInt64(4));
    return { name: ascii(head, 0, 4), at: offset + 12, size: size < 0 ? 0xffffffff : size };
  };
  const chunks = await chunksUntil("data", 8, read, (size) => size);
  const data = chunks.get("data");
  const description = chunks.get("desc");
  if (!data || !description) return null;
  const bytes = await bytesAt(file, description.at, 32);
  if (bytes.length < 32) return null;
  const view = viewOf(bytes);
  const kind = ascii(bytes, 8, 4);
  const flags = view.getUint32(12);
  const channels = view.getUint32(24);
  const encoding = ({ lpcm: flags & 1 ? "float" : "signed", ulaw: "ulaw", alaw: "alaw" } as const)[kind];
  const bytesPerSample = channels > 0 ? view.getUint32(16) / channels : 0;
  const format = usable(encoding, { sampleRate: view.getFloat64(0), channels, bytesPerSample, littleEndian: (flags & 2) !== 0 });
  // Four bytes count the edits.
  return format && { ...format, from: data.at + 4, announcedTo: believed(data.size > 4 ? data.size - 4 : 0, data.at + 4) };
}

/** An 80-bit extended float, as aiff writes rates. */
function extended(view: DataView, at: number): number {
  const exponent = (view.getUint16(at) & 0x7fff) - 16383;
  return view.getUint32(at + 2) * 2 ** (exponent - 31) + view.getUint32(at + 6) * 2 ** (exponent - 63);
}

/** Where the samples end, or null where the size is none: zero, or the largest number. */
function believed(size: number, from: number): number | null {
  return size === 0 || size >= 0xfffffff0 && size <= 0xffffffff ? null : from + size;
}

function usable(encoding: Encoding | undefined, rest: Omit<PcmHeader, "encoding" | "from" | "announcedTo">): Omit<PcmHeader, "from" | "announcedTo"> | null {
  const { channels, bytesPerSample } = rest;
  const sizes = encoding === "float" ? [4, 8] : encoding === "signed" ? [1, 2, 3, 4, 8] : [1];
  return encoding && channels > 0 && sizes.includes(bytesPerSample) ? { ...rest, encoding } : null;
}
