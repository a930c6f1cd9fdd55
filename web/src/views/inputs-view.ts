/** The buttons and the page-wide drop zone through which sound and models come in. */
import type { WebAudio } from "../../core/audio/web-audio.ts";
import type { DemoSong } from "../examples.ts";
import { bundleFrom, classify, readDrop, type Dropped } from "../dropped.ts";
import type { LiveSource } from "../session.ts";
import { byId, setText } from "./dom.ts";

export interface InputEvents {
  /** Files were chosen or dropped. */
  ontake(dropped: Dropped): void;
  /** An example is wanted: the first of these, or the next one that can be had. */
  ondemos(demos: readonly DemoSong[]): void;
  onlive(source: LiveSource): void;
  onstop(): void;
  onbuiltin(): void;
}

const DEVICE_KEY = "input device";

export class InputsView {
  private readonly device = byId<HTMLSelectElement>("device");
  private live = false;

  constructor(private readonly events: InputEvents, private readonly audio: WebAudio, demos: readonly DemoSong[]) {
    this.connectLive();
    this.connectExamples(demos);
    this.connectDrop();
    byId("choose-file").addEventListener("click", picker("file", (chosen) => this.take(classify(chosen))));
    byId("choose-zip").addEventListener("click", picker("zip", ([archive]) => this.take({ kind: "zip", archive })));
    byId("choose-folder").addEventListener("click", picker("folder", (chosen) => {
      this.take(bundleFrom(new Map(chosen.map((file) => [file.webkitRelativePath || file.name, file]))));
    }));
    byId("built-in").addEventListener("click", () => events.onbuiltin());
  }

  /** The input that the visitor chose, or undefined for the system's own. */
  get deviceId(): string | undefined {
    return this.device.value || undefined;
  }

  /** While listening there is one thing to do: stop. */
  setLive(live: boolean): void {
    const stop = byId("stop");
    const hadFocus = document.activeElement === stop;
    stop.hidden = !live;
    this.live = live;
    document.body.classList.toggle("is-live", live);
    // Whoever walks through the inputs with the arrow keys goes on from there.
    if (live && document.activeElement !== this.device) stop.focus();
    else if (hadFocus) byId("microphone").focus();
    // Only now do browsers tell what the inputs are called.
    if (live) void this.listDevices();
  }

  private take(dropped: Dropped | Promise<Dropped>): void {
    void Promise.resolve(dropped).then((known) => this.events.ontake(known));
  }

  private connectLive(): void {
    const { audio, events } = this;
    byId("microphone").addEventListener("click", () => events.onlive("microphone"));
    byId("microphone").hidden = !audio.canCaptureMicrophone;
    const why = audio.canCaptureMicrophone ? "" : audio.whyNoMicrophone;
    byId("no-microphone").hidden = why === "";
    setText(byId("no-microphone"), why);
    byId("tab-sound").addEventListener("click", () => events.onlive("tab"));
    byId("tab-sound").hidden = !audio.canCaptureTab;
    byId("stop").addEventListener("click", () => events.onstop());
    this.device.addEventListener("change", () => {
      remember(this.device.value);
      if (this.live) events.onlive("microphone");
    });
    audio.ondevices(() => void this.listDevices());
  }

  /** Virtual cables and interfaces beside the built-in microphone; with one input there is nothing to choose. */
  private async listDevices(): Promise<void> {
    const devices = (await this.audio.inputs()).filter(({ label }) => label !== "");
    const wanted = this.device.value || remembered();
    this.device.replaceChildren(...devices.map(({ id, label }) => new Option(label, id, false, id === wanted)));
    this.device.hidden = devices.length < 2;
  }

  /** One press plays the first example, the next press the next one. */
  private connectExamples(demos: readonly DemoSong[]): void {
    const button = byId<HTMLButtonElement>("example");
    button.hidden = demos.length === 0;
    let next = 0;
    button.addEventListener("click", () => {
      this.events.ondemos([...demos.slice(next), ...demos.slice(0, next)]);
      next = (next + 1) % demos.length;
      if (demos.length > 1) setText(button, "Another example");
    });
  }

  private connectDrop(): void {
    const zone = byId("dropzone");
    addEventListener("dragover", (event) => {
      event.preventDefault();
      zone.hidden = false;
    });
    addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) zone.hidden = true;
    });
    addEventListener("drop", (event) => {
      event.preventDefault();
      zone.hidden = true;
      if (event.dataTransfer) this.take(readDrop(event.dataTransfer));
    });
  }
}

/** @returns a click handler that opens the browser's file dialog of a hidden input */
function picker(id: string, use: (files: File[]) => void): () => void {
  const input = byId<HTMLInputElement>(id);
  input.addEventListener("change", () => {
    const chosen = Array.from(input.files ?? []);
    // The same file may be chosen again.
    input.value = "";
    if (chosen.length > 0) use(chosen);
  });
  return () => input.click();
}

function remembered(): string {
  try {
    return localStorage.getItem(DEVICE_KEY) ?? "";
  } catch {
    return "";
  }
}

function remember(device: string): void {
  try {
    localStorage.setItem(DEVICE_KEY, device);
  } catch {
    // Storage may be switched off; the choice then lasts until the page is closed.
  }
}
