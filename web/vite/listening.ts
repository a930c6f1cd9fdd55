/** What the build of the page and that of the package have in common: all that listening needs. */
import { resolve } from "node:path";
import type { UserConfig } from "vite";
import { cardValidator } from "./card-validator.ts";
import { entriesAlone } from "./entries-alone.ts";
import { licences } from "./licences.ts";
import { pretrainedBundle } from "./pretrained-bundle.ts";
import { PRETRAINED } from "./pretrained.ts";

const repository = resolve(import.meta.dirname, "../..");

/** @param modelFolder where the built-in model goes; left out, an address that changes with its contents */
export function listening(modelFolder?: string): UserConfig {
  const plugins = () => [
    cardValidator(resolve(repository, "genre_lib/bundle/card.schema.json")),
    pretrainedBundle(process.env["GENRE_BUNDLE"] ?? resolve(repository, "data/models", PRETRAINED), modelFolder),
  ];
  return {
    // Relative addresses: it works from any sub-path.
    base: "./",
    // Four megabytes that make speech at the lowest rates sound better; nothing here asks for them.
    resolve: { alias: { "@wasm-audio-decoders/opus-ml": resolve(import.meta.dirname, "nothing.ts") } },
    plugins: [...plugins(), licences(resolve(import.meta.dirname, "../node_modules"))],
    worker: {
      format: "es",
      plugins: () => [...plugins(), entriesAlone()],
      // What the worker and its decoders share: WebKit runs a worker's own file a second time if a decoder imports from it.
      rolldownOptions: { output: { codeSplitting: { groups: [{ name: "shared", test: /core\/audio\/(sound|bytes)\.ts$|browser-external/ }] } } },
    },
    build: {
      target: "es2022",
      assetsInlineLimit: 0,
      // The polyfill would be an inline script, which the CSP forbids; every supported browser preloads modules itself.
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  };
}
