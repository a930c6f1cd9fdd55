/** Fails a build in which a chunk imports from the entry: some browsers would run the entry twice, once with a state of its own. */
import type { Plugin } from "vite";

export function entriesAlone(): Plugin {
  return {
    name: "entries-alone",
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((output) => output.type === "chunk");
      const entries = new Set(chunks.filter((chunk) => chunk.isEntry).map((chunk) => chunk.fileName));
      for (const chunk of chunks) {
        const entry = [...chunk.imports, ...chunk.dynamicImports].find((name) => entries.has(name));
        if (entry) this.error(`${chunk.fileName} imports from the worker's own file ${entry}: name what they share in vite.config.ts.`);
      }
    },
  };
}
