import { describe, expect, it } from "vitest";
import { FlacFramer, readStreamInfo } from "./flac.ts";
import { frameAt, infoHeader } from "./mp3-frame.ts";
import { Mp3Framer } from "./mp3.ts";
import { PageReader } from "./ogg.ts";
import { readPcmHeader } from "./pcm-header.ts";

/** A frame of MPEG 1 layer III, 44.1 kHz stereo at 128 kbit/s: 417 bytes. */
function frame(rateCode = 0): Uint8Array {
  const bytes = new Uint8Array(1000);
  bytes.set([0xff, 0xfb, 0x90 | (rateCode << 2), 0x00]);
  return bytes.slice(0, frameAt(bytes, 0)!.length);
}

/** The silent first frame that LAME writes. */
function lameFrame(options: { tag?: string; frames?: number; bytes?: number; delay?: number; padding?: number; flags?: number } = {}): Uint8Array {
  const { tag = "Info", frames = 1000, bytes = 417_000, delay = 576, padding = 1200, flags = 0b1111 } = options;
  const made = frame();
  const view = new DataView(made.buffer);
  let at = 36;
  const put = (...values: number[]) => {
    made.set(values, at);
    at += values.length;
  };
  const number = (value: number) => {
    view.setUint32(at, value);
    at += 4;
  };
  put(...new TextEncoder().encode(tag), 0, 0, 0, flags);
  if (flags & 1) number(frames);
  if (flags & 2) number(bytes);
  if (flags & 4) at += 100;
  if (flags & 8) number(0);
  put(...new TextEncoder().encode("LAME3.100"));
  at += 12;
  put(delay >> 4, ((delay & 15) << 4) | (padding >> 8), padding & 255);
  return made;
}

const joined = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

describe("a Xing or Info header", () => {
  const read = (bytes: Uint8Array) => infoHeader(bytes, frameAt(bytes, 0)!);

  it("says how much there is and what the encoder added", () => {
    expect(read(lameFrame())).toMatchObject({ nFrames: 1000, nBytes: 417_000, delay: 576, padding: 1200, isPossible: true });
  });

  it("has the fields that its flags say", () => {
    expect(read(lameFrame({ tag: "Xing", flags: 0b0011, delay: 1105, padding: 7 }))).toMatchObject({ nFrames: 1000, delay: 1105, padding: 7 });
    expect(read(lameFrame({ flags: 0b0100 }))).toMatchObject({ nFrames: null, nBytes: null, isPossible: false });
  });

  it("is not believed where its numbers contradict each other", () => {
    expect(read(lameFrame({ frames: 10, bytes: 417_000 }))!.isPossible).toBe(false);
  });

  it("may be Fraunhofer's, which says nothing that is needed", () => {
    const vbri = frame();
    vbri.set(new TextEncoder().encode("VBRI"), 36);
    expect(read(vbri)).toMatchObject({ nFrames: null, delay: 0 });
  });

  it("is no ordinary frame", () => {
    expect(read(frame())).toBe(null);
    expect(read(lameFrame({ tag: "Nope" }))).toBe(null);
  });
});

describe("Mp3Framer", () => {
  const hear = (bytes: Uint8Array, piece: number) => {
    const framer = new Mp3Framer();
    const runs: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += piece) runs.push(...framer.push(bytes.subarray(at, at + piece)));
    return { length: runs.reduce((sum, run) => sum + run.length, 0), runs, skippedS: framer.skippedS };
  };
  const song = joined(frame(), frame(), frame(), frame());

  it.each([5000, 417, 100, 7])("finds every frame in pieces of %i bytes", (piece) => {
    expect(hear(song, piece).length).toBe(song.length);
  });

  it("leaves out headers and tags between songs, and none of it counts as damage", () => {
    const id3 = new Uint8Array(10 + 300);
    id3.set([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 2, 44]);
    const { length, skippedS } = hear(joined(song, id3, lameFrame(), song), 600);
    expect(length).toBe(2 * song.length);
    expect(skippedS).toBe(0);
  });

  it("counts what it could not read, in seconds", () => {
    const { skippedS } = hear(joined(song, new Uint8Array(417).fill(0x55), song), 10_000);
    expect(skippedS).toBeCloseTo(1152 / 44100, 3);
  });

  it("keeps frames of another rate apart", () => {
    const { runs } = hear(joined(song, frame(1), frame(1)), 10_000);
    expect(runs.map((run) => frameAt(run, 0)!.sampleRate)).toEqual([44100, 48000]);
  });
});

describe("readStreamInfo", () => {
  it("reads lengths beyond 32 bits", () => {
    const bytes = new Uint8Array(34);
    new DataView(bytes.buffer).setUint16(2, 4096);
    bytes.set([0x0a, 0xc4, 0x42, 0xf1, 0, 0, 0, 2], 10);
    expect(readStreamInfo(bytes)).toEqual({ blockSize: 4096, sampleRate: 44100, channels: 2, nSamples: 2 ** 32 + 2 });
  });

  it("finds no frames in what is none", () => {
    const framer = new FlacFramer({ blockSize: 4096, sampleRate: 44100, channels: 2, nSamples: 0 });
    expect(framer.push(new Uint8Array(100_000).map((_, i) => (i * 7919) & 255))).toEqual([]);
    expect(framer.finish()).toEqual([]);
  });
});

describe("PageReader", () => {
  const page = (serial: number, number: number, body: number[], flags = 0) => {
    const bytes = new Uint8Array(28 + body.length);
    bytes.set(new TextEncoder().encode("OggS"));
    const view = new DataView(bytes.buffer);
    bytes[5] = flags;
    view.setBigInt64(6, 1000n, true);
    view.setUint32(14, serial, true);
    view.setUint32(18, number, true);
    bytes.set([1, body.length, ...body], 26);
    return bytes;
  };

  it.each([1, 10, 1000])("finds the pages between rubbish, in pieces of %i bytes", (piece) => {
    const stream = joined(page(1, 0, [1, 2, 3], 2), new Uint8Array(50).fill(0x4f), page(1, 1, [4]), page(7, 0, [5, 6], 6));
    const reader = new PageReader();
    const found = [];
    for (let at = 0; at < stream.length; at += piece) found.push(...reader.push(stream.subarray(at, at + piece)));
    expect(found.map(({ serial, number, begins, ends, body }) => [serial, number, begins, ends, [...body]])).toEqual([
      [1, 0, true, false, [1, 2, 3]], [1, 1, false, false, [4]], [7, 0, true, true, [5, 6]],
    ]);
  });
});

describe("readPcmHeader", () => {
  const wav = (tag: number, size: number, container = "RIFF") => {
    const bytes = new Uint8Array(44 + 8);
    const view = new DataView(bytes.buffer);
    const little = container !== "RIFX";
    bytes.set(new TextEncoder().encode(`${container}....WAVEfmt `));
    view.setUint32(16, 16, little);
    view.setUint16(20, tag, little);
    view.setUint16(22, 2, little);
    view.setUint32(24, 44100, little);
    view.setUint16(32, 4, little);
    view.setUint16(34, 16, little);
    bytes.set(new TextEncoder().encode("data"), 36);
    view.setUint32(40, size, little);
    return new Blob([bytes]);
  };

  it("reads both orders of bytes", async () => {
    const expected = { sampleRate: 44100, channels: 2, encoding: "signed", bytesPerSample: 2, from: 44, announcedTo: 52 };
    expect(await readPcmHeader(wav(1, 8))).toEqual({ ...expected, littleEndian: true });
    expect(await readPcmHeader(wav(1, 8, "RIFX"))).toEqual({ ...expected, littleEndian: false });
  });

  it.each([0, 0xffffffff])("does not believe a size of %i", async (size) => {
    expect((await readPcmHeader(wav(1, size)))!.announcedTo).toBe(null);
  });

  it("leaves what is compressed to others", async () => {
    expect(await readPcmHeader(wav(0x55, 8))).toBe(null);
    expect(await readPcmHeader(new Blob(["no sound at all"]))).toBe(null);
  });
});
