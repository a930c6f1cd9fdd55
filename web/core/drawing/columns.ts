/** The curve binned to pixel columns, so that an hour costs what a minute costs. */
import type { State } from "../curve/reading.ts";
import type { StreamData, StreamFrame } from "./stream-data.ts";

/** A stretch of columns. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** A stretch over which something stays the same. */
export interface Run<T> {
  readonly value: T;
  readonly from: number;
  to: number;
}

/** One entry per pixel column. */
export interface Columns {
  readonly n: number;
  /** layer boundaries in CSS pixels, downwards, row-major `(n, nGenres + 1)` */
  readonly edges: Float32Array;
  /** state, or null where nothing was heard */
  readonly states: (State | null)[];
  /** the most likely genre */
  readonly leader: Int16Array;
}

/** @param top upper and `bottom` lower edge of the stream, CSS pixels */
export function binned(frame: StreamFrame, data: StreamData, top: number, bottom: number): Columns {
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
    const total = mean.reduce((sum, p) => sum + p, 0);
    let below = 0;
    let best = 0;
    for (let g = 0; g <= nGenres; g++) {
      edges[x * (nGenres + 1) + g] = top + (below / total) * (bottom - top);
      if (g === nGenres) break;
      below += mean[g];
      if (mean[g] > mean[best]) best = g;
    }
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
export function runs<T>(columns: Columns, key: (x: number) => T | null): Run<T>[] {
  const found: Run<T>[] = [];
  let open: Run<T> | null = null;
  for (let x = 0; x < columns.n; x++) {
    const value = key(x);
    if (open && value === open.value) open.to = x + 1;
    else if (value === null) open = null;
    else found.push((open = { value, from: x, to: x + 1 }));
  }
  return found;
}

/** Where there is something to hear, sure or not. */
export function audible(columns: Columns): Run<boolean>[] {
  return runs(columns, (x) => (columns.states[x] === null || columns.states[x] === "silence" ? null : true));
}

/** Where one genre leads clearly: its number. */
export function led(columns: Columns): Run<number>[] {
  return runs(columns, (x) => (columns.states[x] === "music" ? columns.leader[x] : null));
}

/** Height, in CSS pixels from above, of the upper edge of layer `g`; that of the layer after the last is the stream's lower edge. */
export function edge(columns: Columns, x: number, g: number): number {
  return columns.edges[x * (columns.edges.length / columns.n) + g];
}
