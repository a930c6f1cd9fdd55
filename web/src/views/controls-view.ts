/** Smoothing and threshold, and the way back to the card's own. */
import type { Card } from "../bundle/card.ts";
import { forSpan } from "../curve/spans.ts";
import type { DisplaySettings } from "../recording.ts";
import { byId, setText } from "./dom.ts";
import { percent } from "./format.ts";

export class ControlsView {
  private readonly smoothing = byId<HTMLInputElement>("smoothing");
  private readonly threshold = byId<HTMLInputElement>("threshold");
  private card: Card | null = null;
  private current: DisplaySettings = { smoothingS: 3, unsureBelow: null };

  constructor(private readonly onchange: () => void) {
    this.smoothing.addEventListener("input", () => this.set({ ...this.current, smoothingS: this.smoothing.valueAsNumber }));
    this.threshold.addEventListener("input", () => this.set({ ...this.current, unsureBelow: this.threshold.valueAsNumber / 100 }));
    byId("reset").addEventListener("click", () => this.reset());
  }

  get settings(): DisplaySettings {
    return this.current;
  }

  setCard(card: Card): void {
    this.card = card;
    this.reset();
  }

  private reset(): void {
    this.set({ smoothingS: this.card?.smoothing_s ?? 3, unsureBelow: null });
  }

  private set(settings: DisplaySettings): void {
    this.current = settings;
    this.show();
    this.onchange();
  }

  private show(): void {
    if (!this.card) return;
    const { smoothingS, unsureBelow } = this.current;
    const { step_period_s } = this.card.timing;
    const span = Math.max(1, Math.round(smoothingS / step_period_s)) * step_period_s;
    const effective = unsureBelow ?? forSpan(this.card, this.card.unsure_below, span);
    this.smoothing.value = String(smoothingS);
    this.threshold.value = String(Math.round(effective * 100));
    setText(byId("smoothing-value"), smoothingS === 0 ? "none" : `${smoothingS} s`);
    setText(byId("threshold-value"), percent(effective));
    this.smoothing.setAttribute("aria-valuetext", smoothingS === 0 ? "none" : `${smoothingS} seconds`);
    this.threshold.setAttribute("aria-valuetext", percent(effective));
  }
}
