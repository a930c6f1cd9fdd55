/** Ships the licences of what the page brings along: typefaces (SIL OFL), decoders (MIT, LGPL), containers (MPL), TensorFlow.js. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const PACKAGES = [
  "@fontsource/instrument-serif", "@fontsource-variable/instrument-sans", "mpg123-decoder", "@wasm-audio-decoders/flac",
  "@wasm-audio-decoders/ogg-vorbis", "ogg-opus-decoder", "codec-parser", "mediabunny", "@tensorflow/tfjs-core", "fflate", "@noble/hashes",
];

export function licences(modules: string): Plugin {
  return {
    name: "licences",
    apply: "build",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "licences.txt", source: PACKAGES.map((name) => entry(join(modules, name))).join("\n\n") });
    },
  };
}

function entry(folder: string): string {
  const { name, version, license, homepage } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, string | undefined>;
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  const text = file ? readFileSync(join(folder, file), "utf8") : "";
  return [`${name} ${version}, ${license}${homepage ? `, ${homepage}` : ""}`, text].join("\n\n").trim();
}
