import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { clock, percent, preciseClock, ranked, spoken } from "./format.ts";

const moments = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../../tests/fixtures/clock.json"), "utf8")) as [number, string][];

describe("numbers as people read them", () => {
  it.each(moments)("writes %d s as Python does", (seconds, text) => {
    expect(clock(seconds)).toBe(text);
  });

  it("writes tenths where a second is too coarse", () => {
    expect([0.04, 7.36, 59.97, 3600].map(preciseClock)).toEqual(["0:00.0", "0:07.4", "1:00.0", "1:00:00.0"]);
  });

  it("never rounds a doubt away", () => {
    expect([0, 0.004, 0.614, 0.996, 1].map((p) => percent(p).replaceAll("\u00a0", " "))).toEqual(["0 %", "< 1 %", "61 %", "> 99 %", "100 %"]);
  });

  it("speaks genres, and ranks them", () => {
    expect(["hiphop", "drum_and_bass", "jazz"].map(spoken)).toEqual(["hip hop", "drum and bass", "jazz"]);
    expect(ranked([0.2, 0.5, 0.3])).toEqual([1, 2, 0]);
  });
});
