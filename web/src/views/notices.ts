/** Two lines of text: how things stand, and what went wrong. */
import { byId, setText } from "./dom.ts";

export class Notices {
  private readonly status = byId("status");
  private readonly measure = byId("measure");
  private readonly error = byId("error");

  /** @param urgent nothing goes on unless it is read */
  say(sentence: string, urgent = false): void {
    setText(this.status, sentence);
    this.measured("");
    if (urgent) this.status.scrollIntoView({ block: "nearest" });
  }

  /** A figure beside how things stand that changes all the time: it is not read aloud. */
  measured(figure: string): void {
    setText(this.measure, figure);
  }

  fail(sentence: string): void {
    setText(this.error, sentence);
    this.error.hidden = false;
    // It may lie below a small screen, where nobody would know why nothing happens.
    this.error.scrollIntoView({ block: "nearest" });
  }

  hideError(): void {
    this.error.hidden = true;
  }
}
