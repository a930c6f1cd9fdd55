/** The buttons that save the curve. */
import { toCsv, toJson } from "../export/curve-files.ts";
import { toPicture } from "../export/picture.ts";
import { save, stem } from "../export/save.ts";
import type { Recording } from "../recording.ts";
import { overallSentence } from "../words.ts";
import { byId } from "./dom.ts";
import type { StreamData } from "./stream-data.ts";
import { currentTheme } from "./theme.ts";

/** What there is to save: a recording, and the stream as it is shown. */
export interface Savable {
  readonly recording: Recording;
  readonly data: StreamData;
}

export function connectExports(savable: () => Savable | null): void {
  const saving = (id: string, make: (savable: Savable) => Promise<Blob> | Blob) => {
    byId(`save-${id}`).addEventListener("click", async () => {
      const found = savable();
      if (found) save(await make(found), `${stem(found.recording.name)}.${id}`);
    });
  };
  saving("csv", ({ recording }) => new Blob([toCsv(recording)], { type: "text/csv" }));
  saving("json", ({ recording }) => new Blob([toJson(recording)], { type: "application/json" }));
  saving("png", ({ recording, data }) => toPicture(data, currentTheme(), {
    title: recording.live ? recording.name : stem(recording.name),
    answer: overallSentence(recording),
    model: `${recording.card.name} ${recording.card.version}`,
  }));
}
