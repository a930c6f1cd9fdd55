/** Steadiness and threshold, and the way back to the card's own. */
import type { Card } from "../../core/bundle/card.ts";
import type { DisplaySettings } from "../../core/listening/recording.ts";
import { byId, setText } from "./dom.ts";
import { percent } from "../../core/words/format.ts";

/** Seconds that a genre is expected to last, at the ends of the slider. */
const EVERY_BEAT_S = 0.5;
const ONE_A_SONG_S = 600;
const SLIDER_MAX = 100;

export class ControlsView {
  private readonly steadiness = byId<HTMLInputElement>("steadiness");
  private readonly threshold = byId<HTMLInputElement>("threshold");
  private card: Card | null = null;
  private current: DisplaySettings = { steadinessS: null, namedFrom: null };

  constructor(private readonly onchange: () => void) {
    this.steadiness.addEventListener("input", () => this.set({ ...this.current, steadinessS: secondsAt(this.steadiness.valueAsNumber) }));
    this.threshold.addEventListener("input", () => this.set({ ...this.current, namedFrom: this.threshold.valueAsNumber / 100 }));
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
    this.set({ steadinessS: null, namedFrom: null });
  }

  private set(settings: DisplaySettings): void {
    this.current = settings;
    this.show();
    this.onchange();
  }

  private show(): void {
    if (!this.card) return;
    const { belief, smoothing_s, unsure_below } = this.card;
    const seconds = this.current.steadinessS ?? belief?.mean_duration_s ?? smoothing_s;
    const threshold = this.current.namedFrom ?? belief?.named_from.file ?? unsure_below.smoothed;
    this.steadiness.value = String(sliderAt(seconds));
    this.threshold.value = String(Math.round(threshold * 100));
    const words = steadinessWords(seconds);
    setText(byId("steadiness-value"), words);
    setText(byId("threshold-value"), percent(threshold));
    this.steadiness.setAttribute("aria-valuetext", words);
    this.threshold.setAttribute("aria-valuetext", percent(threshold));
  }
}

/** "every beat", "about 10 s", "about 2 min", "one genre a song" */
export function steadinessWords(seconds: number): string {
  if (seconds <= EVERY_BEAT_S) return "every beat";
  if (seconds >= ONE_A_SONG_S) return "one genre a song";
  return seconds < 60 ? `about ${Number(seconds.toPrecision(2))} s` : `about ${Math.round(seconds / 60)} min`;
}

function secondsAt(slider: number): number {
  return EVERY_BEAT_S * (ONE_A_SONG_S / EVERY_BEAT_S) ** (slider / SLIDER_MAX);
}

function sliderAt(seconds: number): number {
  return Math.round((SLIDER_MAX * Math.log(seconds / EVERY_BEAT_S)) / Math.log(ONE_A_SONG_S / EVERY_BEAT_S));
}
