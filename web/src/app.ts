/** The page as a whole: what is being heard, and which view shows which part of it. */
import type { Card } from "./bundle/card.ts";
import { CaptureError, type Capture, type WebAudio } from "./audio/web-audio.ts";
import { segments } from "./curve/segments.ts";
import { forSpan } from "./curve/spans.ts";
import { toCsv, toJson } from "./export/curve-files.ts";
import { toPicture } from "./export/picture.ts";
import { save, stem } from "./export/save.ts";
import { bundleFrom, classify, readDrop, type Dropped } from "./inputs.ts";
import { Player } from "./player.ts";
import { Recording, type DisplaySettings } from "./recording.ts";
import { showCard } from "./views/about-view.ts";
import { byId, setText } from "./views/dom.ts";
import { clock, percent, ranked, spoken } from "./views/format.ts";
import { NowView } from "./views/now-view.ts";
import { coloursFor, type Rgb } from "./views/palette.ts";
import type { StreamData } from "./views/stream-painter.ts";
import { currentTheme, StreamView } from "./views/stream-view.ts";
import { TableView } from "./views/table-view.ts";
import type { ListeningWorker, Run, RunEvents } from "./worker/client.ts";
import type { BundleRequest } from "./worker/protocol.ts";

export interface DemoSong {
  readonly file: string;
  readonly title: string;
}

/** Everything the page takes from its surroundings. */
export interface Surroundings {
  readonly worker: ListeningWorker;
  readonly audio: WebAudio;
  readonly pretrained: BundleRequest;
  readonly demos: readonly DemoSong[];
}

export class App {
  private readonly player = new Player(byId<HTMLAudioElement>("audio"));
  private readonly now = new NowView();
  private readonly table = new TableView(() => this.showTable());
  private readonly stream: StreamView;
  private readonly reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
  private card: Card | null = null;
  private colours: Rgb[] = [];
  private recording: Recording | null = null;
  private run: Run | null = null;
  private capture: Capture | null = null;
  private settings: DisplaySettings = { smoothingS: 3, unsureBelow: null };
  /** false until the visitor plays or seeks: the headline then speaks of the whole */
  private momentChosen = false;
  private painted = "";
  private frameRequested = false;
  private liveMark = { atS: 0, ms: 0 };
  private delays: number[] = [];

  constructor(private readonly surroundings: Surroundings) {
    this.stream = new StreamView({
      onseek: (seconds) => this.seek(seconds),
      onplay: () => void this.togglePlay(),
      describe: (seconds) => this.describe(seconds),
    }, () => this.redraw());
    this.player.onchange = () => this.request();
    this.connectInputs();
    this.connectControls();
  }

  // Model ---------------------------------------------------------------------------------------

  async useModel(bundle: BundleRequest): Promise<void> {
    await this.stopAll();
    this.clear();
    this.enableInputs(false);
    this.say("Loading the model …");
    try {
      this.card = await this.surroundings.worker.load(bundle);
      this.colours = coloursFor(this.card.genres.length);
      this.settings = { smoothingS: this.card.smoothing_s, unsureBelow: null };
      this.now.setGenres(this.card.genres, this.colours);
      showCard(this.card);
      setText(byId("model-line"), `Model: ${this.card.name} ${this.card.version}, ${this.card.genres.length} genres`);
      byId("built-in").hidden = bundle.kind === "pretrained";
      this.say(bundle.kind === "pretrained" ? "" : `Now listening with ${this.card.name} ${this.card.version}: it passed its check.`);
      this.showControls();
    } catch (error) {
      this.fail(sentenceOf(error));
      this.say(this.card ? `Still listening with ${this.card.name} ${this.card.version}.` : "");
    }
    this.enableInputs(this.card !== null);
    document.documentElement.dataset["model"] = this.card ? "ready" : "none";
    this.redraw();
  }

  // Sound ---------------------------------------------------------------------------------------

  async hearFile(file: File): Promise<void> {
    if (!this.card) return;
    await this.stopAll();
    performance.clearMarks();
    performance.mark("genre:opened");
    const recording = this.begin(new Recording(file.name, false, this.card));
    this.player.load(file.size > 0 ? file : null);
    this.say(`Listening to ${file.name} …`);
    const run: Run = this.surroundings.worker.openFile(file, file.name, {
      ...this.events(recording),
      opened: (announcedS) => {
        recording.announcedS = announcedS;
      },
      decodeYourself: (sampleRate) => void this.decodeHere(file, sampleRate, run),
    });
    this.run = run;
  }

  /** For browsers and formats without streamed decoding: the whole file at once, which takes more memory. */
  private async decodeHere(file: File, sampleRate: number | null, run: Run): Promise<void> {
    const rate = sampleRate ?? 44100;
    try {
      const mono = await this.surroundings.audio.decodeWhole(file, rate);
      if (run !== this.run) return;
      run.begin(rate);
      for (let at = 0; at < mono.length; at += 10 * rate) run.feed(mono.slice(at, at + 10 * rate));
      run.end();
    } catch {
      if (run !== this.run) return;
      this.clear();
      this.say("");
      this.fail(`${file.name} is not a sound file that this browser can read; try mp3, m4a, ogg, flac or wav.`);
    }
  }

  private async hearLive(source: "microphone" | "tab"): Promise<void> {
    if (!this.card) return;
    await this.stopAll();
    this.hideError();
    this.say(source === "microphone" ? "Waiting for the microphone …" : "Choose a tab or a screen, and tick its sound …");
    const { audio, worker } = this.surroundings;
    let capture: Capture;
    try {
      capture = source === "microphone" ? await audio.captureMicrophone() : await audio.captureTab();
    } catch (error) {
      this.say("");
      this.fail(error instanceof CaptureError ? error.message : sentenceOf(error));
      return;
    }
    this.capture = capture;
    const recording = this.begin(new Recording(source === "microphone" ? "Microphone" : "Sound of a tab", true, this.card));
    this.player.load(null);
    this.delays = [];
    this.liveMark = { atS: 0, ms: performance.now() };
    capture.onended = () => {
      void this.stopAll();
      this.fail(`The sound from ${capture.label || "the device"} ended: it was unplugged, or its sharing was stopped.`);
    };
    capture.onlocked = (locked) => this.showLocked(locked);
    this.showLocked(capture.isLocked());
    this.run = worker.listen(capture.sampleRate, capture.port, this.events(recording));
    document.body.classList.add("is-live");
    byId("stop").hidden = false;
    byId("stop").focus();
    this.say(`Listening to ${capture.label || "live sound"}`);
  }

  private showLocked(locked: boolean): void {
    if (!this.capture) return;
    if (locked) {
      this.say("The browser is holding the sound back. Click anywhere or press a key to let it in.");
      const retry = () => void this.capture?.unlock().catch(() => undefined);
      addEventListener("pointerdown", retry, { once: true });
      addEventListener("keydown", retry, { once: true });
    } else {
      this.say(`Listening to ${this.capture.label || "live sound"}`);
    }
  }

  /** Ends whatever is being heard; what has been heard stays. */
  private async stopAll(): Promise<void> {
    this.run?.stop();
    this.run = null;
    byId("stop").hidden = true;
    document.body.classList.remove("is-live");
    const capture = this.capture;
    this.capture = null;
    if (capture) {
      this.say("");
      await capture.close();
    }
    this.request();
  }

  private begin(recording: Recording): Recording {
    this.hideError();
    this.recording = recording;
    this.momentChosen = false;
    this.painted = "";
    document.body.classList.add("is-active");
    document.documentElement.dataset["heard"] = "partly";
    setText(byId("kicker"), recording.live ? "Live" : "Now hearing");
    setText(byId("title"), recording.live ? recording.name : stem(recording.name));
    byId("tools").hidden = false;
    byId("transport").hidden = recording.live;
    this.table.setVisible(!recording.live);
    this.request();
    return recording;
  }

  private events(recording: Recording): RunEvents {
    return {
      heard: (message) => {
        recording.add(message);
        if (recording.curve.nSteps > 0 && message.first === 0) {
          performance.mark("genre:first-steps");
          requestAnimationFrame(() => performance.mark("genre:first-curve"));
        }
        if (recording.live) this.liveMark = { atS: recording.heardS, ms: performance.now() };
        if (message.capturedAt !== null && message.count > 0) this.noteDelay(message.capturedAt);
        this.request();
      },
      finished: (message) => {
        recording.finish(message.durationS);
        performance.mark("genre:finished", { detail: message.spent });
        this.run = null;
        if (recording.curve.nSteps === 0) return recording.live ? this.clear() : this.tooShort(recording);
        document.documentElement.dataset["heard"] = "whole";
        setText(byId("kicker"), "Heard");
        this.say(message.shortfall ?? "");
        this.table.setVisible(true);
        this.showTable();
        this.request();
      },
      failed: (sentence) => {
        this.run = null;
        if (recording.curve.nSteps === 0) this.clear();
        this.fail(sentence);
        this.say("");
      },
    };
  }

  private tooShort(recording: Recording): void {
    const { timing, front_end } = recording.card;
    const needed = ((timing.minimum_frames - 1) * front_end.hop_length + front_end.n_fft) / front_end.sample_rate;
    this.clear();
    this.say("");
    this.fail(`${recording.name} is too short: the model needs at least ${needed.toFixed(1)} s of sound.`);
  }

  /** From the last sample a step heard to the frame that shows the step, in ms; the latest hundred. */
  private noteDelay(capturedAt: number): void {
    requestAnimationFrame(() => {
      this.delays.push(Date.now() - capturedAt);
      if (this.delays.length > 100) this.delays.shift();
      const median = [...this.delays].sort((a, b) => a - b)[this.delays.length >> 1];
      document.documentElement.dataset["delay"] = String(median);
      if (this.capture && !this.capture.isLocked()) this.say(`Listening to ${this.capture.label || "live sound"}. From sound to curve: ${median} ms`);
    });
  }

  /** Back to the empty page, the model kept. */
  private clear(): void {
    this.recording = null;
    this.player.load(null);
    this.painted = "";
    document.body.classList.remove("is-active");
    delete document.documentElement.dataset["heard"];
    setText(byId("kicker"), "Genre, moment by moment");
    setText(byId("title"), "What does it hear?");
    for (const id of ["tools", "transport", "overall"]) byId(id).hidden = true;
    this.table.setVisible(false);
    this.now.hide();
    this.redraw();
  }

  // Showing -------------------------------------------------------------------------------------

  redraw(): void {
    this.painted = "";
    this.request();
  }

  private request(): void {
    if (this.frameRequested) return;
    this.frameRequested = true;
    requestAnimationFrame(() => {
      this.frameRequested = false;
      this.show();
      const flowing = this.capture !== null && !this.reducedMotion.matches;
      if (this.player.playing || flowing) this.request();
    });
  }

  private show(): void {
    const { recording, card } = this;
    if (!card) return;
    if (!recording) {
      this.stream.paintIdle(card.genres, this.colours);
      this.stream.movePlayhead({ enabled: false, fromS: 0, toS: 0, positionS: 0, stepS: 1 }, false, "Nothing has been heard yet");
      return;
    }
    const live = this.capture !== null;
    const position = live ? recording.heardS : Math.min(Math.max(this.player.position, recording.startS), recording.durationS);
    if (this.player.playing) this.momentChosen = true;
    this.paintStream(recording, live);

    const answer = recording.curve.nSteps > 0 ? recording.curve.answer() : null;
    const whole = !live && !this.momentChosen;
    const belief = whole ? answer : recording.beliefAt(position, this.settings);
    this.now.show(live ? "Now" : whole ? (recording.finished ? "The whole of it" : "So far") : `At ${clock(position)}`, belief);
    this.showOverall(recording);

    setText(byId("clock"), clock(position));
    setText(byId("duration"), clock(recording.durationS));
    const play = byId<HTMLButtonElement>("play");
    play.disabled = !this.player.canPlay;
    play.setAttribute("aria-pressed", String(this.player.playing));
    play.setAttribute("aria-label", this.player.playing ? "Pause" : "Play");
    this.stream.movePlayhead(
      { enabled: !live, fromS: recording.startS, toS: recording.durationS, positionS: position, stepS: card.timing.step_period_s },
      !live, (this.describe(position) ?? ["Nothing heard yet"]).join(", "),
    );
  }

  private paintStream(recording: Recording, live: boolean): void {
    let [fromS, toS, nowS] = [recording.startS, recording.durationS, recording.heardS];
    if (live) {
      const sinceLast = this.reducedMotion.matches ? 0 : (performance.now() - this.liveMark.ms) / 1000;
      nowS = this.liveMark.atS + Math.min(sinceLast, 1);
      const span = this.stream.width < 640 ? 20 : 45;
      // A fresh sheet fills from the left; once full, it moves on.
      toS = Math.max(nowS, span);
      fromS = toS - span;
    }
    const key = `${fromS} ${toS} ${nowS} ${recording.curve.firstStep} ${recording.curve.nSteps} ${recording.finished} ${this.settings.smoothingS} ${this.settings.unsureBelow}`;
    if (key === this.painted) return;
    this.painted = key;
    this.stream.paint(this.data(recording), fromS, toS, (s) => (live ? liveTick(s, nowS) : clock(s)));
  }

  private data(recording: Recording): StreamData {
    const { shown, times } = recording.shown(this.settings);
    return {
      genres: recording.card.genres, colours: this.colours, nSteps: shown.nSteps, times,
      probabilities: shown.probabilities, states: shown.states,
      peaks: recording.peaks, peakPeriodS: recording.hopS, peakStartS: recording.startS, endS: recording.heardS,
    };
  }

  private showOverall(recording: Recording): void {
    const line = byId("overall");
    line.hidden = recording.curve.nSteps === 0;
    if (!line.hidden) setText(line, this.overallSentence(recording));
  }

  private overallSentence(recording: Recording): string {
    const { state, probabilities } = recording.curve.answer();
    const [first, second] = ranked(probabilities);
    const name = (g: number) => `${spoken(recording.card.genres[g])} ${percent(probabilities[g])}`;
    const span = recording.finished && !recording.live ? "The whole song" : "So far";
    if (state === "silence") return `${span}: silence`;
    if (state === "unsure") return `${span}: unsure, between ${name(first)} and ${name(second)}`;
    return `${span}: ${name(first)}, then ${name(second)}`;
  }

  private describe(seconds: number): string[] | null {
    const { recording } = this;
    if (!recording || seconds < recording.startS || seconds > recording.heardS) return null;
    const belief = recording.beliefAt(seconds, this.settings);
    if (!belief) return null;
    const when = this.capture ? liveTick(seconds, recording.heardS) : clock(seconds);
    if (belief.state === "silence") return [when, "silence"];
    const top = ranked(belief.probabilities).slice(0, 3).map((g) => `${spoken(recording.card.genres[g])} ${percent(belief.probabilities[g])}`);
    return [when, ...(belief.state === "unsure" ? ["unsure"] : []), ...top];
  }

  private showTable(): void {
    const { recording } = this;
    if (!recording || !this.table.isOpen) return;
    const { shown, times } = recording.shown(this.settings);
    this.table.show(recording.name, recording.card.genres, segments(shown, times, recording.curve.nGenres, recording.startS, recording.heardS));
  }

  // Pointing and playing ------------------------------------------------------------------------

  private seek(seconds: number): void {
    this.momentChosen = true;
    this.player.seek(seconds);
    this.request();
  }

  private async togglePlay(): Promise<void> {
    if (!(await this.player.toggle())) this.say("This browser can hear the file but not play it.");
    this.request();
  }

  // Controls ------------------------------------------------------------------------------------

  private connectInputs(): void {
    const { audio, demos } = this.surroundings;
    const file = byId<HTMLInputElement>("file");
    byId("choose-file").addEventListener("click", () => file.click());
    file.addEventListener("change", () => {
      const chosen = Array.from(file.files ?? []);
      file.value = "";
      if (chosen.length > 0) void classify(chosen).then((dropped) => this.take(dropped));
    });
    byId("microphone").addEventListener("click", () => void this.hearLive("microphone"));
    byId("microphone").hidden = !audio.canCaptureMicrophone;
    byId("tab-sound").addEventListener("click", () => void this.hearLive("tab"));
    byId("tab-sound").hidden = !audio.canCaptureTab;
    byId("stop").addEventListener("click", () => void this.stopAll().then(() => byId("microphone").focus()));
    for (const demo of demos) {
      const button = document.createElement("button");
      button.type = "button";
      button.disabled = true;
      button.textContent = demo.title;
      button.addEventListener("click", () => void this.hearDemo(demo));
      byId("demos").append(button);
    }

    const folder = byId<HTMLInputElement>("folder");
    byId("choose-folder").addEventListener("click", () => folder.click());
    folder.addEventListener("change", () => {
      const files = new Map(Array.from(folder.files ?? [], (each) => [each.webkitRelativePath || each.name, each]));
      folder.value = "";
      void bundleFrom(files).then((dropped) => this.take(dropped));
    });
    const zip = byId<HTMLInputElement>("zip");
    byId("choose-zip").addEventListener("click", () => zip.click());
    zip.addEventListener("change", () => {
      const archive = zip.files?.[0];
      zip.value = "";
      if (archive) void this.take({ kind: "zip", archive });
    });
    byId("built-in").addEventListener("click", () => {
      byId<HTMLDialogElement>("about").close();
      void this.useModel(this.surroundings.pretrained);
    });

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
      if (event.dataTransfer) void readDrop(event.dataTransfer).then((dropped) => this.take(dropped));
    });
  }

  private async take(dropped: Dropped): Promise<void> {
    byId<HTMLDialogElement>("about").close();
    switch (dropped.kind) {
      case "nothing":
        return this.fail(dropped.sentence);
      case "sound":
        return this.hearFile(dropped.file);
      case "zip":
        return this.useModel({ kind: "zip", archive: dropped.archive });
      case "bundle":
        return this.useModel({ kind: "files", files: dropped.files });
    }
  }

  private async hearDemo(demo: DemoSong): Promise<void> {
    this.say(`Fetching ${demo.title} …`);
    try {
      const response = await fetch(demo.file);
      if (!response.ok) throw new Error(String(response.status));
      const name = `${demo.title}.${demo.file.split(".").pop()}`;
      await this.hearFile(new File([await response.blob()], name, { type: response.headers.get("content-type") ?? "" }));
    } catch {
      this.say("");
      this.fail(`${demo.title} could not be fetched; check the connection and try again.`);
    }
  }

  private enableInputs(enabled: boolean): void {
    for (const button of document.querySelectorAll<HTMLButtonElement>(".inputs button")) button.disabled = !enabled;
    byId<HTMLButtonElement>("stop").disabled = false;
  }

  private connectControls(): void {
    byId("play").addEventListener("click", () => void this.togglePlay());
    addEventListener("keydown", (event) => {
      const target = event.target as HTMLElement;
      if (event.key !== " " || event.defaultPrevented || target.closest("button, input, summary, a, dialog, [role=slider]")) return;
      if (!this.recording || this.recording.live) return;
      event.preventDefault();
      void this.togglePlay();
    });
    byId<HTMLInputElement>("smoothing").addEventListener("input", (event) => {
      this.change({ ...this.settings, smoothingS: (event.target as HTMLInputElement).valueAsNumber });
    });
    byId<HTMLInputElement>("threshold").addEventListener("input", (event) => {
      this.change({ ...this.settings, unsureBelow: (event.target as HTMLInputElement).valueAsNumber / 100 });
    });
    byId("reset").addEventListener("click", () => this.change({ smoothingS: this.card?.smoothing_s ?? 3, unsureBelow: null }));
    const saving = (make: (recording: Recording) => Promise<Blob> | Blob, extension: string) => async () => {
      const { recording } = this;
      if (recording && recording.curve.nSteps > 0) save(await make(recording), `${stem(recording.name)}.${extension}`);
    };
    byId("save-csv").addEventListener("click", saving((r) => new Blob([toCsv(r)], { type: "text/csv" }), "csv"));
    byId("save-json").addEventListener("click", saving((r) => new Blob([toJson(r)], { type: "application/json" }), "json"));
    byId("save-png").addEventListener("click", saving((r) => toPicture(this.data(r), currentTheme(), {
      title: r.live ? r.name : stem(r.name), answer: this.overallSentence(r), model: `${r.card.name} ${r.card.version}`,
    }), "png"));
  }

  private change(settings: DisplaySettings): void {
    this.settings = settings;
    this.showControls();
    this.showTable();
    this.request();
  }

  private showControls(): void {
    if (!this.card) return;
    const { smoothingS, unsureBelow } = this.settings;
    const smoothing = byId<HTMLInputElement>("smoothing");
    const threshold = byId<HTMLInputElement>("threshold");
    const width = Math.max(1, Math.round(smoothingS / this.card.timing.step_period_s)) * this.card.timing.step_period_s;
    const effective = unsureBelow ?? forSpan(this.card, this.card.unsure_below, width);
    smoothing.value = String(smoothingS);
    threshold.value = String(Math.round(effective * 100));
    setText(byId("smoothing-value"), smoothingS === 0 ? "none" : `${smoothingS} s`);
    setText(byId("threshold-value"), percent(effective));
  }

  private say(sentence: string): void {
    setText(byId("status"), sentence);
  }

  private fail(sentence: string): void {
    const notice = byId("error");
    notice.textContent = sentence;
    notice.hidden = false;
  }

  private hideError(): void {
    byId("error").hidden = true;
  }
}

function liveTick(seconds: number, nowS: number): string {
  const ago = Math.round(nowS - seconds);
  if (ago < 0) return "";
  return ago === 0 ? "now" : `${ago} s ago`;
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
