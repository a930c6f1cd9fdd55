/** One sound while it is heard: a file to its end, or live sound until it is stopped. */
import { silence, type Hints } from "../audio/sound.ts";
import type { Kept } from "../audio/kept-sound.ts";
import type { Capture, WebAudio } from "../audio/web-audio.ts";
import type { Card } from "../bundle/card.ts";
import { leaderOf, type State, type WholeState } from "../curve/reading.ts";
import type { Spent } from "../model/listener.ts";
import { tooShort } from "../words/sentences.ts";
import type { ListeningWorker, Run, RunEvents } from "../worker/client.ts";
import { toObject, type CurveFile } from "./curve-files.ts";
import { Recording, type DisplaySettings } from "./recording.ts";

/** The rates that every browser's OfflineAudioContext takes. */
const DECODABLE_HZ = [8000, 96000] as const;
const USUAL_HZ = 44100;
/** Seconds: a whole decoded file is handed over in pieces of this length. */
const PIECE_S = 10;

/** What is believed of a moment. */
export interface Moment {
  /** seconds */
  readonly timeS: number;
  readonly state: State;
  /** the most probable one, named or not; null in silence */
  readonly genre: string | null;
  readonly probabilities: Readonly<Record<string, number>>;
}

/** What is believed of all that was heard. */
export interface Answer {
  readonly state: WholeState;
  readonly genre: string | null;
  /** the share of the time that is believed to be of each genre */
  readonly probabilities: Readonly<Record<string, number>>;
}

/** More was heard. */
export class BeliefEvent extends Event {
  /**
   * @param first number of the first new step
   * @param count how many there are
   * @param capturedAt live: when the newest sample that was heard was captured, in ms since the epoch
   */
  constructor(readonly listening: Listening, readonly first: number, readonly count: number, readonly capturedAt: number | null) {
    super("belief");
  }

  /** The newest moment; null before the first. In a file it still changes a little while what follows is heard. */
  get now(): Moment | null {
    return this.listening.now;
  }

  get answer(): Answer {
    return this.listening.answer;
  }
}

/** All was heard. */
export class EndEvent extends Event {
  constructor(
    /** sentences about what was not heard as it is */
    readonly remarks: readonly string[],
    /** live: the sound, to be played again */
    readonly kept: Kept | null,
    /** milliseconds */
    readonly spent: Spent,
  ) {
    super("end");
  }
}

/** It could not be heard to its end; `message` is a sentence that says why and what to do. */
export class FailEvent extends Event {
  constructor(readonly message: string) {
    super("error");
  }
}

export interface ListeningEvents {
  /** The first step of a file, or live sound, is there. */
  begin: Event;
  belief: BeliefEvent;
  end: EndEvent;
  error: FailEvent;
}

export interface Listening {
  addEventListener<K extends keyof ListeningEvents>(type: K, listener: (event: ListeningEvents[K]) => void, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof ListeningEvents>(type: K, listener: (event: ListeningEvents[K]) => void, options?: boolean | EventListenerOptions): void;
}

export class Listening extends EventTarget {
  /** Settled once all was heard; rejected with a sentence if it could not be. */
  readonly finished: Promise<Answer>;
  private run: Run | null = null;
  private over = false;
  private settle!: { resolve(answer: Answer): void; reject(error: Error): void };

  private constructor(readonly recording: Recording, private readonly settings: DisplaySettings) {
    super();
    this.finished = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
    // Whoever listens for the event need not wait for the promise too.
    this.finished.catch(() => undefined);
  }

  static toFile(worker: ListeningWorker, audio: WebAudio, file: Blob, name: string, card: Card, settings: DisplaySettings = AS_CARD): Listening {
    const listening = new Listening(new Recording(name, false, card), settings);
    listening.run = worker.openFile(file, name, {
      ...listening.runEvents(),
      opened: (expectedS) => {
        listening.recording.expectedS = expectedS;
      },
      decodeYourself: (hints) => void listening.decodeHere(audio, file, hints),
    });
    return listening;
  }

  static toCapture(worker: ListeningWorker, capture: Capture, name: string, card: Card, settings: DisplaySettings = AS_CARD): Listening {
    const listening = new Listening(new Recording(name, true, card), settings);
    listening.run = worker.listen(capture.sampleRate, capture.port, listening.runEvents());
    return listening;
  }

  /** Ends it; what was heard stays, and is still reported. */
  stop(): void {
    this.over = true;
    this.run?.stop();
  }

  get now(): Moment | null {
    const { curve } = this.recording;
    return curve.nSteps === 0 ? null : (this.curve(curve.nSteps - 1)[0] ?? null);
  }

  get answer(): Answer {
    const { curve, card, hearing } = this.recording;
    const { state, probabilities } = curve.answer(this.settings, hearing);
    return { state, ...named(card, state, probabilities) };
  }

  /** The belief at every step from kept step `first` on. */
  curve(first = 0): Moment[] {
    const { curve, card, hearing } = this.recording;
    const { states, probabilities } = curve.believed(this.settings, hearing, first);
    return states.map((state, i) => ({
      timeS: curve.time(first + i), state, ...named(card, state, probabilities.subarray(i * curve.nGenres, (i + 1) * curve.nGenres)),
    }));
  }

  /** What the page saves as JSON, and `genre predict --format json --curve` prints. */
  toJSON(): CurveFile {
    return toObject(this.recording, this.settings);
  }

  private runEvents(): RunEvents {
    const { recording } = this;
    return {
      heard: (message) => {
        const isFirst = recording.curve.nSteps === 0 && message.count > 0;
        recording.add(message);
        if (isFirst) this.dispatchEvent(new Event("begin"));
        this.dispatchEvent(new BeliefEvent(this, message.first, message.count, message.capturedAt));
      },
      finished: ({ durationS, remarks, kept, spent }) => {
        const stopped = this.over;
        this.over = true;
        recording.finish(durationS);
        if (recording.curve.nSteps === 0 && !recording.live && !stopped) return this.fail(tooShort(recording));
        this.settle.resolve(this.answer);
        this.dispatchEvent(new EndEvent(remarks, kept, spent));
      },
      failed: (sentence) => this.fail(sentence),
    };
  }

  private fail(sentence: string): void {
    this.over = true;
    this.settle.reject(new Error(sentence));
    this.dispatchEvent(new FailEvent(sentence));
  }

  /** For browsers and formats without streamed decoding: the whole file at once, which takes more memory. */
  private async decodeHere(audio: WebAudio, file: Blob, hints: Hints): Promise<void> {
    const { name } = this.recording;
    const run = this.run!;
    const [lowest, highest] = DECODABLE_HZ;
    const { sampleRate: known } = hints;
    const rate = known !== null && known >= lowest && known <= highest ? known : USUAL_HZ;
    try {
      const channels = await audio.decodeWhole(file, rate);
      const length = channels[0].length;
      for (const planes of silence(Math.round(hints.lateS * rate), channels.length, rate)) {
        if (this.over || !(await run.feed(name, planes))) return;
      }
      for (let at = leftOver(hints, length, rate); at < length; at += PIECE_S * rate) {
        const planes = { channels: channels.map((plane) => plane.slice(at, at + PIECE_S * rate)), sampleRate: rate };
        if (this.over || !(await run.feed(name, planes))) return;
      }
      run.end(name);
    } catch {
      if (!this.over) this.fail(`${name} is not a sound file that this browser can read; try mp3, m4a, ogg, flac or wav.`);
    }
  }
}

const AS_CARD: DisplaySettings = { steadinessS: null, namedFrom: null };

function named({ genres }: Card, state: WholeState, probabilities: ArrayLike<number>): { genre: string | null; probabilities: Record<string, number> } {
  return {
    genre: state === "silence" ? null : genres[leaderOf(probabilities).genre],
    probabilities: Object.fromEntries(genres.map((genre, g) => [genre, probabilities[g]])),
  };
}

/** Samples of encoder delay that the browser has not cut by itself: what is there is then longer than the file says. */
function leftOver({ delayS, statedS }: Hints, length: number, sampleRate: number): number {
  const isCut = statedS === null || length / sampleRate < statedS + delayS / 2;
  return isCut ? 0 : Math.round(delayS * sampleRate);
}
