import { defineConfig, mergeConfig } from "vitest/config";
import page from "./vite.config.ts";

// Vitest 5 prints failures with Map.groupBy, which Node 20 has not; without this a failing test ends in a crash.
const maps = Map as unknown as { groupBy?: <K, V>(items: Iterable<V>, key: (item: V) => K) => Map<K, V[]> };
maps.groupBy ??= <K, V>(items: Iterable<V>, key: (item: V) => K) => {
  const groups = new Map<K, V[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
};

export default mergeConfig(page, defineConfig({
  test: {
    include: ["core/**/*.test.ts", "src/**/*.test.ts", "vite/**/*.test.ts"],
    environment: "node",
    reporters: ["default", "./vite/plain-count.ts"],
    maxWorkers: 2,
    // Enough for a machine that does other things too: no test here is about speed.
    testTimeout: 60_000,
  },
}));
