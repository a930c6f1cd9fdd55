/** The curve as CSV and JSON: the unsmoothed steps, which are what Python computes too. */
import { ranked } from "../views/format.ts";
import type { Recording } from "../recording.ts";

/** One row per step: time, state, level, and the probability of each genre. */
export function toCsv(recording: Recording): string {
  const { curve, card } = recording;
  const lines = [["time_s", "state", "level_dbfs", ...card.genres.map(quoted)].join(",")];
  for (let i = 0; i < curve.nSteps; i++) {
    const { state, probabilities } = curve.raw(i);
    const numbers = Array.from(probabilities, (p) => p.toFixed(6));
    lines.push([curve.time(i).toFixed(4), state, curve.levels[i].toFixed(2), ...numbers].join(","));
  }
  return `${lines.join("\n")}\n`;
}

/** The fields of `genre predict --format json --curve`. */
export function toJson(recording: Recording): string {
  const { curve, card } = recording;
  const answer = curve.answer();
  const steps = Array.from({ length: curve.nSteps }, (_, i) => curve.raw(i));
  const byGenre = (values: ArrayLike<number>) =>
    Object.fromEntries(ranked(values).map((g) => [card.genres[g], values[g]]));
  return JSON.stringify({
    path: recording.name,
    genre: answer.state === "music" ? card.genres[ranked(answer.probabilities)[0]] : null,
    state: answer.state,
    probabilities: byGenre(answer.probabilities),
    duration_s: recording.durationS,
    model: { name: card.name, version: card.version },
    times: steps.map((_, i) => curve.time(i)),
    states: steps.map((step) => step.state),
    level_dbfs: Array.from(curve.levels),
    curve: Object.fromEntries(card.genres.map((genre, g) => [genre, steps.map((step) => step.probabilities[g])])),
  });
}

function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
