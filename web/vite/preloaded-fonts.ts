/** Asks for the typefaces of the first screen with the page itself: what is read never jumps when they arrive. */
import type { Plugin } from "vite";

const FIRST_SCREEN = /instrument-(sans-latin-wght|serif-latin-400)-(normal|italic)-[^/]*\.woff2$/;

export function preloadedFonts(): Plugin {
  return {
    name: "preloaded-fonts",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler: (_html, { bundle }) => Object.keys(bundle ?? {}).filter((name) => FIRST_SCREEN.test(name)).map((name) => ({
        tag: "link", injectTo: "head-prepend" as const, attrs: { rel: "preload", as: "font", type: "font/woff2", crossorigin: "", href: `./${name}` },
      })),
    },
  };
}
