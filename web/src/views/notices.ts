/** Two lines of text: how things stand, and what went wrong. */
import { byId, setText } from "./dom.ts";

export class Notices {
  private readonly status = byId("status");
  private readonly error = byId("error");

  say(sentence: string): void {
    setText(this.status, sentence);
  }

  fail(sentence: string): void {
    setText(this.error, sentence);
    this.error.hidden = false;
  }

  hideError(): void {
    this.error.hidden = true;
  }
}
