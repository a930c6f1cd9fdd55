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

/** The line that `genre predict --format json --curve` prints for the same file, and the model's name. */
export function toJson(recording: Recording): string {
  const { curve, card } = recording;
  const answer = curve.answer();
  const steps = Array.from({ length: curve.nSteps }, (_, i) => curve.raw(i));
  return JSON.stringify({
    path: recording.name,
    genre: answer.state === "silence" ? null : card.genres[ranked(answer.probabilities)[0]],
    state: answer.state,
    probabilities: Object.fromEntries(card.genres.map((genre, g) => [genre, rounded(answer.probabilities[g], 6)])),
    duration_s: rounded(recording.durationS, 3),
    times: steps.map((_, i) => rounded(curve.time(i), 4)),
    curve: Object.fromEntries(card.genres.map((genre, g) => [genre, steps.map((step) => rounded(step.probabilities[g], 6))])),
    step_state: steps.map((step) => step.state),
    level_dbfs: Array.from(curve.levels, (level) => rounded(level, 2)),
    model: { name: card.name, version: card.version },
  });
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
