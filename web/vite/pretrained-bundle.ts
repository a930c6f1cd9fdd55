/** Copies the built-in model bundle into what is built. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { Plugin } from "vite";

const NAME = "virtual:pretrained-bundle";

/** What the browser never loads. */
const NEVER = ["model.keras", "model.onnx", "recipe.yaml"];
/** What it loads when a model is taught, and when what it learnt is saved. */
const FOR_TEACHING = ["background.json", "model.tflite", "neurons.json"];

/** @param folder where it goes, with a slash at its end; left out, it is the page's, which teaches: an address that changes with its contents, so that browsers may keep it */
export function pretrainedBundle(directory: string, folder?: string): Plugin {
  let files: Map<string, Buffer> | undefined;
  const bundle = () => {
    files ??= readBundle(directory, folder === undefined ? NEVER : [...NEVER, ...FOR_TEACHING]);
    const hash = createHash("sha256").update(files.get("card.json") ?? "").digest("hex").slice(0, 10);
    return { files, base: folder ?? `assets/model-${hash}/` };
  };
  return {
    name: "pretrained-bundle",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : null),
    load: (id) => (id === `\0${NAME}` ? `export const bundlePath = ${JSON.stringify(bundle().base)};` : null),
    generateBundle() {
      const { files: contents, base } = bundle();
      for (const [name, source] of contents) this.emitFile({ type: "asset", fileName: base + name, source });
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const { files: contents, base } = bundle();
        const at = request.url?.indexOf(base) ?? -1;
        const file = at < 0 ? undefined : contents.get(request.url!.slice(at + base.length));
        if (file) response.end(file);
        else next();
      });
    },
  };
}

function readBundle(directory: string, leftOut: readonly string[]): Map<string, Buffer> {
  if (!existsSync(join(directory, "card.json"))) {
    throw new Error(`No model bundle at ${directory}: name one with GENRE_BUNDLE, or make one with the export notebook.`);
  }
  const files = new Map<string, Buffer>();
  for (const path of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    const full = join(directory, path);
    const name = relative(directory, full).split(sep).join("/");
    if (statSync(full).isFile() && !leftOut.includes(name)) files.set(name, readFileSync(full));
  }
  return files;
}
