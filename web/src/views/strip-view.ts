/** The named segments in a row above the stream: one press hears one, the arrow keys walk along them. */
import type { Segment } from "../../core/curve/segments.ts";
import { momentName } from "../../core/words/sentences.ts";
import { byId, create } from "./dom.ts";
import { percent, preciseClock } from "../../core/words/format.ts";
import { css, inkOn, mix, MUTED, type Rgb } from "../../core/drawing/palette.ts";

export class StripView {
  private readonly list = byId<HTMLOListElement>("strip");
  private buttons: HTMLButtonElement[] = [];
  private parts: readonly Segment[] = [];

  /** @param onhear called with the moment, in seconds, from which to play */
  constructor(private readonly onhear: (seconds: number) => void) {
    this.list.addEventListener("keydown", (event) => this.walk(event));
  }

  hide(): void {
    this.list.hidden = true;
  }

  show(parts: readonly Segment[], genres: readonly string[], colours: readonly Rgb[], paper: Rgb, window: { fromS: number; toS: number }): void {
    const focused = this.buttons.indexOf(document.activeElement as HTMLButtonElement);
    this.parts = parts;
    this.list.hidden = parts.length === 0;
    const share = (seconds: number) => 100 * Math.min(1, Math.max(0, (seconds - window.fromS) / (window.toS - window.fromS)));
    this.buttons = parts.map((part, i) => {
      const name = momentName(part.state, genres[part.leader]);
      const colour = part.state === "silence" ? paper : part.state === "music" ? colours[part.leader] : mix(colours[part.leader], paper, MUTED);
      const item = create("li");
      item.style.left = `${share(part.fromS).toFixed(3)}%`;
      item.style.width = `${(share(part.toS) - share(part.fromS)).toFixed(3)}%`;
      item.hidden = share(part.toS) <= share(part.fromS);
      const button = create("button", "", name);
      button.type = "button";
      button.dataset["state"] = part.state;
      button.style.setProperty("--colour", css(colour));
      button.style.setProperty("--on-colour", css(inkOn(colour)));
      const sure = part.state === "silence" ? "" : `, ${percent(part.probabilities[part.leader])}`;
      button.title = `${name}${sure}, ${preciseClock(part.fromS)} to ${preciseClock(part.toS)}`;
      button.setAttribute("aria-label", button.title);
      button.tabIndex = i === Math.max(0, focused) ? 0 : -1;
      button.addEventListener("click", () => this.onhear(part.fromS));
      item.append(button);
      return button;
    });
    this.list.replaceChildren(...this.buttons.map((button) => button.parentElement!));
    if (focused >= 0) this.buttons[Math.min(focused, this.buttons.length - 1)]?.focus();
  }

  /** Marks the segment that is being heard. */
  mark(seconds: number): void {
    const current = this.parts.findIndex(({ fromS, toS }) => seconds >= fromS && seconds < toS);
    this.buttons.forEach((button, i) => {
      if (i === current) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    });
  }

  private walk(event: KeyboardEvent): void {
    const at = this.buttons.indexOf(event.target as HTMLButtonElement);
    const last = this.buttons.length - 1;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: last }[event.key];
    if (at < 0 || to === undefined || to < 0 || to > last) return;
    event.preventDefault();
    event.stopPropagation();
    this.buttons[at].tabIndex = -1;
    this.buttons[to].tabIndex = 0;
    this.buttons[to].focus();
  }
}
