/** The large current belief, and one steady bar per genre. */
import type { Whole } from "../../core/curve/reading.ts";
import { momentName, WORTH_NAMING } from "../../core/words/sentences.ts";
import { byId, create, setText } from "./dom.ts";
import { percent, ranked, spoken } from "../../core/words/format.ts";
import { css, type Rgb } from "../../core/drawing/palette.ts";

interface Bar {
  readonly row: HTMLLIElement;
  readonly button: HTMLButtonElement;
  readonly fill: HTMLElement;
  readonly value: HTMLElement;
}

export class NowView {
  private readonly when = byId("now-when");
  private readonly genre = byId("now-genre");
  private readonly detail = byId("now-detail");
  private readonly list = byId<HTMLOListElement>("bars");
  private bars: Bar[] = [];
  private genres: readonly string[] = [];
  private lit: number | null = null;

  /** @param onlight called with the genre that is to be lit on the stream, or null for none */
  constructor(private readonly onlight: (genre: number | null) => void) {}

  setGenres(genres: readonly string[], colours: readonly Rgb[]): void {
    this.genres = genres;
    this.bars = genres.map((genre, g) => {
      const row = create("li");
      const track = create("span", "track");
      const fill = create("span", "fill");
      const value = create("span", "value");
      fill.style.setProperty("--colour", css(colours[g]));
      track.append(fill);
      const button = create("button");
      button.type = "button";
      button.setAttribute("aria-pressed", "false");
      button.append(create("span", "name", spoken(genre)), track, value);
      button.addEventListener("click", () => this.light(this.lit === g ? null : g));
      row.append(button);
      return { row, button, fill, value };
    });
    this.list.replaceChildren(...this.bars.map((bar) => bar.row));
    // Many stand in two columns where there is room.
    const many = genres.length > 12;
    this.list.classList.toggle("many", many);
    this.list.style.setProperty("--rows", String(Math.ceil(genres.length / 2)));
    this.list.style.setProperty("--name", `${nameWidth(genres)}em`);
    this.light(null);
  }

  private light(genre: number | null): void {
    this.lit = genre;
    this.bars.forEach(({ button }, g) => button.setAttribute("aria-pressed", String(g === genre)));
    this.onlight(genre);
  }

  /** @param belief null while nothing has been heard at this moment */
  show(when: string, belief: Whole | null): void {
    setText(this.when, when);
    const order = belief ? ranked(belief.probabilities) : [];
    const state = belief?.state ?? "waiting";
    this.genre.dataset["state"] = state;
    setText(this.genre, belief ? headline(belief, order, this.genres) : "listening");
    this.genre.classList.toggle("long", (this.genre.textContent?.length ?? 0) > 11);
    setText(this.detail, belief ? details(belief, order, this.genres) : "");
    this.bars.forEach((bar, g) => {
      const probability = belief && state !== "silence" ? belief.probabilities[g] : 0;
      bar.fill.style.transform = `scaleX(${probability.toFixed(4)})`;
      setText(bar.value, belief && state !== "silence" ? percent(probability) : "–");
      bar.row.classList.toggle("leads", (state === "music" || state === "probable") && g === order[0]);
    });
  }
}

function headline(belief: Whole, order: readonly number[], genres: readonly string[]): string {
  return momentName(belief.state, genres[order[0]]);
}

function details(belief: Whole, order: readonly number[], genres: readonly string[]): string {
  // A genre and its share stay on one line.
  const name = (i: number) => `${spoken(genres[order[i]])}\u00a0${percent(belief.probabilities[order[i]])}`;
  if (belief.state === "silence") return "There is nothing to hear here.";
  if (belief.state === "unsure") return `Too close to call: ${name(0)}, ${name(1)}`;
  if (belief.state === "mixed") return order.flatMap((g, i) => (belief.probabilities[g] >= WORTH_NAMING || i < 2 ? [name(i)] : [])).join(", ");
  return `${percent(belief.probabilities[order[0]])}, then ${name(1)}`;
}

/** Room for the longest name, in em; every bar then begins at the same place. */
function nameWidth(genres: readonly string[]): number {
  const longest = Math.max(0, ...genres.map((genre) => spoken(genre).length));
  return Math.min(11, Math.max(4.8, 0.56 * longest));
}
