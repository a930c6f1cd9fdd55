/**
 * Draws the belief as a stream: one layer per genre, together always the full height, under the waveform.
 *
 * The layer that leads is lit, the others are muted; where nothing leads clearly ("unsure") none is lit, and
 * silence is left blank.
 */
import { spoken } from "../words/format.ts";
import { css, inkOn, mix, MUTED, type Rgb } from "./palette.ts";
import { audible, binned, edge, led, runs, type Columns, type Stretch } from "./columns.ts";
import type { StreamData, StreamFrame, StreamTheme } from "./stream-data.ts";
import { nameFont, paintLabels } from "./labels.ts";

/** CSS pixels */
const AXIS_HEIGHT = 24;
/** CSS pixels over which a layer lights up where it begins to lead */
const GLOW = 7;

/** Height of the waveform above the stream. */
function waveformHeight(height: number): number {
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

export function paintStream(context: CanvasRenderingContext2D, frame: StreamFrame, theme: StreamTheme, data: StreamData): void {
  const { width, height } = frame;
  context.clearRect(0, 0, width, height);
  const top = waveformHeight(height);
  const bottom = height - AXIS_HEIGHT;
  paintWaveform(context, frame, theme, data, top - 6);
  const columns = binned(frame, data, top, bottom);
  paintLayers(context, columns, theme, data);
  paintSilence(context, columns, theme, (top + bottom) / 2);
  paintLabels(context, columns, theme, data, top, bottom);
  paintAxis(context, frame, theme, bottom);
}

function paintLayers(context: CanvasRenderingContext2D, columns: Columns, theme: StreamTheme, data: StreamData): void {
  const heard = audible(columns);
  data.colours.forEach((colour, g) => {
    context.fillStyle = css(mix(colour, theme.paper, MUTED));
    for (const run of heard) fillLayer(context, columns, g, run.from, run.to);
  });
  if (data.lit !== null) {
    context.fillStyle = css(data.colours[data.lit]);
    for (const run of heard) fillLayer(context, columns, data.lit, run.from, run.to);
  }
  for (const run of data.lit === null ? led(columns) : []) {
    // Towards what is unsure the light fades; towards another leader and at the ends it stops at once.
    const glow = Math.min(GLOW, (run.to - run.from) / 2);
    const before = columns.states[run.from - 1] === "unsure" ? glow : 0;
    const after = columns.states[run.to] === "unsure" ? glow : 0;
    context.fillStyle = glowing(context, data.colours[run.value], run, before, after);
    fillLayer(context, columns, run.value, run.from, run.to);
  }
  // Thin seams keep neighbours apart that are close in brightness.
  context.strokeStyle = css(theme.paper);
  context.lineWidth = 1;
  context.beginPath();
  for (const run of heard) {
    for (let g = 1; g < data.genres.length; g++) {
      for (let x = run.from; x < run.to; x++) {
        const y = edge(columns, x, g);
        if (x === run.from) context.moveTo(x, y);
        else context.lineTo(x, y);
      }
    }
  }
  context.stroke();
}

function paintSilence(context: CanvasRenderingContext2D, columns: Columns, theme: StreamTheme, middle: number): void {
  context.fillStyle = css(theme.line);
  for (const run of runs(columns, (x) => (columns.states[x] === "silence" ? true : null))) {
    context.fillRect(run.from, middle, run.to - run.from, 1);
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

function fillLayer(context: CanvasRenderingContext2D, columns: Columns, g: number, from: number, to: number): void {
  context.beginPath();
  context.moveTo(from, edge(columns, from, g));
  for (let x = from; x < to; x++) context.lineTo(x + 0.5, edge(columns, x, g));
  context.lineTo(to, edge(columns, to - 1, g));
  context.lineTo(to, edge(columns, to - 1, g + 1));
  for (let x = to - 1; x >= from; x--) context.lineTo(x + 0.5, edge(columns, x, g + 1));
  context.lineTo(from, edge(columns, from, g + 1));
  context.fill();
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
    const half = Math.max(0.5, Math.min(1, peak / data.fullScale) * (middle - 2));
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
