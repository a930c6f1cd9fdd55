/** The picture before anything was heard: every genre equally likely. */
import { byId } from "./dom.ts";
import { clock } from "../../core/words/format.ts";
import type { Rgb } from "../../core/drawing/palette.ts";
import { fitted } from "../../core/drawing/canvas.ts";
import { paintIdle } from "../../core/drawing/painter.ts";
import { currentTheme } from "./theme.ts";

export class IdleView {
  private readonly canvas = byId<HTMLCanvasElement>("idle");
  private genres: readonly string[] = [];
  private colours: readonly Rgb[] = [];

  constructor() {
    new ResizeObserver(() => this.paint()).observe(this.canvas);
  }

  setGenres(genres: readonly string[], colours: readonly Rgb[]): void {
    this.genres = genres;
    this.colours = colours;
    this.paint();
  }

  paint(): void {
    if (this.genres.length === 0 || this.canvas.clientWidth === 0) return;
    const { context, width, height } = fitted(this.canvas);
    paintIdle(context, { width, height, fromS: 0, toS: 1, tick: clock }, currentTheme(), this.genres, this.colours);
  }
}
