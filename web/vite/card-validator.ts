/** Compiles genre_lib/bundle/card.schema.json to plain code at build time: the page's CSP forbids eval. */
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as standalone from "ajv/dist/standalone/index.js";
import type { Plugin } from "vite";

// A CommonJS module: its `default` is the exports object in Node and the function in the type declarations.
const exported = standalone.default as unknown as { default?: typeof standalone.default };
const standaloneCode = exported.default ?? standalone.default;

const NAME = "virtual:card-validator";

export function cardValidator(schemaPath: string): Plugin {
  return {
    name: "card-validator",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : null),
    load(id) {
      if (id !== `\0${NAME}`) return null;
      this.addWatchFile(schemaPath);
      return compile(JSON.parse(readFileSync(schemaPath, "utf8")));
    },
  };
}

function compile(schema: object): string {
  const ajv = new Ajv2020({ code: { source: true, esm: true }, strict: true, strictTypes: false, strictRequired: false });
  const code = standaloneCode(ajv, ajv.compile(schema));
  const imports: string[] = [];
  // Ajv writes `require` for its two runtime helpers even in its ES module form.
  const body = code.replace(/require\("([^"]+)"\)\.default/g, (_match: string, path: string) => {
    const name = `helper${imports.length}`;
    imports.push(`import ${name}Module from "${path}.js";\nconst ${name} = ${name}Module.default ?? ${name}Module;`);
    return name;
  });
  return `${imports.join("\n")}\n${body}`;
}
