/** Ships the licences of the page's typefaces with them, as the SIL Open Font License asks. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const PACKAGES = ["@fontsource/instrument-serif", "@fontsource-variable/instrument-sans"];

export function fontLicences(modules: string): Plugin {
  return {
    name: "font-licences",
    apply: "build",
    generateBundle() {
      const source = PACKAGES.map((name) => readFileSync(join(modules, name, "LICENSE"), "utf8")).join("\n\n");
      this.emitFile({ type: "asset", fileName: "font-licences.txt", source });
    },
  };
}
