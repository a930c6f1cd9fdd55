/** The sentences that a recording is summed up in. */
import type { Card } from "../bundle/card.ts";
import type { Belief } from "../curve/genre-curve.ts";
import type { Whole, WholeState } from "../curve/reading.ts";
import type { DisplaySettings, Recording } from "../listening/recording.ts";
import { percent, ranked, spoken } from "./format.ts";

const AS_CARD: DisplaySettings = { steadinessS: null, namedFrom: null };
/** A genre with less of the time than this is not worth naming among those that a recording changes between. */
export const WORTH_NAMING = 0.1;

/** "The whole song: rock 71 %, then blues 20 %"; "It changes: classical 35 %, hip hop 30 %, metal 20 %" */
export function overallSentence(recording: Recording, settings: DisplaySettings = AS_CARD): string {
  const whole = recording.curve.answer(settings, recording.hearing);
  const span = !recording.finished ? "So far" : recording.live ? "All that was heard" : "The whole song";
  return `${span}: ${wholeWords(recording.card, whole)}`;
}

function wholeWords(card: Card, { state, probabilities }: Whole): string {
  const order = ranked(probabilities);
  const [first, second] = order.map((g) => named(card, probabilities, g));
  switch (state) {
    case "silence":
      return "silence";
    case "mixed":
      return `it changes: ${order.filter((g, i) => i < 2 || probabilities[g] >= WORTH_NAMING).map((g) => named(card, probabilities, g)).join(", ")}`;
    case "unsure":
      return `hard to tell; nearest to ${first} and ${second}`;
    case "probable":
      return `probably ${first}, then ${second}`;
    case "music":
      return `${first}, then ${second}`;
  }
}

/** "rock", "probably rock", "it changes", "unsure", "silence" */
export function momentName(state: WholeState, genre: string): string {
  if (state === "music") return spoken(genre);
  if (state === "mixed") return "it changes";
  return state === "probable" ? `probably ${spoken(genre)}` : state;
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
  if (state === "probable") return [`probably ${top[0]}`, ...top.slice(1)];
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
