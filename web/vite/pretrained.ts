/** Folder below data/models/ of the bundle that is built into the page: the one Python loads by default. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const source = resolve(import.meta.dirname, "../../genre_lib/bundle/resources.py");
const name = /^PRETRAINED = "([\w.-]+)"$/m.exec(readFileSync(source, "utf8"))?.[1];
if (!name) throw new Error(`${source} no longer says which bundle is the pretrained one (PRETRAINED = "...").`);

export const PRETRAINED: string = name;
