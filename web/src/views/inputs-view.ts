/** The buttons and the page-wide drop zone through which sound and models come in. */
import type { WebAudio } from "../audio/web-audio.ts";
import { bundleFrom, classify, readDrop, type Dropped } from "../dropped.ts";
import type { LiveSource } from "../session.ts";
import { byId, create, setText } from "./dom.ts";

export interface DemoSong {
  readonly file: string;
  readonly title: string;
}

export interface InputEvents {
  /** Files were chosen or dropped. */
  ontake(dropped: Dropped): void;
  ondemo(demo: DemoSong): void;
  onlive(source: LiveSource): void;
  onstop(): void;
  onbuiltin(): void;
}

export class InputsView {
  constructor(private readonly events: InputEvents, audio: WebAudio, demos: readonly DemoSong[]) {
    this.connectLive(audio);
    this.connectDemos(demos);
    this.connectDrop();
    byId("choose-file").addEventListener("click", picker("file", (chosen) => this.take(classify(chosen))));
    byId("choose-zip").addEventListener("click", picker("zip", ([archive]) => this.take({ kind: "zip", archive })));
    byId("choose-folder").addEventListener("click", picker("folder", (chosen) => {
      this.take(bundleFrom(new Map(chosen.map((file) => [file.webkitRelativePath || file.name, file]))));
    }));
    byId("built-in").addEventListener("click", () => events.onbuiltin());
  }

  /** Without a model nothing can be heard. */
  enable(enabled: boolean): void {
    for (const button of document.querySelectorAll<HTMLButtonElement>(".inputs button")) button.disabled = !enabled;
    byId<HTMLButtonElement>("stop").disabled = false;
  }

  /** While listening there is one thing to do: stop. */
  setLive(live: boolean): void {
    const stop = byId("stop");
    const hadFocus = document.activeElement === stop;
    stop.hidden = !live;
    document.body.classList.toggle("is-live", live);
    if (live) stop.focus();
    else if (hadFocus) byId("microphone").focus();
  }

  private take(dropped: Dropped | Promise<Dropped>): void {
    void Promise.resolve(dropped).then((known) => this.events.ontake(known));
  }

  private connectLive(audio: WebAudio): void {
    byId("microphone").addEventListener("click", () => this.events.onlive("microphone"));
    byId("microphone").hidden = !audio.canCaptureMicrophone;
    const why = audio.canCaptureMicrophone ? "" : audio.whyNoMicrophone;
    byId("no-microphone").hidden = why === "";
    setText(byId("no-microphone"), why);
    byId("tab-sound").addEventListener("click", () => this.events.onlive("tab"));
    byId("tab-sound").hidden = !audio.canCaptureTab;
    byId("stop").addEventListener("click", () => this.events.onstop());
  }

  private connectDemos(demos: readonly DemoSong[]): void {
    byId("demos").append(...demos.map((demo) => {
      const button = create("button", "", demo.title);
      button.type = "button";
      button.disabled = true;
      button.addEventListener("click", () => this.events.ondemo(demo));
      return button;
    }));
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
