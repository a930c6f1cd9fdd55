import { bundlePath } from "virtual:pretrained-bundle";
import { demoSongs } from "virtual:demo-songs";
import { App } from "./app.ts";
import { browserAudio } from "../core/audio/web-audio.ts";
import { takeShared } from "./shared-song.ts";
import { startAbout } from "./views/about-view.ts";
import { startTheme } from "./views/theme.ts";
import type { BundleRequest } from "../core/worker/protocol.ts";
import { startWorker } from "../core/worker/start.ts";

const pretrained: BundleRequest = { kind: "pretrained", base: new URL(bundlePath, document.baseURI).href };
const app = new App({
  worker: startWorker().worker,
  audio: browserAudio,
  pretrained,
  demos: demoSongs,
});
startTheme(() => app.redraw());
startAbout();

const wanted = new URLSearchParams(location.search).get("model");
const load = wanted ? app.useModel({ kind: "beside", name: wanted, page: document.baseURI }) : app.useModel(pretrained);
// What was pressed before all this was there (public/early.js).
const { dataset } = document.documentElement;
dataset["started"] = "";
if (dataset["pressed"]) document.getElementById(dataset["pressed"])?.click();

void takeShared(new URL(location.href)).then((song) => song && app.hear(song));
void load.then(() => {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  // Whoever comes again finds an example without a network too.
  if (demoSongs.length > 0) navigator.serviceWorker.controller?.postMessage(new URL(demoSongs[0].file, document.baseURI).href);
  // Only now: the first visit's bandwidth belongs to the page itself.
  navigator.serviceWorker.register("./sw.js").catch(() => undefined);
});
