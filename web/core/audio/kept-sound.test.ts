import { describe, expect, it } from "vitest";
import { openPcm } from "./pcm.ts";
import { KEPT_S, KeptSound } from "./kept-sound.ts";

async function samplesOf(wav: Blob): Promise<number[]> {
  const heard: number[] = [];
  for await (const { channels } of (await openPcm(wav, "kept.wav"))!.planes()) heard.push(...channels[0]);
  return heard;
}

describe("KeptSound", () => {
  it("gives back what it heard as a wav file", async () => {
    const kept = new KeptSound(8000);
    const sound = Float32Array.from({ length: 100_000 }, (_, i) => Math.sin(i / 10) / 2);
    for (let at = 0; at < sound.length; at += 777) kept.push(sound.subarray(at, at + 777));
    const { wav, fromS } = kept.finish();
    const again = await samplesOf(wav);
    expect(fromS).toBe(0);
    expect(again.length).toBe(sound.length);
    expect(Math.max(...again.map((sample, i) => Math.abs(sample - sound[i])))).toBeLessThan(1 / 32768);
  });

  it("keeps the latest half hour", () => {
    const kept = new KeptSound(10);
    kept.push(new Float32Array(10 * (KEPT_S + 65)));
    const { wav, fromS } = kept.finish();
    expect(fromS).toBe(60);
    expect(wav.size).toBe(44 + 2 * 10 * (KEPT_S + 5));
  });

  it("does not wrap what exceeds full scale", async () => {
    const kept = new KeptSound(8000);
    kept.push(Float32Array.from([2, -2]));
    expect(await samplesOf(kept.finish().wav)).toEqual([32767 / 32768, -1]);
  });
});
