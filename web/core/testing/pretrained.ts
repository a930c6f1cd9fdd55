/** The built-in bundle, read from disk, for tests. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { PRETRAINED } from "../../vite/pretrained.ts";
import type { BundleSource } from "../bundle/source.ts";
import { startBackend } from "../model/network.ts";

export const bundleDirectory =
  process.env["GENRE_BUNDLE"] ?? resolve(import.meta.dirname, "../../../data/models", PRETRAINED);

export const haveBundle = existsSync(join(bundleDirectory, "card.json"));

export function bundleFile(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(bundleDirectory, path)));
}

/** The bundle's files, some of them replaced. */
export function bundleSource(replaced: Record<string, Uint8Array | string> = {}): BundleSource {
  return {
    async read(path) {
      const other = replaced[path];
      if (typeof other === "string") return new TextEncoder().encode(other);
      return other ?? bundleFile(path);
    },
  };
}

/** TF.js's wasm backend under Node. */
export async function startBackendInNode(): Promise<void> {
  const folder = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm"));
  const names = ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm", "tfjs-backend-wasm-threaded-simd.wasm"];
  await startBackend(Object.fromEntries(names.map((name) => [name, join(folder, name)])));
}
