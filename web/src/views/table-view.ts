/** The curve as a table, written only while it is open. */
import { segments } from "../curve/segments.ts";
import type { DisplaySettings, Recording } from "../recording.ts";
import { byId, create, setText } from "./dom.ts";
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
    const { shown, times } = recording.shown(settings);
    const parts = segments(shown, times, genres.length, recording.startS, recording.heardS);
    setText(this.caption, `${name}: stretches of the same answer, ${parts.length} in all`);
    this.body.replaceChildren(...parts.map((part) => {
      const row = create("tr");
      const [first, second] = ranked(part.probabilities);
      const heard = part.state === "music" ? spoken(genres[part.leader]) : part.state;
      const quiet = part.state === "silence";
      const cells = [
        preciseClock(part.fromS), preciseClock(part.toS), heard,
        quiet ? "–" : percent(part.probabilities[part.state === "music" ? part.leader : first]),
        quiet ? "–" : `${spoken(genres[second])} ${percent(part.probabilities[second])}`,
      ];
      row.append(...cells.map((text) => create("td", "", text)));
      return row;
    }));
  }
}
