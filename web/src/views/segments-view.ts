/** The segments as a list: when, what, how sure; each can be heard from its start. */
import type { Segment } from "../../core/curve/segments.ts";
import { momentName } from "../../core/words/sentences.ts";
import { byId, create, setText } from "./dom.ts";
import { percent, preciseClock, ranked, spoken } from "../../core/words/format.ts";

export class SegmentsView {
  private readonly section = byId("segments");
  private readonly body = byId("table-body");

  /** @param onhear called with the moment, in seconds, from which to play */
  constructor(private readonly onhear: (seconds: number) => void) {}

  hide(): void {
    this.section.hidden = true;
  }

  show(name: string, parts: readonly Segment[], genres: readonly string[]): void {
    this.section.hidden = parts.length === 0;
    setText(byId("table-caption"), `${name}: ${parts.length} segments`);
    this.body.replaceChildren(...parts.map((part) => {
      const second = ranked(part.probabilities).find((g) => g !== part.leader)!;
      const quiet = part.state === "silence";
      const row = create("tr");
      const from = create("button", "", preciseClock(part.fromS));
      from.type = "button";
      from.setAttribute("aria-label", `Hear it from ${preciseClock(part.fromS)}`);
      from.addEventListener("click", () => this.onhear(part.fromS));
      const first = create("td");
      first.append(from);
      row.append(first, ...[
        preciseClock(part.toS), momentName(part.state, genres[part.leader]),
        quiet ? "–" : percent(part.probabilities[part.leader]),
        quiet ? "–" : `${spoken(genres[second])} ${percent(part.probabilities[second])}`,
      ].map((text) => create("td", "", text)));
      return row;
    }));
  }
}
