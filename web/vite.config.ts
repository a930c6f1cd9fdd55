import { resolve } from "node:path";
import { defineConfig, mergeConfig } from "vite";
import { demoSongs } from "./vite/demo-songs.ts";
import { listening } from "./vite/listening.ts";
import { preloadedFonts } from "./vite/preloaded-fonts.ts";
import { serviceWorker } from "./vite/service-worker.ts";

export default mergeConfig(listening(), defineConfig({
  plugins: [demoSongs(resolve(import.meta.dirname, "public/demo")), preloadedFonts(), serviceWorker()],
}));
