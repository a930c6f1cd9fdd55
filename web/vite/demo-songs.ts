/** Tells the page which demo songs were made for it (scripts/make-demo-songs.py writes them). */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const NAME = "virtual:demo-songs";

/** @param folder the folder with `songs.json`, served as `demo/` beside the page */
export function demoSongs(folder: string): Plugin {
  return {
    name: "demo-songs",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : null),
    load(id) {
      if (id !== `\0${NAME}`) return null;
      const list = join(folder, "songs.json");
      if (!existsSync(list)) {
        this.warn("No demo songs: the page is built without its examples. Make them with `python web/scripts/make-demo-songs.py`.");
        return "export const demoSongs = [];";
      }
      const songs = JSON.parse(readFileSync(list, "utf8")) as { file: string; title: string; credit: string }[];
      return `export const demoSongs = ${JSON.stringify(songs.map(({ file, title, credit }) => ({ file: `demo/${file}`, title, credit })))};`;
    },
  };
}
