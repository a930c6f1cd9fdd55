/**
 * What is being heard: one file, one microphone or one tab at a time.
 *
 * Everything that starts, ends or breaks off listening happens here; how it looks is told through `SessionEvents`.
 */
import { CaptureError, type Capture, type WebAudio } from "./audio/web-audio.ts";
import { silence, type Hints } from "./audio/sound.ts";
import type { Card } from "./bundle/card.ts";
import { Recording } from "./recording.ts";
import { sentenceOf, tooShort } from "./words.ts";
import type { ListeningWorker, Run, RunEvents } from "./worker/client.ts";
import type { FinishedMessage, HeardMessage } from "./worker/protocol.ts";

export type LiveSource = "microphone" | "tab";

export interface SessionEvents {
  /** A recording begins and takes the place of the last one. `file` can be played; live sound has none. */
  begun(recording: Recording, file: Blob | null): void;
  heard(recording: Recording, message: HeardMessage): void;
  /** All of it was heard. */
  finished(recording: Recording, message: FinishedMessage): void;
  /** Live sound no longer flows; what was heard of it stays. */
  silenced(): void;
  /** There is nothing to show any more. */
  emptied(): void;
  /** How things stand, in a sentence; empty where all is said. */
  said(sentence: string): void;
  /** What went wrong and what to do, in a sentence. */
  failed(sentence: string): void;
}

/** The rates that every browser's OfflineAudioContext takes. */
const DECODABLE_HZ = [8000, 96000] as const;
const USUAL_HZ = 44100;
/** Seconds: a whole decoded file is handed over in pieces of this length. */
const PIECE_S = 10;

export class Session {
  recording: Recording | null = null;
  private run: Run | null = null;
  private capture: Capture | null = null;
  /** numbers what the visitor asked for: whatever is still being prepared for an older wish is dropped */
  private wish = 0;

  constructor(private readonly worker: ListeningWorker, private readonly audio: WebAudio, private readonly events: SessionEvents) {}

  get isLive(): boolean {
    return this.capture !== null;
  }

  async hearFile(file: File, card: Card): Promise<void> {
    const wish = await this.next();
    if (wish !== this.wish) return;
    const recording = new Recording(file.name, false, card);
    this.events.said(`Listening to ${file.name} …`);
    const run: Run = this.worker.openFile(file, file.name, {
      // What was heard before stays until something of this file is: it may turn out to be no sound.
      ...this.runEvents(recording, () => this.begin(recording, file)),
      opened: (expectedS) => {
        recording.expectedS = expectedS;
      },
      decodeYourself: (hints) => void this.decodeHere(file, hints, run, recording),
    });
    this.run = run;
  }

  /** @param deviceId the input to listen to, or undefined for the system's own */
  async hearLive(source: LiveSource, card: Card, deviceId?: string): Promise<void> {
    const wish = await this.next();
    if (wish !== this.wish) return;
    this.events.said(source === "microphone" ? "Waiting for the microphone …" : "Choose a tab or a screen, and tick its sound …");
    let capture: Capture;
    try {
      capture = source === "microphone" ? await this.audio.captureMicrophone(deviceId) : await this.audio.captureTab();
    } catch (error) {
      if (wish !== this.wish) return;
      this.events.said("");
      this.events.failed(error instanceof CaptureError ? error.message : sentenceOf(error));
      return;
    }
    // The permission may come after the visitor has long chosen something else.
    if (wish !== this.wish) return capture.close();
    this.capture = capture;
    const recording = this.begin(new Recording(source === "microphone" ? "Microphone" : "Sound of a tab", true, card), null);
    capture.onended = () => {
      void this.stop();
      this.events.failed(`The sound from ${capture.label || "the device"} ended: it was unplugged, or its sharing was stopped.`);
    };
    capture.onlocked = () => this.sayHowItFlows();
    this.run = this.worker.listen(capture.sampleRate, capture.port, this.runEvents(recording, () => undefined));
    this.sayHowItFlows();
  }

  /** Ends whatever is being heard; what has been heard stays. */
  async stop(): Promise<void> {
    await this.next();
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

  /** @param delayMs from sound to curve, once it is known */
  sayHowItFlows(delayMs?: number): void {
    if (!this.capture) return;
    const { label } = this.capture;
    if (this.capture.isLocked()) void this.sayWhyLocked(this.capture);
    else this.events.said(`Listening to ${label || "live sound"}${delayMs === undefined ? "" : `. From sound to curve: ${delayMs} ms`}`);
  }

  private async sayWhyLocked(capture: Capture): Promise<void> {
    const hasOutput = await this.audio.hasOutput();
    if (capture !== this.capture || !capture.isLocked()) return;
    this.events.said(hasOutput
      ? "The browser is holding the sound back. Click anywhere or press a key to let it in."
      : "This machine has no sound output, and without one this browser lets no sound in: connect speakers or headphones (or give the remote desktop its sound), then stop and listen again.");
  }

  private async next(): Promise<number> {
    const wish = ++this.wish;
    this.run?.stop();
    this.run = null;
    const capture = this.capture;
    this.capture = null;
    if (capture) {
      this.events.silenced();
      this.events.said("");
      await capture.close().catch(() => undefined);
    }
    return wish;
  }

  private begin(recording: Recording, file: Blob | null): Recording {
    this.recording = recording;
    this.events.begun(recording, file);
    return recording;
  }

  /** @param onfirst called when the first step is there */
  private runEvents(recording: Recording, onfirst: () => void): RunEvents {
    return {
      heard: (message) => {
        const isFirst = recording.curve.nSteps === 0 && message.count > 0;
        recording.add(message);
        if (isFirst) onfirst();
        if (recording === this.recording) this.events.heard(recording, message);
      },
      finished: (message) => {
        recording.finish(message.durationS);
        this.run = null;
        if (recording.curve.nSteps > 0) {
          this.events.finished(recording, message);
          this.events.said(message.remarks.join(" "));
        } else {
          this.giveUp(recording, recording.live ? "" : tooShort(recording));
        }
      },
      failed: (sentence) => {
        this.run = null;
        if (this.capture) void this.stop();
        if (recording.curve.nSteps === 0) return this.giveUp(recording, sentence);
        this.events.said("");
        this.events.failed(sentence);
      },
    };
  }

  /** Nothing of it was heard: what was there before stays. */
  private giveUp(recording: Recording, sentence: string): void {
    if (recording === this.recording) this.clear();
    this.events.said("");
    if (sentence) this.events.failed(sentence);
  }

  /** For browsers and formats without streamed decoding: the whole file at once, which takes more memory. */
  private async decodeHere(file: File, hints: Hints, run: Run, recording: Recording): Promise<void> {
    const [lowest, highest] = DECODABLE_HZ;
    const { sampleRate: known } = hints;
    const rate = known !== null && known >= lowest && known <= highest ? known : USUAL_HZ;
    try {
      const channels = await this.audio.decodeWhole(file, rate);
      const length = channels[0].length;
      for (const planes of silence(Math.round(hints.lateS * rate), channels.length, rate)) {
        if (run !== this.run || !(await run.feed(file.name, planes))) return;
      }
      for (let at = leftOver(hints, length, rate); at < length; at += PIECE_S * rate) {
        const planes = { channels: channels.map((plane) => plane.slice(at, at + PIECE_S * rate)), sampleRate: rate };
        if (run !== this.run || !(await run.feed(file.name, planes))) return;
      }
      run.end(file.name);
    } catch {
      if (run === this.run) this.giveUp(recording, `${file.name} is not a sound file that this browser can read; try mp3, m4a, ogg, flac or wav.`);
    }
  }
}

/** Samples of encoder delay that the browser has not cut by itself: what is there is then longer than the file says. */
function leftOver({ delayS, statedS }: Hints, length: number, sampleRate: number): number {
  const isCut = statedS === null || length / sampleRate < statedS + delayS / 2;
  return isCut ? 0 : Math.round(delayS * sampleRate);
}
