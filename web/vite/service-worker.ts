/** Writes sw.js beside the page: src/service-worker.js with the list of everything a visit needs. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Plugin } from "vite";

/**
 * Not needed for every visit: the check of foreign models, what teaching takes, demo songs, rare letters, licences, wasm for
 * browsers without SIMD or with threads, decoders (without a network the browser's own does), and what unpacks a zip
 * ("browser"). Kept from their first use on.
 */
const LEFT_OUT = /(golden|background|neurons)\.json$|model\.tflite$|^demo\/|latin-ext|licences|backend-wasm-(?!simd-)[^/]*\.wasm$|\/(mpg123|WASMAudioDecoderCommon|flac|ogg-|codec-parser|containers|nothing|browser)[^/]*\.js$/;

export function serviceWorker(): Plugin {
  return {
    name: "service-worker",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const files = Object.keys(bundle).filter((name) => !LEFT_OUT.test(name) && !name.endsWith(".map"));
        const list = ["./", "early.js", "icon.svg", "favicon.ico", "manifest.webmanifest", ...files.filter((name) => name !== "index.html")].sort();
        const version = createHash("sha256").update(readFileSync(resolve(import.meta.dirname, "../public/early.js")));
        for (const name of files.sort()) {
          const output = bundle[name];
          version.update(name).update(output.type === "chunk" ? output.code : output.source);
        }
        const source = readFileSync(resolve(import.meta.dirname, "../src/service-worker.js"), "utf8")
          .replace("__VERSION__", version.digest("hex").slice(0, 12))
          .replace("__FILES__", JSON.stringify(list));
        this.emitFile({ type: "asset", fileName: "sw.js", source });
      },
    },
  };
}
