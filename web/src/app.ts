/** The page as a whole: brings what is heard together with the views that show it. */
import type { WebAudio } from "../core/audio/web-audio.ts";
import type { Card } from "../core/bundle/card.ts";
import { DelayMeter } from "./delay-meter.ts";
import type { Dropped } from "./dropped.ts";
import { firstToBeHad, type DemoSong, type Example } from "./examples.ts";
import { connectKeys } from "./keys.ts";
import { Player } from "./player.ts";
import type { BeliefEvent, EndEvent } from "../core/listening/listening.ts";
import type { Recording } from "../core/listening/recording.ts";
import { Session, type LiveSource } from "./session.ts";
import { showCard } from "./views/about-view.ts";
import { ControlsView } from "./views/controls-view.ts";
import { byId, setText } from "./views/dom.ts";
import { save } from "./export/save.ts";
import { connectExports } from "./views/exports-view.ts";
import { InputsView } from "./views/inputs-view.ts";
import { Notices } from "./views/notices.ts";
import { StageView } from "./views/stage-view.ts";
import { stepLogits } from "../core/teach/learn.ts";
import { Teaching } from "./teaching/teaching.ts";
import { sentenceOf } from "../core/words/sentences.ts";
import type { ListeningWorker } from "../core/worker/client.ts";
import type { BundleRequest, TaughtMessage } from "../core/worker/protocol.ts";

/** Everything the page takes from its surroundings. */
export interface Surroundings {
  readonly worker: ListeningWorker;
  readonly audio: WebAudio;
  readonly pretrained: BundleRequest;
  readonly demos: readonly DemoSong[];
}

export class App {
  private readonly notices = new Notices();
  private readonly player = new Player(byId<HTMLAudioElement>("audio"));
  private readonly controls: ControlsView;
  private readonly stage: StageView;
  private readonly inputs: InputsView;
  private readonly session: Session;
  private readonly delay: DelayMeter;
  private readonly teaching: Teaching;
  private card: Card | null = null;
  /** settled once no model is being loaded; models load one after the other */
  private loading: Promise<void> = Promise.resolve();
  /** how many models are still to be loaded */
  private toLoad = 0;
  /** what is heard once the model is there, in words */
  private awaited = "";
  /** numbers what the visitor asked to hear: what comes late for an older wish is dropped */
  private asked = 0;
  /** a file is being opened that has not begun yet */
  private opening = false;
  /** the example that was asked for last; it sounds as soon as it is heard */
  private example: Example | null = null;
  private remark = "";
  /** what the microphone heard, once it has ended */
  private liveSound: Blob | null = null;

  constructor(private readonly surroundings: Surroundings) {
    const { worker, audio, demos } = surroundings;
    this.controls = new ControlsView(() => this.stage.settingsChanged());
    this.stage = new StageView(this.player, () => this.controls.settings, () => void this.togglePlay());
    this.inputs = new InputsView({
      ontake: (dropped) => void this.take(dropped),
      ondemos: (demos) => void this.hearDemo(demos),
      onlive: (source) => void this.hearLive(source),
      onstop: () => void this.session.stop(),
      onbuiltin: () => void this.take({ kind: "built-in" }),
    }, audio, demos);
    this.session = new Session(worker, audio, {
      begun: (recording, file) => this.begun(recording, file),
      resumed: (recording) => this.shown(recording),
      heard: (recording, event) => this.heard(recording, event),
      finished: (recording, event) => this.finished(recording, event),
      silenced: () => {
        this.inputs.setLive(false);
        this.stage.endLive();
      },
      emptied: () => this.emptied(),
      said: (sentence, urgent) => this.notices.say(sentence, urgent),
      failed: (sentence) => this.failed(sentence),
    });
    this.player.onsilent = () => this.notices.fail("This machine has no sound output: connect speakers or headphones (or give the remote desktop its sound), and load the page again.");
    this.delay = new DelayMeter((ms) => this.showDelay(ms));
    connectExports(() => this.stage.savable());
    byId("save-sound").addEventListener("click", () => this.liveSound && save(this.liveSound, "What was heard.wav"));
    this.teaching = this.openClassroom();
    byId("play").addEventListener("click", () => void this.togglePlay());
    for (const event of ["pointerdown", "keydown"]) addEventListener(event, () => void this.session.unlock());
    connectKeys({
      onkey: (event) => this.stage.key(event),
      onplay: () => {
        if (!this.session.recording || this.session.isLive) return false;
        void this.togglePlay();
        return true;
      },
    });
  }

  /** Loads a model; if it is refused, the one there is stays, and where there is none the built-in one comes in. */
  useModel(bundle: BundleRequest): Promise<void> {
    this.toLoad++;
    this.loading = this.loading.then(() => this.load(bundle)).finally(() => this.toLoad--);
    return this.loading;
  }

  /** Hears a file that came by another way than being chosen or dropped. */
  hear(file: File): Promise<void> {
    return this.take({ kind: "sound", file, note: "" });
  }

  redraw(): void {
    this.stage.redraw();
  }

  private async load(bundle: BundleRequest): Promise<void> {
    // Without a model there is nothing to stop, and a microphone that was just asked for waits for this one.
    if (this.card) await this.session.stop();
    this.notices.hideError();
    this.sayLoading();
    try {
      this.accept(await this.surroundings.worker.load(bundle), bundle);
    } catch (error) {
      this.notices.say(this.card ? `Still listening with ${modelName(this.card)}.` : "");
      this.notices.fail(sentenceOf(error));
      if (!this.card && bundle.kind !== "pretrained") await this.fallBack();
    }
    document.documentElement.dataset["model"] = this.card ? "ready" : "none";
  }

  private sayLoading(): void {
    this.notices.say(this.awaited ? `Loading the model, then ${this.awaited} …` : "Loading the model …");
  }

  private async fallBack(): Promise<void> {
    const { worker, pretrained } = this.surroundings;
    const card = await worker.load(pretrained).catch(() => null);
    if (!card) return;
    this.accept(card, pretrained);
    this.notices.say(`Listening with the built-in model ${modelName(card)} instead.`);
  }

  private accept(card: Card, bundle: BundleRequest): void {
    // What was heard with another model goes, now that this one is there.
    this.session.clear();
    this.show(card);
    byId("built-in").hidden = bundle.kind === "pretrained";
    this.notices.say(bundle.kind === "pretrained" ? "" : `Now listening with ${modelName(card)}: it passed its check.`);
    void this.teaching.begin(card);
  }

  private show(card: Card): void {
    this.card = card;
    this.stage.setCard(card);
    this.controls.setCard(card);
    showCard(card);
    setText(byId("model-line"), `Model: ${modelName(card)}, ${card.genres.length} genres`);
  }

  // Teaching ------------------------------------------------------------------------------------

  private openClassroom(): Teaching {
    const { worker, audio } = this.surroundings;
    const card = () => this.card;
    const recording = () => this.session.recording;
    return new Teaching(worker, audio, {
      get card() {
        return card();
      },
      get recording() {
        return recording();
      },
      exclusively: (work) => {
        const done = this.loading.then(() => this.session.idle()).then(work);
        this.loading = done.then(() => undefined, () => undefined);
        return done;
      },
      listenBy: (message) => this.listenBy(message),
      listen: async () => {
        await this.hearLive("microphone");
        return this.session.isLive;
      },
      stop: () => void this.session.stop(),
    });
  }

  /** By what was taught from now on; what was heard is read anew. */
  private listenBy({ card, reading, learnt }: TaughtMessage): void {
    const { recording } = this.session;
    if (recording && !recording.reread(card, (features) => stepLogits(reading, features))) this.session.clear();
    this.show(card);
    this.stage.reread();
    if (!this.session.isLive) this.notices.say(learnt ? `Now listening for ${learnt.genres.join(", ")}.` : "");
  }

  // What the visitor brings ---------------------------------------------------------------------

  private async take(dropped: Dropped | { readonly kind: "built-in" }): Promise<void> {
    byId<HTMLDialogElement>("about").close();
    switch (dropped.kind) {
      case "nothing":
        return this.notices.fail(dropped.sentence);
      case "sound":
        return this.hearFile(dropped.file, dropped.note);
      case "zip":
        return this.useModel({ kind: "zip", archive: dropped.archive });
      case "bundle":
        return this.useModel({ kind: "files", files: dropped.files });
      case "built-in":
        return this.useModel(this.surroundings.pretrained);
    }
  }

  /** @param remark said beside what is heard */
  private async hearFile(file: File, remark = ""): Promise<void> {
    const card = await this.modelFor(`${file.name} is heard`);
    if (!card) return;
    this.remark = remark;
    await this.hearBy(card, file);
  }

  private async hearLive(source: LiveSource): Promise<void> {
    const model = this.modelFor(source === "tab" ? "the tab is heard" : "the microphone is heard");
    await this.session.hearLive(source, model, this.inputs.deviceId);
  }

  /** Plays and hears the first of these that can be had: without a network those that were heard before. */
  private async hearDemo(demos: readonly DemoSong[]): Promise<void> {
    const model = this.modelFor(`${demos[0].title} plays`);
    const { asked } = this;
    // The press of the button is leave to sound; it may not count any more when the song is there.
    this.player.wake();
    if (this.toLoad === 0) this.notices.say(`Fetching ${demos[0].title} …`);
    const example = await firstToBeHad(demos);
    if (asked !== this.asked) return;
    if (example) {
      const card = await model;
      if (!card) return;
      this.example = example;
      return this.hearBy(card, example.file);
    }
    this.asked++;
    if (this.toLoad === 0) this.notices.say("");
    this.notices.fail(`${demos[0].title} could not be fetched; check the connection and try again.`);
  }

  private async hearBy(card: Card, file: File): Promise<void> {
    performance.clearMarks();
    performance.mark("genre:opened");
    this.opening = true;
    await this.session.hearFile(file, card);
  }

  /** The model to listen by, once it is there; null if there is none, or something else was asked for meanwhile. */
  private async modelFor(awaited: string): Promise<Card | null> {
    const asked = ++this.asked;
    this.remark = "";
    this.notices.hideError();
    this.awaited = awaited;
    // Where it could not be had before, it may be had now.
    if (!this.card && this.toLoad === 0) void this.useModel(this.surroundings.pretrained);
    if (this.toLoad > 0) this.sayLoading();
    await this.loading;
    if (asked !== this.asked) return null;
    this.awaited = "";
    return this.card;
  }

  private showCredit(credit: string): void {
    setText(byId("credit"), credit);
    byId("credit").hidden = credit === "";
  }

  // What is heard -------------------------------------------------------------------------------

  private begun(recording: Recording, file: Blob | null): void {
    this.notices.hideError();
    if (this.remark) this.notices.fail(this.remark);
    this.opening = false;
    this.shown(recording);
    this.player.load(file);
    this.offerSound(null);
    const example = file !== null && file === this.example?.file ? this.example : null;
    this.showCredit(example?.credit ?? "");
    if (example) void this.player.play();
    this.delay.reset();
    if (recording.live) this.inputs.setLive(true);
  }

  private shown(recording: Recording): void {
    document.documentElement.dataset["heard"] = "partly";
    this.stage.begin(recording);
    this.teaching.begun(recording);
  }

  private heard(recording: Recording, event: BeliefEvent): void {
    if (event.first === 0 && event.count > 0) {
      performance.mark("genre:first-steps");
      requestAnimationFrame(() => performance.mark("genre:first-curve"));
    }
    if (event.capturedAt !== null && event.count > 0) this.delay.note(event.capturedAt);
    if (recording === this.session.recording) this.stage.grew();
  }

  private finished(recording: Recording, event: EndEvent): void {
    if (!recording.live) this.player.tame(recording.largestPeak);
    else if (event.kept && recording === this.session.recording) {
      this.player.load(event.kept.wav, event.kept.fromS);
      this.offerSound(event.kept.wav);
    }
    performance.mark("genre:finished", { detail: event.spent });
    // A microphone that makes room for a file ends while the file is opened.
    if (!this.opening) document.documentElement.dataset["heard"] = "whole";
    this.stage.finish();
    this.teaching.finished(recording);
  }

  private failed(sentence: string): void {
    this.opening = false;
    if (this.session.recording?.finished) document.documentElement.dataset["heard"] = "whole";
    this.notices.fail(sentence);
  }

  private emptied(): void {
    delete document.documentElement.dataset["heard"];
    this.player.load(null);
    this.showCredit("");
    this.stage.clear();
    this.teaching.emptied();
  }

  private offerSound(sound: Blob | null): void {
    this.liveSound = sound;
    byId("save-sound").hidden = sound === null;
  }

  private showDelay(ms: number): void {
    document.documentElement.dataset["delay"] = String(ms);
    if (this.session.isLive) this.notices.measured(`· ${ms} ms from sound to curve`);
  }

  private async togglePlay(): Promise<void> {
    if (!(await this.player.toggle())) this.notices.say("This browser can hear the file but not play it.");
    this.stage.redraw();
  }
}

function modelName({ name, version }: Card): string {
  return `${name} ${version}`;
}
