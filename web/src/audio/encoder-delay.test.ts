import { describe, expect, it } from "vitest";
import { mp3Delay, readMp3Delay } from "./encoder-delay.ts";

/** The first frame of an MPEG 1 layer III stereo file with a LAME header. */
function firstFrame(options: { tag?: string; frames?: number; delay?: number; padding?: number; flags?: number } = {}): Uint8Array<ArrayBuffer> {
  const { tag = "Info", frames = 1000, delay = 576, padding = 1200, flags = 0b1111 } = options;
  const bytes = new Uint8Array(400);
  bytes.set([0xff, 0xfb, 0x90, 0x00]);
  let at = 36;
  const put = (...values: number[]) => {
    bytes.set(values, at);
    at += values.length;
  };
  put(...new TextEncoder().encode(tag), 0, 0, 0, flags);
  if (flags & 1) put(0, 0, frames >> 8, frames & 255);
  if (flags & 2) put(0, 0, 0, 0);
  if (flags & 4) at += 100;
  if (flags & 8) put(0, 0, 0, 0);
  put(...new TextEncoder().encode("LAME3.100"));
  at += 12;
  put(delay >> 4, ((delay & 15) << 4) | (padding >> 8), padding & 255);
  return bytes;
}

describe("mp3Delay", () => {
  it("cuts the encoder's delay, the decoder's, and the filling at the end", () => {
    expect(mp3Delay(firstFrame())).toEqual({ start: 576 + 529, length: 1000 * 1152 - 576 - 1200 });
  });

  it("follows the flags that say which fields are there", () => {
    expect(mp3Delay(firstFrame({ tag: "Xing", flags: 0b0011, delay: 1105, padding: 7 }))).toEqual({ start: 1634, length: 1152000 - 1112 });
    expect(mp3Delay(firstFrame({ flags: 0b0100 })).length).toBe(null);
  });

  it("cuts nothing where there is no such header", () => {
    const nothing = { start: 0, length: null };
    expect(mp3Delay(firstFrame({ tag: "Nope" }))).toEqual(nothing);
    expect(mp3Delay(firstFrame({ delay: 0, padding: 0 }))).toEqual(nothing);
    expect(mp3Delay(new Uint8Array(10))).toEqual(nothing);
    expect(mp3Delay(new TextEncoder().encode("no sound at all".repeat(50)))).toEqual(nothing);
  });

  it("looks behind an ID3 tag", async () => {
    const tag = new Uint8Array(10 + 300);
    tag.set([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 2, 44]);
    expect((await readMp3Delay(new Blob([tag, firstFrame()]))).start).toBe(1105);
  });
});
