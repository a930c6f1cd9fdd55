/** The buttons that save the curve. */
import { toCsv, toObject } from "../../core/listening/curve-files.ts";
import { toPicture } from "../export/picture.ts";
import { save, stem } from "../export/save.ts";
import type { DisplaySettings, Recording } from "../../core/listening/recording.ts";
import { overallSentence } from "../../core/words/sentences.ts";
import { byId } from "./dom.ts";
import type { StreamData } from "../../core/drawing/stream-data.ts";
import { currentTheme } from "./theme.ts";

/** What there is to save: a recording, and the stream as it is shown. */
export interface Savable {
  readonly recording: Recording;
  readonly data: StreamData;
  readonly settings: DisplaySettings;
}

export function connectExports(savable: () => Savable | null): void {
  const saving = (id: string, make: (savable: Savable) => Promise<Blob> | Blob) => {
    byId(`save-${id}`).addEventListener("click", async () => {
      const found = savable();
      if (found) save(await make(found), `${stem(found.recording.name)}.${id}`);
    });
  };
  saving("csv", ({ recording, settings }) => new Blob([toCsv(recording, settings)], { type: "text/csv" }));
  saving("json", ({ recording, settings }) => new Blob([JSON.stringify(toObject(recording, settings))], { type: "application/json" }));
  saving("png", ({ recording, data, settings }) => toPicture(data, currentTheme(), {
    title: recording.live ? recording.name : stem(recording.name),
    answer: overallSentence(recording, settings),
    model: `${recording.card.name} ${recording.card.version}`,
  }));
}
