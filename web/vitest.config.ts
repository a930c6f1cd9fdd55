import { defineConfig, mergeConfig } from "vitest/config";
import page from "./vite.config.ts";

export default mergeConfig(page, defineConfig({
  test: { include: ["src/**/*.test.ts", "build/**/*.test.ts"], environment: "node", reporters: ["default", "./build/plain-count.ts"] },
}));
