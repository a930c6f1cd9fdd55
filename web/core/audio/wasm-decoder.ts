/**
 * Decoders that the page brings along, so that every browser hears mp3, flac, vorbis and opus alike: libmpg123, libFLAC,
 * libvorbis and libopus, compiled to WebAssembly. Each is fetched when the first file needs it.
 */
import type { Planes } from "./sound.ts";

export type Codec = "mp3" | "flac" | "vorbis" | "opus";

interface Decoded {
  readonly channelData: Float32Array[];
  readonly samplesDecoded: number;
  readonly sampleRate: number;
  /** of flac */
  readonly bitDepth?: number;
}

/** The form that all four have. */
interface Library {
  readonly ready: Promise<void>;
  decode(bytes: Uint8Array): Decoded | Promise<Decoded>;
  decodeFrames?(frames: Uint8Array[]): Decoded | Promise<Decoded>;
  flush?(): Promise<Decoded>;
  free(): void;
}

const LIBRARIES: Record<Codec, () => Promise<Library>> = {
  // What an encoder added is cut here, where the length that a header gives is never taken for an end.
  mp3: async () => new (await import("mpg123-decoder")).MPEGDecoder({ enableGapless: false }),
  flac: async () => new (await import("@wasm-audio-decoders/flac")).FLACDecoder(),
  vorbis: async () => new (await import("@wasm-audio-decoders/ogg-vorbis")).OggVorbisDecoder(),
  opus: async () => new (await import("ogg-opus-decoder")).OggOpusDecoder(),
};

/** Decodes one stream from its first byte on; what cannot be decoded is left out. */
export class WasmDecoder {
  private constructor(private readonly library: Library, private readonly codec: Codec) {}

  /** Rejects if the decoder cannot be fetched: without a network, before it was ever used. */
  static async create(codec: Codec): Promise<WasmDecoder> {
    const library = await LIBRARIES[codec]();
    await library.ready;
    return new WasmDecoder(library, codec);
  }

  /** @returns what these bytes complete, or null */
  decode(bytes: Uint8Array): Promise<Planes | null> {
    return this.quietly(() => this.library.decode(bytes));
  }

  /** @returns these frames of a flac or mp3 stream, or null */
  decodeFrames(frames: Uint8Array[]): Promise<Planes | null> {
    return this.quietly(() => this.library.decodeFrames!(frames));
  }

  /** @returns what is left at the end, or null */
  async finish(): Promise<Planes | null> {
    return this.library.flush ? this.quietly(() => this.library.flush!()) : null;
  }

  close(): void {
    this.library.free();
  }

  /** The libraries write each doubt about a damaged file to the console; the page says it in a sentence. */
  private async quietly(work: () => Decoded | Promise<Decoded>): Promise<Planes | null> {
    const { error, warn } = console;
    console.error = console.warn = () => undefined;
    try {
      const { channelData, samplesDecoded, sampleRate, bitDepth } = await work();
      if (samplesDecoded === 0 || channelData.length === 0) return null;
      if (this.codec === "flac" && bitDepth) channelData.forEach((plane) => toFullScale(plane, bitDepth));
      return { channels: channelData, sampleRate };
    } catch {
      return null;
    } finally {
      Object.assign(console, { error, warn });
    }
  }
}

/** Its libFLAC calls the largest integer 1; everywhere else that is 2 to the power of the bits but one. */
function toFullScale(plane: Float32Array, bitDepth: number): void {
  const scale = 1 - 2 ** (1 - bitDepth);
  for (let i = 0; i < plane.length; i++) plane[i] *= scale;
}
