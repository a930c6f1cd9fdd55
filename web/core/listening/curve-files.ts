/** The curve as CSV and JSON, the columns and keys of docs/bundle.md ("Curve files"): what is shown, and the raw steps beside it. */
import { leaderOf, type State, type WholeState } from "../curve/reading.ts";
import { segments } from "../curve/segments.ts";
import type { DisplaySettings, Recording } from "./recording.ts";

/** One row per step. */
export function toCsv(recording: Recording, settings: DisplaySettings): string {
  const { curve, card } = recording;
  const { genres } = card;
  const shown = rowsOf(recording, settings);
  const header = ["model", "time_s", "state", "genre", "level_dbfs", ...genres, "raw_state", ...genres.map((genre) => `raw_${genre}`)];
  const lines = [header.map(quoted).join(",")];
  const model = quoted(`${card.name} ${card.version}`);
  shown.forEach(({ state, genre, probabilities }, i) => {
    const raw = curve.raw(i);
    lines.push([
      model, curve.time(i).toFixed(4), state, quoted(genre ?? ""), curve.levels[i].toFixed(2), ...fixed(probabilities), raw.state, ...fixed(raw.probabilities),
    ].join(","));
  });
  return `${lines.join("\n")}\n`;
}

/** The keys of docs/bundle.md ("Curve files"). */
export interface CurveFile {
  readonly model: string;
  readonly path: string;
  readonly genre: string | null;
  readonly state: WholeState;
  readonly probabilities: Readonly<Record<string, number>>;
  readonly duration_s: number;
  readonly segments: readonly {
    readonly start_s: number;
    readonly stop_s: number;
    readonly state: State;
    readonly genre: string | null;
    readonly probability: number | null;
  }[];
  readonly times: readonly number[];
  readonly curve: Readonly<Record<string, readonly number[]>>;
  readonly step_state: readonly State[];
  readonly step_genre: readonly (string | null)[];
  readonly raw_curve: Readonly<Record<string, readonly number[]>>;
  readonly raw_state: readonly State[];
  readonly level_dbfs: readonly number[];
}

/** What `genre predict --format json --curve` prints for the same file, and the model's name. */
export function toObject(recording: Recording, settings: DisplaySettings): CurveFile {
  const { curve, card } = recording;
  const { genres } = card;
  const whole = curve.answer(settings, "file");
  const shown = rowsOf(recording, settings);
  const raw = shown.map((_, i) => curve.raw(i));
  const byGenre = (rows: readonly { probabilities: ArrayLike<number> }[]) =>
    Object.fromEntries(genres.map((genre, g) => [genre, rows.map((row) => rounded(row.probabilities[g], 6))]));
  return {
    model: `${card.name} ${card.version}`,
    path: recording.name,
    genre: whole.state === "silence" ? null : genres[leaderOf(whole.probabilities).genre],
    state: whole.state,
    probabilities: Object.fromEntries(genres.map((genre, g) => [genre, rounded(whole.probabilities[g], 6)])),
    duration_s: rounded(recording.durationS, 3),
    segments: segments(curve, settings, "file", recording.startS, recording.heardS).map((part) => ({
      start_s: rounded(part.fromS, 3),
      stop_s: rounded(part.toS, 3),
      state: part.state,
      genre: part.state === "silence" ? null : genres[part.leader],
      probability: part.state === "silence" ? null : rounded(part.probabilities[part.leader], 6),
    })),
    times: shown.map((_, i) => rounded(curve.time(i), 4)),
    curve: byGenre(shown),
    step_state: shown.map((row) => row.state),
    step_genre: shown.map((row) => row.genre),
    raw_curve: byGenre(raw),
    raw_state: raw.map((step) => step.state),
    level_dbfs: Array.from(curve.levels, (level) => rounded(level, 2)),
  };
}

/** What is shown of each kept step; live sound as the recording that it is by now. */
function rowsOf({ curve, card }: Recording, settings: DisplaySettings) {
  const { probabilities, states } = curve.believed(settings, "file");
  return states.map((state, i) => {
    const row = probabilities.subarray(i * curve.nGenres, (i + 1) * curve.nGenres);
    return { state, genre: state === "silence" ? null : card.genres[leaderOf(row).genre], probabilities: row };
  });
}

function fixed(probabilities: ArrayLike<number>): string[] {
  return Array.from(probabilities, (p) => p.toFixed(6));
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
