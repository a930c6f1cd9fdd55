/** The page's end of the worker. */
import type { Hints, Planes } from "../audio/sound.ts";
import type { Card } from "../bundle/card.ts";
import type { Song } from "../teach/learn.ts";
import type { BundleRequest, FinishedMessage, FromWorker, HeardMessage, TaughtMessage, ToWorker } from "./protocol.ts";

/** What a recording tells while it is being heard. Nothing comes after `finished` or `failed`. */
export interface RunEvents {
  opened?(expectedS: number | null): void;
  heard(message: HeardMessage): void;
  finished(message: FinishedMessage): void;
  failed(sentence: string): void;
  /** The page has to decode the file itself and feed it through `Run.feed`. */
  decodeYourself?(hints: Hints): void;
}

/** The part of `Worker` that is used, so that tests can stand in for it. */
export interface WorkerLike {
  postMessage(message: ToWorker, transfer?: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent<FromWorker>) => void): void;
  addEventListener(type: "error", listener: (event: ErrorEvent) => void): void;
}

/** A recording being heard. */
export interface Run {
  /** Ends it; what was heard is still reported. */
  stop(): void;
  /** Hands over a piece of the file called `name`, decoded; resolves once it was heard, to false if the run is over. */
  feed(name: string, planes: Planes): Promise<boolean>;
  end(name: string): void;
}

export class ListeningWorker {
  private runs = 0;
  private events: RunEvents | null = null;
  /** waits for the piece that was handed over to be heard */
  private taken: ((going: boolean) => void) | null = null;
  private loading: { resolve(card: Card): void; reject(error: Error): void } | null = null;
  /** waits for what was learnt or saved */
  private lessons: Promise<unknown> = Promise.resolve();
  private lesson: { resolve(answer: never): void; reject(error: Error): void } | null = null;

  constructor(private readonly worker: WorkerLike) {
    worker.addEventListener("message", ({ data }) => this.receive(data));
    worker.addEventListener("error", (event) => {
      const sentence = `The listening part of the page stopped working: ${event.message || "unknown reason"}. Reload the page.`;
      this.loading?.reject(new Error(sentence));
      this.lesson?.reject(new Error(sentence));
      this.events?.failed(sentence);
    });
  }

  /** Learns songs; what is heard from then on is read by what was learnt. With none it is read as before. */
  learn(songs: readonly Song[], add: boolean): Promise<TaughtMessage> {
    return this.ask({ type: "learn", songs, add });
  }

  /** @returns a zip of the bundle that was learnt */
  saveTaught(): Promise<Blob> {
    return this.ask({ type: "save-taught" });
  }

  /** One after the other. */
  private ask<T>(message: ToWorker): Promise<T> {
    const answer = this.lessons.then(() => new Promise<T>((resolve, reject) => {
      this.lesson = { resolve, reject };
      this.worker.postMessage(message);
    }));
    this.lessons = answer.catch(() => undefined);
    return answer;
  }

  /** @returns the bundle's card; rejects with a sentence if the bundle was refused, the old one then stays */
  load(bundle: BundleRequest): Promise<Card> {
    this.events = null;
    return new Promise((resolve, reject) => {
      this.loading = { resolve, reject };
      this.worker.postMessage({ type: "load", bundle });
    });
  }

  openFile(file: Blob, name: string, events: RunEvents): Run {
    const run = this.start(events);
    this.worker.postMessage({ type: "open", run, file, name });
    return this.handle(run);
  }

  listen(sampleRate: number, port: MessagePort, events: RunEvents): Run {
    const run = this.start(events);
    this.worker.postMessage({ type: "listen", run, sampleRate, port }, [port]);
    return this.handle(run);
  }

  private start(events: RunEvents): number {
    this.settle(false);
    this.events = events;
    return ++this.runs;
  }

  private handle(run: number): Run {
    const post = (message: ToWorker, transfer?: Transferable[]) => {
      if (run === this.runs) this.worker.postMessage(message, transfer);
    };
    return {
      stop: () => {
        this.settle(false);
        post({ type: "stop", run });
      },
      feed: (name, planes) => {
        if (run !== this.runs) return Promise.resolve(false);
        post({ type: "samples", run, name, planes }, planes.channels.map((plane) => plane.buffer as ArrayBuffer));
        return new Promise((resolve) => (this.taken = resolve));
      },
      end: (name) => post({ type: "end", run, name }),
    };
  }

  private settle(going: boolean): void {
    this.taken?.(going);
    this.taken = null;
  }

  private receive(message: FromWorker): void {
    if (message.type === "loaded") return this.loading?.resolve(message.card);
    if (message.type === "taught") return this.lesson?.resolve(message as never);
    if (message.type === "taught-saved") return this.lesson?.resolve(message.zip as never);
    if (message.type === "teach-failed") return this.lesson?.reject(new Error(message.sentence));
    if (message.type === "load-failed") return this.loading?.reject(new Error(message.sentence));
    const events = this.events;
    if (!events || message.run !== this.runs) return;
    switch (message.type) {
      case "opened":
        return events.opened?.(message.expectedS);
      case "took":
        return this.settle(true);
      case "heard":
        return events.heard(message);
      case "finished":
        this.events = null;
        return events.finished(message);
      case "failed":
        this.events = null;
        this.settle(false);
        return events.failed(message.sentence);
      case "decode-yourself":
        return events.decodeYourself?.(message.hints);
    }
  }
}
