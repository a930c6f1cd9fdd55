/** Words on the stream: the names of its layers, and where it is silent or unsure. */
import { spoken } from "../words/format.ts";
import { css, inkOn, mix, MUTED, type Rgb } from "./palette.ts";
import { audible, edge, led, runs, type Columns, type Stretch } from "./columns.ts";
import type { StreamData, StreamTheme } from "./stream-data.ts";

/** CSS pixels: from this size on a name is set in the display face */
const LARGE = 22;

export function nameFont(size: number, weight: string, theme: StreamTheme): string {
  return size >= LARGE ? `400 ${size}px ${theme.displayFamily}` : `${weight} ${size}px ${theme.fontFamily}`;
}

/** Names on the layers themselves, wherever one fits inside its layer and beside its neighbours; the lit ones first. */
export function paintLabels(context: CanvasRenderingContext2D, columns: Columns, theme: StreamTheme, data: StreamData, top: number, bottom: number): void {
  context.textAlign = "center";
  context.textBaseline = "middle";
  const taken: { x: number; y: number; halfWidth: number; halfHeight: number }[] = [];

  /** Claims the room for a label unless another one has it. */
  const claim = (x: number, y: number, halfWidth: number, halfHeight: number): boolean => {
    const collides = taken.some((other) =>
      Math.abs(other.x - x) < other.halfWidth + halfWidth + 6 && Math.abs(other.y - y) < other.halfHeight + halfHeight);
    if (!collides) taken.push({ x, y, halfWidth, halfHeight });
    return !collides;
  };

  const place = (text: string, g: number, within: Stretch, sizes: readonly number[], weight: string, background: Rgb): boolean => {
    context.fillStyle = css(inkOn(background));
    for (const size of sizes) {
      context.font = nameFont(size, weight, theme);
      const halfWidth = context.measureText(text).width / 2 + 5;
      const spot = roomiest(columns, g, within, halfWidth);
      if (!spot || spot.room < size * 1.25 || !claim(spot.x, spot.y, halfWidth, size * 0.6)) continue;
      context.fillText(text, spot.x, spot.y + 1);
      return true;
    }
    return false;
  };

  /** Upwards, for a layer that leads too briefly for its name to lie flat. */
  const placeUpright = (text: string, g: number, within: Stretch, background: Rgb): void => {
    const size = 13;
    context.font = `600 ${size}px ${theme.fontFamily}`;
    const halfLength = context.measureText(text).width / 2 + 6;
    const spot = roomiest(columns, g, within, size * 0.75);
    if (!spot || spot.room < 2 * halfLength || !claim(spot.x, spot.y, size * 0.75, halfLength)) return;
    context.fillStyle = css(inkOn(background));
    context.save();
    context.translate(spot.x, spot.y);
    context.rotate(-Math.PI / 2);
    context.fillText(text, 0, 1);
    context.restore();
  };

  // A state's pill first: it lies over the layers.
  context.font = `italic 400 17px ${theme.displayFamily}`;
  for (const run of runs(columns, (x) => (columns.states[x] === "silence" || columns.states[x] === "unsure" ? columns.states[x] : null))) {
    const halfWidth = context.measureText(run.value!).width / 2 + 9;
    if (run.to - run.from < 2 * halfWidth + 8) continue;
    const x = (run.from + run.to) / 2;
    const y = run.value === "silence" ? (top + bottom) / 2 : top + 20;
    taken.push({ x, y, halfWidth, halfHeight: 12 });
    context.fillStyle = css(theme.paper);
    context.beginPath();
    context.roundRect(x - halfWidth, y - 12, 2 * halfWidth, 24, 12);
    context.fill();
    context.fillStyle = css(theme.ink);
    context.fillText(run.value!, x, y + 1);
  }
  for (const run of led(columns).sort((a, b) => b.to - b.from - (a.to - a.from))) {
    const name = spoken(data.genres[run.value]);
    const isMuted = data.lit !== null && data.lit !== run.value;
    const colour = isMuted ? mix(data.colours[run.value], theme.paper, MUTED) : data.colours[run.value];
    if (!place(name, run.value, run, [44, 34, 26, 17, 13], "600", colour)) placeUpright(name, run.value, run, colour);
  }
  for (const run of runs(columns, (x) => (columns.states[x] === "probable" ? columns.leader[x] : null))) {
    place(`probably ${spoken(data.genres[run.value])}`, run.value, run, [17, 13], "500", mix(data.colours[run.value], theme.paper, MUTED));
  }
  for (const run of audible(columns)) {
    for (let g = 0; g < data.genres.length; g++) {
      // Where a layer leads it has its name already.
      const leads = (x: number) => columns.states[x] !== "unsure" && columns.leader[x] === g;
      const muted = runs(columns, (x) => (x >= run.from && x < run.to && !leads(x) ? true : null));
      for (const part of muted) {
        if (part.to - part.from < 120) continue;
        place(spoken(data.genres[g]), g, part, [13], "500", mix(data.colours[g], theme.paper, MUTED));
      }
    }
  }
}

/** The place in a layer where a label of this width has the most height to itself, or null if it is wider than the stretch. */
function roomiest(columns: Columns, g: number, within: Stretch, halfWidth: number): { x: number; y: number; room: number } | null {
  const first = Math.ceil(within.from + halfWidth);
  const last = Math.floor(within.to - halfWidth);
  if (last < first) return null;
  let best: { x: number; y: number; room: number } | null = null;
  let bestScore = 0;
  const stride = Math.max(1, Math.floor((last - first) / 80));
  for (let x = first; x <= last; x += stride) {
    let upper = -Infinity;
    let lower = Infinity;
    for (const share of [-1, -0.5, 0, 0.5, 1]) {
      const at = Math.min(within.to - 1, Math.max(within.from, Math.round(x + share * halfWidth)));
      upper = Math.max(upper, edge(columns, at, g));
      lower = Math.min(lower, edge(columns, at, g + 1));
    }
    const offCentre = Math.abs(x - (within.from + within.to) / 2) / (within.to - within.from);
    const score = Math.min(60, lower - upper) * (1 - 0.5 * offCentre);
    if (score > bestScore) {
      bestScore = score;
      best = { x, y: (upper + lower) / 2, room: lower - upper };
    }
  }
  return best;
}
