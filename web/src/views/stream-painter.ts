/**
 * Draws the belief as a stream: one layer per genre, together always the full height, under the waveform.
 *
 * The layer that leads is lit, the others are muted; where nothing leads clearly ("unsure") none is lit, and
 * silence is left blank. Everything is binned to pixel columns first, so that an hour costs what a minute costs.
 */
import type { State } from "../curve/genre-curve.ts";
import { spoken } from "./format.ts";
import { css, inkOn, mix, type Rgb } from "./palette.ts";

/** What is to be drawn: a curve with the time of each step. */
export interface StreamData {
  readonly genres: readonly string[];
  readonly colours: readonly Rgb[];
  readonly nSteps: number;
  /** seconds, increasing */
  readonly times: ArrayLike<number>;
  /** row-major `(nSteps, nGenres)` */
  readonly probabilities: ArrayLike<number>;
  readonly states: readonly State[];
  /** waveform, one value per `peakPeriodS` from `peakStartS` on */
  readonly peaks: ArrayLike<number>;
  readonly peakPeriodS: number;
  readonly peakStartS: number;
  /** seconds: the sound known so far ends here */
  readonly endS: number;
}

export interface StreamFrame {
  /** CSS pixels */
  readonly width: number;
  readonly height: number;
  /** seconds shown at the left and at the right edge */
  readonly fromS: number;
  readonly toS: number;
  /** label of a moment on the time axis */
  readonly tick: (seconds: number) => string;
}

export interface StreamTheme {
  readonly paper: Rgb;
  readonly ink: Rgb;
  readonly faint: Rgb;
  readonly line: Rgb;
  readonly fontFamily: string;
  /** for the large names */
  readonly displayFamily: string;
}

export const AXIS_HEIGHT = 24;
const MUTED = 0.66;
/** CSS pixels over which a layer lights up where it begins to lead */
const GLOW = 7;
/** CSS pixels: from this size on a name is set in the display face */
const LARGE = 22;

/** Height of the waveform above the stream. */
export function waveformHeight(height: number): number {
  return Math.round(Math.min(76, height * 0.17));
}

/** The stream before anything was heard: every genre equally likely. */
export function paintIdle(context: CanvasRenderingContext2D, frame: StreamFrame, theme: StreamTheme, genres: readonly string[], colours: readonly Rgb[]): void {
  const { width, height } = frame;
  context.clearRect(0, 0, width, height);
  const layer = height / genres.length;
  const size = Math.max(11, Math.min(30, layer * 0.66));
  genres.forEach((genre, g) => {
    const top = Math.round(g * layer);
    context.fillStyle = css(colours[g]);
    context.fillRect(0, top, width, Math.ceil(layer));
    if (layer < 12) return;
    context.fillStyle = css(inkOn(colours[g]));
    context.font = nameFont(size, "500", theme);
    context.textBaseline = "middle";
    context.textAlign = "left";
    context.fillText(spoken(genre), Math.max(16, Math.min(64, width * 0.04)), top + layer / 2 + 1);
  });
}

function nameFont(size: number, weight: string, theme: StreamTheme): string {
  return size >= LARGE ? `400 ${size}px ${theme.displayFamily}` : `${weight} ${size}px ${theme.fontFamily}`;
}

export function paintStream(context: CanvasRenderingContext2D, frame: StreamFrame, theme: StreamTheme, data: StreamData): void {
  const { width, height } = frame;
  context.clearRect(0, 0, width, height);
  const top = waveformHeight(height);
  const bottom = height - AXIS_HEIGHT;
  paintWaveform(context, frame, theme, data, top - 6);
  const columns = binned(frame, data);
  paintLayers(context, columns, theme, data, top, bottom);
  paintLabels(context, columns, theme, data, top, bottom);
  paintAxis(context, frame, theme, bottom);
}

/** One entry per pixel column. */
interface Columns {
  readonly n: number;
  /** layer boundaries from the top, row-major `(n, nGenres + 1)`, 0 to 1 */
  readonly edges: Float32Array;
  /** state, or null where nothing was heard */
  readonly states: (State | null)[];
  /** the most likely genre */
  readonly leader: Int16Array;
}

function binned(frame: StreamFrame, data: StreamData): Columns {
  const n = Math.ceil(frame.width);
  const nGenres = data.genres.length;
  const edges = new Float32Array(n * (nGenres + 1));
  const states: (State | null)[] = new Array<State | null>(n).fill(null);
  const leader = new Int16Array(n).fill(-1);
  const secondsPerPixel = (frame.toS - frame.fromS) / frame.width;
  const mean = new Float64Array(nGenres);
  let step = 0;
  for (let x = 0; x < n; x++) {
    const from = frame.fromS + x * secondsPerPixel;
    const to = from + secondsPerPixel;
    if (data.nSteps === 0 || from > data.endS || to <= data.peakStartS) continue;
    while (step < data.nSteps && data.times[step] < from) step++;
    let last = step;
    while (last < data.nSteps && data.times[last] < to) last++;
    if (last > step) {
      mean.fill(0);
      for (let i = step; i < last; i++) for (let g = 0; g < nGenres; g++) mean[g] += data.probabilities[i * nGenres + g] / (last - step);
    } else {
      interpolate(data, step, (from + to) / 2, mean);
    }
    const nearest = nearestStep(data, step, (from + to) / 2);
    states[x] = data.states[nearest];
    let sum = 0;
    let best = 0;
    for (let g = 0; g < nGenres; g++) {
      edges[x * (nGenres + 1) + g] = sum;
      sum += mean[g];
      if (mean[g] > mean[best]) best = g;
    }
    for (let g = 0; g < nGenres; g++) edges[x * (nGenres + 1) + g] /= sum;
    edges[x * (nGenres + 1) + nGenres] = 1;
    leader[x] = best;
  }
  return { n, edges, states, leader };
}

/** Linear between the steps around `t`, constant outside; a silent step is not blended in. */
function interpolate(data: StreamData, next: number, t: number, out: Float64Array): void {
  const nGenres = data.genres.length;
  const b = Math.min(next, data.nSteps - 1);
  const a = Math.max(0, Math.min(next - 1, data.nSteps - 1));
  const gap = data.times[b] - data.times[a];
  let share = gap > 0 ? Math.min(1, Math.max(0, (t - data.times[a]) / gap)) : 0;
  if (data.states[a] === "silence") share = 1;
  else if (data.states[b] === "silence") share = 0;
  for (let g = 0; g < nGenres; g++) {
    out[g] = data.probabilities[a * nGenres + g] * (1 - share) + data.probabilities[b * nGenres + g] * share;
  }
}

function nearestStep(data: StreamData, next: number, t: number): number {
  const b = Math.min(next, data.nSteps - 1);
  const a = Math.max(0, b - 1);
  return Math.abs(data.times[a] - t) <= Math.abs(data.times[b] - t) ? a : b;
}

/** Runs of columns for which `key` gives the same answer; null ends a run. */
function runs<T>(columns: Columns, key: (x: number) => T | null): { value: T; from: number; to: number }[] {
  const found: { value: T; from: number; to: number }[] = [];
  let open: { value: T; from: number; to: number } | null = null;
  for (let x = 0; x < columns.n; x++) {
    const value = key(x);
    if (open && value === open.value) open.to = x + 1;
    else if (value === null) open = null;
    else found.push((open = { value, from: x, to: x + 1 }));
  }
  return found;
}

function paintLayers(context: CanvasRenderingContext2D, columns: Columns, theme: StreamTheme, data: StreamData, top: number, bottom: number): void {
  const heard = runs(columns, (x) => (columns.states[x] === null || columns.states[x] === "silence" ? null : true));
  data.colours.forEach((colour, g) => {
    context.fillStyle = css(mix(colour, theme.paper, MUTED));
    for (const run of heard) fillLayer(context, columns, g, run.from, run.to, top, bottom);
  });
  const lit = runs(columns, (x) => (columns.states[x] === "music" ? columns.leader[x] : null));
  for (const run of lit) {
    // Towards what is unsure the light fades; towards another leader and at the ends it stops at once.
    const glow = Math.min(GLOW, (run.to - run.from) / 2);
    const before = columns.states[run.from - 1] === "unsure" ? glow : 0;
    const after = columns.states[run.to] === "unsure" ? glow : 0;
    context.fillStyle = glowing(context, data.colours[run.value], run, before, after);
    fillLayer(context, columns, run.value, run.from, run.to, top, bottom);
  }
  // Thin seams keep neighbours apart that are close in brightness.
  context.strokeStyle = css(theme.paper);
  context.lineWidth = 1;
  context.beginPath();
  for (const run of heard) {
    for (let g = 1; g < data.genres.length; g++) {
      for (let x = run.from; x < run.to; x++) {
        const y = edge(columns, x, g, top, bottom);
        if (x === run.from) context.moveTo(x, y);
        else context.lineTo(x, y);
      }
    }
  }
  context.stroke();
  context.fillStyle = css(theme.line);
  for (const run of runs(columns, (x) => (columns.states[x] === "silence" ? true : null))) {
    context.fillRect(run.from, (top + bottom) / 2, run.to - run.from, 1);
  }
}

/** A colour that fades in and out over so many pixels at the ends of a stretch. */
function glowing(context: CanvasRenderingContext2D, colour: Rgb, { from, to }: Stretch, before: number, after: number): CanvasGradient | string {
  if (before + after === 0) return css(colour);
  const gradient = context.createLinearGradient(from, 0, to, 0);
  const [clear, full] = [`rgb(${colour.join(" ")} / 0)`, css(colour)];
  gradient.addColorStop(0, before > 0 ? clear : full);
  gradient.addColorStop(before / (to - from), full);
  gradient.addColorStop(1 - after / (to - from), full);
  gradient.addColorStop(1, after > 0 ? clear : full);
  return gradient;
}

function fillLayer(context: CanvasRenderingContext2D, columns: Columns, g: number, from: number, to: number, top: number, bottom: number): void {
  context.beginPath();
  context.moveTo(from, edge(columns, from, g, top, bottom));
  for (let x = from; x < to; x++) context.lineTo(x + 0.5, edge(columns, x, g, top, bottom));
  context.lineTo(to, edge(columns, to - 1, g, top, bottom));
  context.lineTo(to, edge(columns, to - 1, g + 1, top, bottom));
  for (let x = to - 1; x >= from; x--) context.lineTo(x + 0.5, edge(columns, x, g + 1, top, bottom));
  context.lineTo(from, edge(columns, from, g + 1, top, bottom));
  context.fill();
}

function edge(columns: Columns, x: number, g: number, top: number, bottom: number): number {
  const row = columns.edges.length / columns.n;
  return top + columns.edges[x * row + g] * (bottom - top);
}

/** A stretch of columns. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Names on the layers themselves, wherever one fits inside its layer and beside its neighbours; the lit ones first. */
function paintLabels(context: CanvasRenderingContext2D, columns: Columns, theme: StreamTheme, data: StreamData, top: number, bottom: number): void {
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
      const spot = roomiest(columns, g, within, halfWidth, top, bottom);
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
    const spot = roomiest(columns, g, within, size * 0.75, top, bottom);
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
  const lit = runs(columns, (x) => (columns.states[x] === "music" ? columns.leader[x] : null));
  for (const run of lit.sort((a, b) => b.to - b.from - (a.to - a.from))) {
    const name = spoken(data.genres[run.value]);
    const colour = data.colours[run.value];
    if (!place(name, run.value, run, [44, 34, 26, 17, 13], "600", colour)) placeUpright(name, run.value, run, colour);
  }
  const heard = runs(columns, (x) => (columns.states[x] === null || columns.states[x] === "silence" ? null : true));
  for (const run of heard) {
    for (let g = 0; g < data.genres.length; g++) {
      // Where a layer leads it has its name already.
      const muted = runs(columns, (x) => (x >= run.from && x < run.to && !(columns.states[x] === "music" && columns.leader[x] === g) ? true : null));
      for (const part of muted) {
        if (part.to - part.from < 120) continue;
        place(spoken(data.genres[g]), g, part, [13], "500", mix(data.colours[g], theme.paper, MUTED));
      }
    }
  }
}

/** The place in a layer where a label of this width has the most height to itself, or null if it is wider than the stretch. */
function roomiest(columns: Columns, g: number, within: Stretch, halfWidth: number, top: number, bottom: number): { x: number; y: number; room: number } | null {
  const first = Math.ceil(within.from + halfWidth);
  const last = Math.floor(within.to - halfWidth);
  if (last < first) return null;
  let best: { x: number; y: number; room: number } | null = null;
  let bestScore = 0;
  const stride = Math.max(1, Math.floor((last - first) / 80));
  for (let x = first; x <= last; x += stride) {
    let upper = top;
    let lower = bottom;
    for (const share of [-1, -0.5, 0, 0.5, 1]) {
      const at = Math.min(within.to - 1, Math.max(within.from, Math.round(x + share * halfWidth)));
      upper = Math.max(upper, edge(columns, at, g, top, bottom));
      lower = Math.min(lower, edge(columns, at, g + 1, top, bottom));
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

function paintWaveform(context: CanvasRenderingContext2D, frame: StreamFrame, theme: StreamTheme, data: StreamData, height: number): void {
  const middle = height / 2;
  const secondsPerPixel = (frame.toS - frame.fromS) / frame.width;
  context.fillStyle = css(theme.faint);
  for (let x = 0; x < frame.width; x += 3) {
    const t = frame.fromS + x * secondsPerPixel - data.peakStartS;
    const from = Math.max(0, Math.floor(t / data.peakPeriodS));
    const to = Math.min(data.peaks.length, Math.max(from + 1, Math.floor((t + 3 * secondsPerPixel) / data.peakPeriodS)));
    if (t < -data.peakPeriodS || from >= data.peaks.length) continue;
    let peak = 0;
    for (let i = from; i < to; i++) peak = Math.max(peak, data.peaks[i]);
    const half = Math.max(0.5, Math.min(1, peak) * (middle - 2));
    context.fillRect(x, middle - half, 2, 2 * half);
  }
}

function paintAxis(context: CanvasRenderingContext2D, frame: StreamFrame, theme: StreamTheme, bottom: number): void {
  const span = frame.toS - frame.fromS;
  const wanted = Math.max(2, frame.width / 110);
  const period = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].find((s) => span / s <= wanted) ?? 7200;
  context.font = `400 12px ${theme.fontFamily}`;
  context.textBaseline = "alphabetic";
  context.fillStyle = css(theme.faint);
  for (let k = Math.ceil(frame.fromS / period); k * period <= frame.toS; k++) {
    const x = ((k * period - frame.fromS) / span) * frame.width;
    const text = frame.tick(k * period);
    if (!text) continue;
    const half = context.measureText(text).width / 2;
    context.fillRect(Math.round(x), bottom, 1, 4);
    context.textAlign = "left";
    context.fillText(text, Math.min(frame.width - 2 * half - 4, Math.max(4, x - half)), bottom + 18);
  }
}
