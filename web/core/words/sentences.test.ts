import { describe, expect, it } from "vitest";
import { Recording } from "../listening/recording.ts";
import { smallCard } from "../testing/small-card.ts";
import { ago, momentLines, overallSentence } from "./sentences.ts";

const asCard = { steadinessS: 0, namedFrom: null };

function heard(rows: number[][], levels: number[], live = false): Recording {
  const recording = new Recording("song.mp3", live, smallCard());
  recording.add({
    type: "heard", run: 1, first: 0, count: rows.length, logits: Float32Array.from(rows.flat()), levels: Float32Array.from(levels),
    peaks: new Float32Array(rows.length * 4), capturedAt: null,
  });
  return recording;
}

describe("overallSentence", () => {
  it("names the best and the next, and says how much was heard", () => {
    const recording = heard([[9, 0, 4]], [-20]);
    expect(overallSentence(recording)).toMatch(/^So far: a .*, then c /);
    recording.finish(1);
    expect(overallSentence(recording)).toMatch(/^The whole song: a /);
  });

  it("calls live sound never a song", () => {
    const recording = heard([[9, 0, 0]], [-20], true);
    recording.finish(1);
    expect(overallSentence(recording)).toMatch(/^All that was heard/);
  });

  it("says what cannot be told, and silence", () => {
    expect(overallSentence(heard([[0.2, 0, 0.1]], [-20]))).toMatch(/: hard to tell; nearest to a .* and c /);
    expect(overallSentence(heard([[9, 0, 0]], [-90]))).toBe("So far: silence");
  });
});

describe("momentLines", () => {
  const recording = heard([[9, 0, 0], [0.1, 0, 0], [9, 0, 0]], [-20, -20, -90]);
  const at = (step: number) => momentLines(recording, recording.curve.time(step), asCard, () => "when");

  it("gives the moment and the three most likely genres", () => {
    expect(at(0)!.slice(0, 2)).toEqual(["when", expect.stringMatching(/^a /)]);
    expect(at(0)).toHaveLength(4);
  });

  it("says unsure and silence as such", () => {
    expect(at(1)![1]).toBe("unsure");
    expect(at(2)).toEqual(["when", "silence"]);
  });

  it("says nothing of what was not heard", () => {
    expect(momentLines(recording, 99, asCard, String)).toBe(null);
  });
});

describe("ago", () => {
  it("counts back from now and leaves the future out", () => {
    expect([ago(10, 10.2), ago(3, 10), ago(12, 10)]).toEqual(["now", "7 s ago", ""]);
  });
});
