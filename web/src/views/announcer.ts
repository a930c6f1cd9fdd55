/** Says what matters to those who do not see the page, politely and not too often. */
import { byId, setText } from "./dom.ts";

/** Milliseconds between two announcements while sound flows. */
const PAUSE_MS = 10_000;
/** Milliseconds before the first one: until then hardly anything was heard. */
const FIRST_MS = 3000;

export class Announcer {
  private readonly region = byId("announcer");
  private last = "";
  private lastMs = -Infinity;

  /** Live sound begins. */
  begin(): void {
    this.last = "";
    this.lastMs = performance.now() - PAUSE_MS + FIRST_MS;
  }

  /** At once: an answer that is final. */
  say(sentence: string): void {
    this.last = "";
    setText(this.region, sentence);
  }

  /** What is heard now, if it is something else than before and the last word was long enough ago. */
  follow(now: string): void {
    if (now === this.last || performance.now() - this.lastMs < PAUSE_MS) return;
    this.last = now;
    this.lastMs = performance.now();
    setText(this.region, `Now: ${now}`);
  }
}
