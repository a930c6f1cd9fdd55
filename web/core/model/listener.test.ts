import { memory } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBundle, type Bundle } from "../bundle/load.ts";
import { parseGolden } from "../bundle/golden.ts";
import { bundleFile, bundleSource, haveBundle, startBackendInNode } from "../testing/pretrained.ts";
import { softmax } from "../curve/spans.ts";
import { Listener } from "./listener.ts";

/** Bytes of every typed array that an object holds, at any depth. */
function ownBytes(value: unknown, seen = new Set<unknown>()): number {
  if (typeof value !== "object" || value === null || seen.has(value)) return 0;
  seen.add(value);
  if (ArrayBuffer.isView(value)) return value.byteLength;
  return Object.values(value).reduce<number>((sum, part) => sum + ownBytes(part, seen), 0);
}

describe.skipIf(!haveBundle)("Listener", () => {
  let bundle: Bundle;
  let signal: Float32Array;
  let golden: Float32Array;

  beforeAll(async () => {
    await startBackendInNode();
    bundle = await loadBundle(bundleSource(), { checkGolden: false });
    const parsed = parseGolden(new TextDecoder().decode(bundleFile("golden.json")));
    signal = parsed.signal;
    golden = parsed.stepLogits;
  });

  function hear(block: number, live: boolean): { logits: number[]; levels: number[]; peaks: number } {
    const listener = new Listener(bundle.card, bundle.melBank, bundle.network, bundle.card.front_end.sample_rate, { live });
    const logits: number[] = [], levels: number[] = [];
    let peaks = 0;
    const take = (heard: ReturnType<Listener["push"]>) => {
      if (!heard) return;
      expect(heard.first).toBe(levels.length);
      logits.push(...heard.logits);
      levels.push(...heard.levels);
      peaks += heard.peaks.length;
    };
    for (let at = 0; at < signal.length; at += block) take(listener.push(signal.slice(at, at + block)));
    take(listener.finish());
    return { logits, levels, peaks };
  }

  it("makes of the golden signal what Keras made of it, from samples to probabilities", () => {
    const n = bundle.card.genres.length;
    const { logits, peaks } = hear(5000, false);
    expect(logits.length).toBe(golden.length);
    expect(peaks).toBe(Math.floor((signal.length - bundle.card.front_end.n_fft) / bundle.card.front_end.hop_length) + 1);
    let worst = 0;
    for (let at = 0; at < golden.length; at += n) {
      const theirs = softmax(golden.subarray(at, at + n), 1);
      softmax(logits.slice(at, at + n), 1).forEach((p, g) => (worst = Math.max(worst, Math.abs(p - theirs[g]))));
    }
    const tolerance = (bundle.card.training["quantisation"] as { tolerance?: number } | undefined)?.tolerance ?? 1e-4;
    expect(worst).toBeLessThan(Math.max(1e-4, tolerance));
  });

  it.each([22050, 44100, 48000])("knows how long ago, at %i Hz, the last sample came that a step heard", (rate) => {
    const listener = new Listener(bundle.card, bundle.melBank, bundle.network, rate, { live: true });
    const { front_end, timing } = bundle.card;
    let received = 0;
    for (let i = 0; i < 300; i++) {
      received += 480;
      const heard = listener.push(new Float32Array(480).fill(0.1));
      if (!heard || heard.count === 0) continue;
      const last = (heard.first + heard.count - 1) * timing.step_frames + timing.first_frame + timing.receptive_field_frames - 1;
      const endS = (last * front_end.hop_length + front_end.n_fft) / front_end.sample_rate;
      expect(heard.lagS).toBeCloseTo(received / rate - endS, 9);
      // a piece, and the low-delay filter where there is one
      expect(heard.lagS).toBeGreaterThanOrEqual(0);
      expect(heard.lagS).toBeLessThan(480 / rate + 0.03);
    }
    expect(listener.finish().first).toBeGreaterThan(0);
  });

  it("keeps neither tensors nor sound as time passes", () => {
    const listener = new Listener(bundle.card, bundle.melBank, bundle.network, 48000, { live: true });
    const second = Float32Array.from({ length: 48000 }, (_, i) => Math.sin(i * 0.05));
    const after5s = () => {
      for (let s = 0; s < 5; s++) for (let at = 0; at < 48000; at += 480) listener.push(second.slice(at, at + 480));
      return { tensors: memory().numTensors, bytes: ownBytes(listener) };
    };
    const early = after5s();
    after5s();
    const late = after5s();
    expect(late.tensors).toBe(early.tensors);
    // a step's few peaks come and go; one number kept for each frame would be 500 bytes by now
    expect(Math.abs(late.bytes - early.bytes)).toBeLessThan(200);
  });

  it("hears a live stream as it hears the file", () => {
    const file = hear(100_000, false);
    const live = hear(480, true);
    expect(live.logits.length).toBe(file.logits.length);
    live.logits.forEach((logit, i) => expect(Math.abs(logit - file.logits[i])).toBeLessThan(1e-3));
    expect(live.levels).toEqual(file.levels);
  });
});
