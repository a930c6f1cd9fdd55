import { describe, expect, it, vi } from "vitest";
import { AHEAD_S, decodeFor, FileBeside } from "./beside.ts";
import { AudioFileError } from "./sound.ts";

const RATE = 8000;

/** A 16-bit wav of one channel, whose every second holds its own number. */
function wav(seconds: number): Blob {
  const samples = new Int16Array(seconds * RATE).map((_, i) => Math.floor(i / RATE));
  const header = new DataView(new ArrayBuffer(44));
  const put = (at: number, text: string) => [...text].forEach((letter, i) => header.setUint8(at + i, letter.charCodeAt(0)));
  put(0, "RIFF");
  header.setUint32(4, 36 + samples.byteLength, true);
  put(8, "WAVEfmt ");
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true);
  header.setUint16(22, 1, true);
  header.setUint32(24, RATE, true);
  header.setUint32(28, 2 * RATE, true);
  header.setUint16(32, 2, true);
  header.setUint16(34, 16, true);
  put(36, "data");
  header.setUint32(40, samples.byteLength, true);
  return new Blob([header.buffer, samples]);
}

function beside(file: Blob, name = "song.wav") {
  const { port1, port2 } = new MessageChannel();
  const said = vi.spyOn(port2, "postMessage");
  const decoding = decodeFor(port2, file, name);
  return { opening: FileBeside.opened(port1), decoding, nSent: () => said.mock.calls.filter(([message]) => message.type === "block").length };
}

const idle = () => new Promise((resolve) => setTimeout(resolve, 50));

describe("a file decoded beside", () => {
  it("arrives whole and in order", async () => {
    const { opening, decoding } = beside(wav(3 * AHEAD_S));
    const file = await opening;
    expect(file.expectedS).toBe(3 * AHEAD_S);
    const numbers = [];
    for await (const { mono, sampleRate } of file.blocks()) {
      expect([mono.length, sampleRate]).toEqual([RATE, RATE]);
      numbers.push(mono[RATE - 1] * 2 ** 15);
    }
    expect(numbers).toEqual(Array.from({ length: 3 * AHEAD_S }, (_, second) => second));
    file.close();
    await decoding;
  });

  it("is decoded only so far ahead, and no further once it is closed", async () => {
    const { opening, decoding, nSent } = beside(wav(3 * AHEAD_S));
    const file = await opening;
    await idle();
    expect(nSent()).toBe(AHEAD_S);
    const blocks = file.blocks();
    await blocks.next();
    await blocks.next();
    await idle();
    expect(nSent()).toBe(AHEAD_S + 1);
    file.close();
    await decoding;
    expect(nSent()).toBe(AHEAD_S + 1);
  });

  it("is refused with the sentence that says why", async () => {
    const { opening } = beside(new Blob([]), "nothing.mp3");
    const refusal = await opening.then((file) => file, (error: unknown) => error);
    expect(refusal).toBeInstanceOf(AudioFileError);
    expect((refusal as Error).message).toContain("nothing.mp3 is empty");
  });

  it("says at its end what was missing", async () => {
    const whole = wav(10);
    const { opening } = beside(whole.slice(0, whole.size / 2), "half.wav");
    const file = await opening;
    for await (const _ of file.blocks()) void _;
    expect(file.remarks.join()).toContain("half.wav ends after 5.0 s of the 10.0 s it announces");
    file.close();
  });
});
