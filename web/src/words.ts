/** The sentences that a recording is summed up in. */
import type { Card } from "./bundle/card.ts";
import type { Belief } from "./curve/genre-curve.ts";
import type { DisplaySettings, Recording } from "./recording.ts";
import { percent, ranked, spoken } from "./views/format.ts";

/** "The whole song: blues 61 %, then jazz 20 %" */
export function overallSentence(recording: Recording): string {
  const { state, probabilities } = recording.curve.answer();
  const [first, second] = ranked(probabilities).map((g) => named(recording.card, probabilities, g));
  const span = recording.finished && !recording.live ? "The whole song" : "So far";
  if (state === "silence") return `${span}: silence`;
  const others = second ? (state === "unsure" ? ` and ${second}` : `, then ${second}`) : "";
  return state === "unsure" ? `${span}: unsure, between ${first}${others}` : `${span}: ${first}${others}`;
}

/** What is believed at a moment, a line each, or null where nothing was heard. */
export function momentLines(recording: Recording, seconds: number, settings: DisplaySettings, clockOf: (seconds: number) => string): string[] | null {
  if (seconds < recording.startS || seconds > recording.heardS) return null;
  const belief = recording.beliefAt(seconds, settings);
  return belief && [clockOf(seconds), ...beliefLines(recording.card, belief)];
}

function beliefLines(card: Card, { state, probabilities }: Belief): string[] {
  if (state === "silence") return ["silence"];
  const top = ranked(probabilities).slice(0, 3).map((g) => named(card, probabilities, g));
  return state === "unsure" ? ["unsure", ...top] : top;
}

/** A moment of live sound, counted back from now: "12 s ago". */
export function ago(seconds: number, nowS: number): string {
  const past = Math.round(nowS - seconds);
  if (past < 0) return "";
  return past === 0 ? "now" : `${past} s ago`;
}

export function tooShort({ name, card }: Recording): string {
  const { timing, front_end } = card;
  const needed = ((timing.minimum_frames - 1) * front_end.hop_length + front_end.n_fft) / front_end.sample_rate;
  return `${name} is too short: the model needs at least ${needed.toFixed(1)} s of sound.`;
}

export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function named(card: Card, probabilities: ArrayLike<number>, genre: number): string {
  return `${spoken(card.genres[genre])} ${percent(probabilities[genre])}`;
}
