/** The curve as a table, written only while it is open. */
import { segments } from "../curve/segments.ts";
import type { DisplaySettings, Recording } from "../recording.ts";
import { byId, create, setText } from "./dom.ts";
import { momentName } from "../words.ts";
import { percent, preciseClock, ranked, spoken } from "./format.ts";

export class TableView {
  private readonly details = byId<HTMLDetailsElement>("table-details");
  private readonly caption = byId("table-caption");
  private readonly body = byId("table-body");

  constructor(onopen: () => void) {
    this.details.addEventListener("toggle", onopen);
  }

  get isOpen(): boolean {
    return this.details.open && !this.details.hidden;
  }

  setVisible(visible: boolean): void {
    this.details.hidden = !visible;
  }

  show(recording: Recording, settings: DisplaySettings): void {
    const { name, card: { genres } } = recording;
    const parts = segments(recording.curve, settings, recording.hearing, recording.startS, recording.heardS);
    setText(this.caption, `${name}: stretches of the same genre, ${parts.length} in all`);
    this.body.replaceChildren(...parts.map((part) => {
      const row = create("tr");
      const second = ranked(part.probabilities).find((g) => g !== part.leader)!;
      const quiet = part.state === "silence";
      const cells = [
        preciseClock(part.fromS), preciseClock(part.toS), momentName(part.state, genres[part.leader]),
        quiet ? "–" : percent(part.probabilities[part.leader]),
        quiet ? "–" : `${spoken(genres[second])} ${percent(part.probabilities[second])}`,
      ];
      row.append(...cells.map((text) => create("td", "", text)));
      return row;
    }));
  }
}
