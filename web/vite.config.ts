import { resolve } from "node:path";
import { defineConfig } from "vite";
import { cardValidator } from "./build/card-validator.ts";
import { pretrainedBundle } from "./build/pretrained-bundle.ts";
import { serviceWorker } from "./build/service-worker.ts";
import { demoSongs } from "./build/demo-songs.ts";
import { PRETRAINED } from "./build/pretrained.ts";

const repository = resolve(import.meta.dirname, "..");
const plugins = () => [
  cardValidator(resolve(repository, "genre_lib/card.schema.json")),
  demoSongs(resolve(import.meta.dirname, "public/demo")),
  pretrainedBundle(process.env["GENRE_BUNDLE"] ?? resolve(repository, "data/models", PRETRAINED)),
];

export default defineConfig({
  // Relative addresses: the page works from any sub-path.
  base: "./",
  plugins: [...plugins(), serviceWorker()],
  worker: { format: "es", plugins },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    // The polyfill would be an inline script, which the CSP forbids; every supported browser preloads modules itself.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
