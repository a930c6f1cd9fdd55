import { beforeAll, describe, expect, it } from "vitest";
import { bundleFile, bundleSource, haveBundle, startBackendInNode } from "../testing/pretrained.ts";
import { BundleError, goldenTolerance } from "./card.ts";
import { loadBundle } from "./load.ts";

const N = 200;
/** What the page reads, and one file that it does not. */
const FILES = ["card.json", "mel.bin", "tfjs/model.json", "tfjs/group1-shard1of1.bin", "golden.json", "model.tflite"];

/** Mulberry32: the same damage on every machine. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const WAYS: Record<string, (bytes: Uint8Array, rng: () => number) => Uint8Array> = {
  cut: (bytes, rng) => bytes.slice(0, Math.floor(rng() * bytes.length)),
  flipped: (bytes, rng) => {
    const changed = bytes.slice();
    for (let i = 0; i < 1 + Math.floor(rng() * 4); i++) changed[Math.floor(rng() * changed.length)] ^= 1 << Math.floor(rng() * 8);
    return changed;
  },
  repeated: (bytes, rng) => {
    const at = Math.floor(rng() * bytes.length);
    return new Uint8Array([...bytes.slice(0, at), ...bytes.slice(Math.max(0, at - 100))]);
  },
  zeroed: (bytes, rng) => bytes.slice().fill(0, Math.floor(rng() * bytes.length)),
};

describe.skipIf(!haveBundle)("200 damaged bundles", () => {
  beforeAll(startBackendInNode);

  it("are refused with one sentence, or answer as the whole one", { timeout: 300_000 }, async () => {
    const rng = random(14);
    const faults: string[] = [];
    let refused = 0;
    for (let n = 0; n < N; n++) {
      const file = FILES[Math.floor(rng() * FILES.length)];
      const way = Object.keys(WAYS)[Math.floor(rng() * Object.keys(WAYS).length)];
      const damaged = WAYS[way](bundleFile(file), rng);
      try {
        const bundle = await loadBundle(bundleSource({ [file]: damaged }), { checkGolden: true });
        if (!(bundle.golden!.probability <= goldenTolerance(bundle.card))) faults.push(`${n}: ${file} ${way} answers otherwise`);
        bundle.network.dispose();
      } catch (error) {
        refused++;
        if (!(error instanceof BundleError) || error.message.includes("\n")) faults.push(`${n}: ${file} ${way}: ${error}`);
      }
    }
    expect(faults).toEqual([]);
    expect(refused).toBeGreaterThan(N / 2);
    expect(refused).toBeLessThan(N);
  });
});
