import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Background } from "./background.ts";
import { HeadFitter, type Known } from "./head.ts";
import { learn, NONE, type Learnt, type Song } from "./learn.ts";
import { normal, uniform } from "./random.ts";
import { spansOf } from "./spans.ts";
import { LIMITS } from "./taught-bundle.ts";
import { sentenceOf } from "./temperature.ts";

interface Told {
  readonly kernel: number[][];
  readonly bias: number[];
  readonly temperature: number;
  readonly sentence: string;
  readonly accuracy: number[];
  readonly left_out_logits: number[][];
}
/** Written by Python: tests/training/teaching/teach_reference.py. */
const { given, answers } = JSON.parse(readFileSync(new URL("../../../tests/fixtures/teach.json", import.meta.url), "utf8"));
const background = Background.parse(JSON.stringify(given.background));
const songs: Song[] = given.songs.map((song: { name: string; genre: string; steps: number[][] }) => ({
  name: song.name, genre: song.genre, steps: { nFeatures: song.steps[0].length, values: Float32Array.from(song.steps.flat()) },
}));
const known: Known = { head: { rows: transposed(given.old.kernel), bias: Float64Array.from(given.old.bias) }, limit: given.old.limit };

function transposed(matrix: number[][]): Float64Array[] {
  return matrix[0].map((_, k) => Float64Array.from(matrix, (row) => row[k]));
}

function expectNear(ours: ArrayLike<number>, theirs: ArrayLike<number>, tolerance: number): void {
  expect(ours.length).toBe(theirs.length);
  for (let i = 0; i < ours.length; i++) expect(Math.abs(ours[i] - theirs[i])).toBeLessThanOrEqual(tolerance);
}

function expectTold(ours: Learnt, theirs: Told): void {
  ours.head.rows.forEach((row, k) => expectNear(row, transposed(theirs.kernel)[k], 1e-4));
  expectNear(ours.head.bias, theirs.bias, 1e-4);
  expect(ours.temperature.value).toBeCloseTo(theirs.temperature, 4);
  expect(sentenceOf(ours.temperature)).toBe(theirs.sentence);
  const { value, low, high, n } = ours.accuracy!;
  expectNear([value, low, high, n], theirs.accuracy, 1e-9);
  ours.leftOutLogits.forEach((row, i) => expectNear(row, theirs.left_out_logits[i], 1e-4));
}

describe("teaching", () => {
  it("has Python's words for what was not taught, and for its limits", () => {
    expect([NONE, LIMITS]).toEqual([answers.none, answers.limits]);
  });

  it("draws the numbers that Python draws", () => {
    expectNear(uniform(5, 3), answers.uniform, 1e-15);
    expectNear(normal(5, 3), answers.normal, 1e-12);
    background.draw(4, { music: true, seed: 2 }).forEach((row, i) => expectNear(row, answers.drawn[i], 1e-6));
    background.drawKnown(2, 4).forEach((row, i) => expectNear(row, answers.drawn_known[i], 1e-6));
  });

  it("cuts songs into the same spans", () => {
    songs.forEach((song, i) => expectNear(spansOf(song.steps).map((span) => span.reduce((a, b) => a + b)), answers.spans[i], 1e-5));
  });

  it("learns what Python learns, in place of the known genres", () => {
    const learnt = learn(songs, new HeadFitter(background), given.clip_temperature);
    expect(learnt.genres).toEqual(["bachata", "salsa", NONE]);
    expectTold(learnt, answers.instead);
  });

  it("learns what Python learns from a few songs", () => {
    const few = songs.filter(({ name }) => answers.few_names.includes(name));
    expectTold(learn(few, new HeadFitter(background), given.clip_temperature), answers.few);
  });

  it("learns what Python learns, beside the known genres", () => {
    expectTold(learn(songs, new HeadFitter(background), given.clip_temperature, known), answers.added);
  });

  it("learns what Python learns from a song that was one of the known genres", () => {
    const corrected = songs.map((song) => (song.name === answers.corrected ? { ...song, genre: "b" } : song));
    const learnt = learn(corrected, new HeadFitter(background), given.clip_temperature, known, given.known);
    expect(learnt.genres).toEqual(["bachata", "salsa", NONE]);
    expectTold(learnt, answers.beside);
  });

  it("says that nothing was measured where no song can be left out", () => {
    const two = [songs[0], songs[5]];
    const learnt = learn(two, new HeadFitter(background), given.clip_temperature);
    expect(learnt.accuracy).toBeNull();
    expect(learnt.temperature.value).toBe(2);
    expect(sentenceOf(learnt.temperature)).toContain("a guess, and nothing was measured");
  });

  it("learns one genre alone, and the order in which songs come does not matter", () => {
    const salsa = songs.filter(({ genre }) => genre === "salsa");
    const fitter = new HeadFitter(background);
    const [one, other] = [learn(salsa, fitter, 1), learn(salsa.toReversed(), fitter, 1)];
    expect(one.genres).toEqual(["salsa", NONE]);
    expectNear(one.head.bias, other.head.bias, 1e-9);
  });

  it("reads a background of the first version, which tells nothing of known genres", () => {
    const { version: _, known: __, ...first } = given.background;
    const old = Background.parse(JSON.stringify(first));
    expect(old.drawKnown(3, 4)).toEqual([]);
    expect(learn(songs, new HeadFitter(old), given.clip_temperature, known).genres).toEqual(["bachata", "salsa", NONE]);
  });

  it("refuses a background that is damaged or newer", () => {
    expect(() => Background.parse("{}")).toThrow(/background.json is not readable/);
    expect(() => Background.parse(JSON.stringify({ ...given.background, version: 3 }))).toThrow(/newer than this page/);
  });
});
