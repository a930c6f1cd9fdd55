/** The explanation behind one click: what the network hears, and how sure one may be, all of it from the card. */
import type { Card, Metric } from "../../core/bundle/card.ts";
import { NONE } from "../../core/teach/learn.ts";
import { byId, create } from "./dom.ts";
import { percent, spoken } from "../../core/words/format.ts";

export function startAbout(): void {
  const dialog = byId<HTMLDialogElement>("about");
  byId("open-about").addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}

export function showCard(card: Card): void {
  const body = byId("about-body");
  const headline = bestMetric(card);
  const parts: HTMLElement[] = [];
  if (headline) {
    parts.push(
      create("p", "figure", percent(headline.value)),
      create("p", "claim", claim(headline)),
      create("p", "faint", `${interval(headline)}Guessing would name ${percent(1 / card.genres.length)}. Measured on ${headline.data_set}, ${headline.split}.`),
    );
  }
  const world = card.metrics.find(({ name }) => name === "world_accuracy");
  if (world) {
    parts.push(create("p", "", `Of music from elsewhere, ${percent(world.value)} of ${world.n} songs were named right. ${interval(world)}Measured on ${world.data_set}, ${world.split}.`));
  }
  parts.push(
    create("p", "", card.description),
    create("h3", "", "What it hears"),
    create("p", "", hearing(card)),
    create("h3", "", "What the percentages mean"),
    create("p", "", `They are the network's own belief over ${list(card.genres.map(spoken))}, ${card.genres.includes(NONE) ? `where “${NONE}” is whatever is near to no other` : "and nothing else exists for it: music of another kind is put wherever it fits least badly"}. The belief was adjusted on held-out songs so that, of the moments it calls with 60 %, about 60 % should be right on music like its training music. A genre that is clear enough is named; one that is only ahead of the next is “probably” it; where none is ahead it says “unsure”, and where there is nothing to hear, “silence”. A song in which several lead for a good part “changes”.`),
    create("p", "", "Genres are a convention. Where two listeners would disagree, a wavering curve is the honest answer."),
  );
  if (card.limits.length > 0) {
    const limits = create("ul");
    limits.append(...card.limits.map((limit) => create("li", "", limit)));
    parts.push(create("h3", "", "Its limits"), limits);
  }
  if (card.metrics.length > 0) parts.push(create("h3", "", "Everything that was measured"), metricsTable(card.metrics));
  parts.push(create("p", "", `Model ${card.name} ${card.version}, licence ${card.licence}.`));
  body.replaceChildren(...parts);
}

/** The model's own accuracy over whole songs (as `genre_lib.bundle.claims`), of the split that says most: test before folds before validation. */
function bestMetric(card: Card): Metric | undefined {
  const rank = ({ split }: Metric) => (/test/.test(split) ? 0 : /fold/.test(split) ? 1 : 2);
  return card.metrics
    .filter(({ name, value }) => /accuracy$/.test(name) && !/^(baseline|step|world)_/.test(name) && value <= 1)
    .sort((a, b) => rank(a) - rank(b))[0];
}

function claim({ n, split }: Metric): string {
  return /artist|group/.test(split)
    ? `of ${n} songs were named right, all of them by artists it had not heard before.`
    : `of ${n} songs were named right. Whether it knew their artists already, its card does not say.`;
}

function interval({ interval }: Metric): string {
  return interval ? `With 95\u00a0% certainty it is between ${percent(interval[0])} and ${percent(interval[1])}. ` : "";
}

function hearing(card: Card): string {
  const { front_end, timing } = card;
  const seconds = (value: number) => `${value.toFixed(value < 1 ? 2 : 1)} s`;
  return `Sound becomes ${front_end.n_mels} bands of loudness, measured anew every ${Math.round((1000 * front_end.hop_length) / front_end.sample_rate)} ms. `
    + `Every ${seconds(timing.step_period_s)} a small convolutional network looks at the last ${seconds(timing.receptive_field_s)} of them and says how much each genre fits. `
    + "It knows no words, no titles and no history: each moment is judged by its sound alone. "
    + (card.belief ? "What you see weighs each moment against those around it, as music keeps its genre for a while: “Steadiness” says for how long."
      : "What you see is the mean of the moments around each: “Steadiness” says over how long.");
}

function metricsTable(metrics: readonly Metric[]): HTMLElement {
  const wrap = create("div", "table-wrap");
  const table = create("table");
  const head = create("tr");
  head.append(...["Measure", "Value", "On", "n"].map((text) => {
    const cell = create("th", "", text);
    cell.scope = "col";
    return cell;
  }));
  const thead = create("thead");
  thead.append(head);
  const rows = create("tbody");
  for (const metric of metrics) {
    const row = create("tr");
    const value = metric.interval ? `${number(metric.value)} (${number(metric.interval[0])} to ${number(metric.interval[1])})` : number(metric.value);
    row.append(...[metric.name.replaceAll("_", " "), value, `${metric.data_set}, ${metric.split}`, String(metric.n)].map((text) => create("td", "", text)));
    rows.append(row);
  }
  table.append(thead, rows);
  wrap.append(table);
  return wrap;
}

function number(value: number): string {
  return value.toFixed(3).replace(/\.?0+$/, "");
}

function list(names: readonly string[]): string {
  return names.length > 12
    ? `${names.length} genres`
    : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}
