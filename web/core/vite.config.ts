import { resolve } from "node:path";
import { defineConfig, mergeConfig } from "vite";
import { listening } from "../vite/listening.ts";

// All files lie beside each other: each finds the others by its own address, with and without a bundler.
const names = { entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js", assetFileNames: "[name]-[hash][extname]" };

export default mergeConfig(listening("model/"), defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  worker: { rolldownOptions: { output: names } },
  build: {
    outDir: resolve(import.meta.dirname, "dist"),
    emptyOutDir: true,
    modulePreload: false,
    rolldownOptions: {
      input: { index: resolve(import.meta.dirname, "index.ts"), element: resolve(import.meta.dirname, "element.ts") },
      preserveEntrySignatures: "strict",
      output: names,
    },
  },
}));
