/** The curve as a picture to keep or send: title, answer, waveform and stream. */
import { css } from "../../core/drawing/palette.ts";
import { clock } from "../../core/words/format.ts";
import type { StreamData, StreamTheme } from "../../core/drawing/stream-data.ts";
import { paintStream } from "../../core/drawing/painter.ts";

const WIDTH = 1600;
const HEIGHT = 900;
const MARGIN = 64;

export function toPicture(data: StreamData, theme: StreamTheme, texts: { title: string; answer: string; model: string }): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext("2d")!;
  const stream = document.createElement("canvas");
  stream.width = WIDTH - 2 * MARGIN;
  stream.height = 600;
  paintStream(stream.getContext("2d")!, { width: stream.width, height: stream.height, fromS: data.peakStartS, toS: data.endS, tick: clock }, theme, data);

  context.fillStyle = css(theme.paper);
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.fillStyle = css(theme.ink);
  context.font = `400 64px ${theme.displayFamily}`;
  context.fillText(texts.title, MARGIN, 104, WIDTH - 2 * MARGIN);
  context.font = `400 26px ${theme.fontFamily}`;
  context.fillText(texts.answer, MARGIN, 156, WIDTH - 2 * MARGIN);
  context.drawImage(stream, MARGIN, 200);
  context.fillStyle = css(theme.faint);
  context.font = `400 20px ${theme.fontFamily}`;
  context.fillText(texts.model, MARGIN, HEIGHT - 40, WIDTH - 2 * MARGIN);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture could not be made."))), "image/png");
  });
}
