import { resolve } from "node:path";
import { defineConfig } from "vite";
import { cardValidator } from "./vite/card-validator.ts";
import { entriesAlone } from "./vite/entries-alone.ts";
import { licences } from "./vite/licences.ts";
import { preloadedFonts } from "./vite/preloaded-fonts.ts";
import { pretrainedBundle } from "./vite/pretrained-bundle.ts";
import { serviceWorker } from "./vite/service-worker.ts";
import { demoSongs } from "./vite/demo-songs.ts";
import { PRETRAINED } from "./vite/pretrained.ts";

const repository = resolve(import.meta.dirname, "..");
const plugins = () => [
  cardValidator(resolve(repository, "genre_lib/bundle/card.schema.json")),
  demoSongs(resolve(import.meta.dirname, "public/demo")),
  pretrainedBundle(process.env["GENRE_BUNDLE"] ?? resolve(repository, "data/models", PRETRAINED)),
];

export default defineConfig({
  // Relative addresses: the page works from any sub-path.
  base: "./",
  // Four megabytes that make speech at the lowest rates sound better; nothing here asks for them.
  resolve: { alias: { "@wasm-audio-decoders/opus-ml": resolve(import.meta.dirname, "vite/nothing.ts") } },
  plugins: [...plugins(), licences(resolve(import.meta.dirname, "node_modules")), preloadedFonts(), serviceWorker()],
  worker: {
    format: "es",
    plugins: () => [...plugins(), entriesAlone()],
    // What the worker and its decoders share: WebKit runs a worker's own file a second time if a decoder imports from it.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "shared", test: /src\/audio\/(sound|bytes)\.ts$|browser-external/ }] } } },
  },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    // The polyfill would be an inline script, which the CSP forbids; every supported browser preloads modules itself.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
