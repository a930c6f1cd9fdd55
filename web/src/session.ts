/**
 * What is being heard: one file, one microphone or one tab at a time.
 *
 * Everything that starts, ends or breaks off listening happens here; how it looks is told through `SessionEvents`.
 */
import { CaptureError, type Capture, type WebAudio } from "../core/audio/web-audio.ts";
import type { Card } from "../core/bundle/card.ts";
import { Listening, type BeliefEvent, type EndEvent } from "../core/listening/listening.ts";
import type { Recording } from "../core/listening/recording.ts";
import { sentenceOf } from "../core/words/sentences.ts";
import type { ListeningWorker } from "../core/worker/client.ts";

export type LiveSource = "microphone" | "tab";

export interface SessionEvents {
  /** A recording begins and takes the place of the last one. `file` can be played; live sound has none. */
  begun(recording: Recording, file: Blob | null): void;
  /** What was shown, and had to stop before its end, is heard anew from its beginning. */
  resumed(recording: Recording): void;
  heard(recording: Recording, event: BeliefEvent): void;
  /** All of it was heard. */
  finished(recording: Recording, event: EndEvent): void;
  /** Live sound no longer flows; what was heard of it stays. */
  silenced(): void;
  /** There is nothing to show any more. */
  emptied(): void;
  /** How things stand, in a sentence; empty where all is said. Urgent where nothing goes on until the visitor does something. */
  said(sentence: string, urgent?: boolean): void;
  /** What went wrong and what to do, in a sentence. */
  failed(sentence: string): void;
}

export class Session {
  recording: Recording | null = null;
  private listening: Listening | null = null;
  private capture: Capture | null = null;
  /** what is shown, where it can be heard again */
  private file: File | null = null;
  /** numbers what the visitor asked for: whatever is still being prepared for an older wish is dropped */
  private wish = 0;

  constructor(private readonly worker: ListeningWorker, private readonly audio: WebAudio, private readonly events: SessionEvents) {}

  get isLive(): boolean {
    return this.capture !== null;
  }

  async hearFile(file: File, card: Card): Promise<void> {
    const live = this.capture ? this.listening : null;
    const wish = await this.next();
    // The file may turn out to be no sound: what the microphone heard is then still there, to its end and to be played.
    await live?.finished.catch(() => undefined);
    if (wish !== this.wish) return;
    this.events.said(`Listening to ${file.name} …`);
    const listening = Listening.toFile(this.worker, this.audio, file, file.name, card);
    // What was heard before stays until something of this file is: it may turn out to be no sound.
    listening.addEventListener("begin", () => this.begin(listening.recording, file));
    this.follow(listening);
  }

  /**
   * @param card what to listen by; while it is on its way the visitor is asked for the microphone, and null means that it never came
   * @param deviceId the input to listen to, or undefined for the system's own
   */
  async hearLive(source: LiveSource, card: Card | Promise<Card | null>, deviceId?: string): Promise<void> {
    // A file is heard on until there is something else to hear; but not every browser opens two inputs at once.
    const wish = this.capture ? await this.next() : ++this.wish;
    if (wish !== this.wish) return;
    this.events.said(source === "microphone" ? "Waiting for the microphone …" : "Choose a tab or a screen, and tick its sound …");
    let isLoading = true;
    void Promise.resolve(card).then(() => (isLoading = false));
    let capture: Capture;
    try {
      capture = source === "microphone" ? await this.audio.captureMicrophone(deviceId) : await this.audio.captureTab();
    } catch (error) {
      if (wish !== this.wish) return;
      this.events.said("");
      this.events.failed(error instanceof CaptureError ? error.message : sentenceOf(error));
      return;
    }
    if (isLoading) this.events.said(`Loading the model, then ${source === "microphone" ? "the microphone" : "the tab"} is heard …`);
    const model = await card;
    // The permission may come after the visitor has long chosen something else.
    if (wish !== this.wish || !model || wish + 1 !== (await this.next())) return capture.close();
    this.capture = capture;
    const listening = Listening.toCapture(this.worker, capture, source === "microphone" ? "Microphone" : "Sound of a tab", model);
    this.begin(listening.recording, null);
    capture.onended = () => {
      void this.stop();
      this.events.failed(`The sound from ${capture.label || "the device"} ended: it was unplugged, or its sharing was stopped.`);
    };
    capture.onlocked = () => this.sayHowItFlows();
    this.follow(listening);
    this.sayHowItFlows();
  }

  /** Ends whatever is being heard; what has been heard stays. */
  async stop(): Promise<void> {
    await this.next();
  }

  /** Ends live sound, and waits until a file was heard to its end. */
  async idle(): Promise<void> {
    if (this.capture) await this.stop();
    await this.listening?.finished.catch(() => undefined);
  }

  /** Forgets what has been heard. */
  clear(): void {
    this.recording = null;
    this.events.emptied();
  }

  /** Lets a held-back sound in; only works while a click or a key is being handled. */
  async unlock(): Promise<void> {
    if (this.capture?.isLocked()) await this.capture.unlock().catch(() => undefined);
  }

  private sayHowItFlows(): void {
    if (!this.capture) return;
    const { label } = this.capture;
    if (this.capture.isLocked()) void this.sayWhyLocked(this.capture);
    else this.events.said(`Listening to ${label || "live sound"}`);
  }

  private async sayWhyLocked(capture: Capture): Promise<void> {
    const hasOutput = await this.audio.hasOutput();
    if (capture !== this.capture || !capture.isLocked()) return;
    this.events.said(hasOutput
      ? "The browser is holding the sound back. Click anywhere or press a key to let it in."
      : "This machine has no sound output, and without one this browser lets no sound in: connect speakers or headphones (or give the remote desktop its sound), then stop and listen again.", true);
  }

  private async next(): Promise<number> {
    const wish = ++this.wish;
    this.listening?.stop();
    this.listening = null;
    const capture = this.capture;
    this.capture = null;
    if (capture) {
      this.events.silenced();
      this.events.said("");
      await capture.close().catch(() => undefined);
    }
    return wish;
  }

  private begin(recording: Recording, file: File | null): void {
    this.recording = recording;
    this.file = file;
    this.events.begun(recording, file);
  }

  private follow(listening: Listening): void {
    const { recording } = listening;
    this.listening = listening;
    listening.addEventListener("belief", (event) => {
      if (recording === this.recording) this.events.heard(recording, event);
    });
    listening.addEventListener("end", (event) => {
      this.listening = null;
      if (recording.curve.nSteps === 0) {
        // Stopped before anything was heard: what the visitor asked for since then has the word.
        if (recording === this.recording) this.giveUp(recording, "");
        return;
      }
      this.events.finished(recording, event);
      this.events.said(event.remarks.join(" "));
    });
    listening.addEventListener("error", ({ message }) => {
      this.listening = null;
      if (this.capture) void this.stop();
      if (recording.curve.nSteps === 0) {
        this.giveUp(recording, message);
        return this.resume();
      }
      this.events.said("");
      this.events.failed(message);
    });
  }

  /** A file that had to stop for one that is no sound is heard after all. */
  private resume(): void {
    const { file, recording } = this;
    if (!file || !recording || recording.finished) return;
    this.events.said(`Listening to ${file.name} …`);
    const listening = Listening.toFile(this.worker, this.audio, file, file.name, recording.card);
    listening.addEventListener("begin", () => {
      this.recording = listening.recording;
      this.events.resumed(listening.recording);
    });
    this.follow(listening);
  }

  /** Nothing of it was heard: what was there before stays. */
  private giveUp(recording: Recording, sentence: string): void {
    if (recording === this.recording) this.clear();
    this.events.said("");
    if (sentence) this.events.failed(sentence);
  }
}
