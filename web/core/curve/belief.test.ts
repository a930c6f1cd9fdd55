import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { BeliefSettings, NewestSettings, PieceSettings } from "../bundle/card.ts";
import { smallCard } from "../testing/small-card.ts";
import { GenreCurve } from "./genre-curve.ts";
import { chosen } from "./reading.ts";
import { segments } from "./segments.ts";

// What Python is held to as well; written by tests/inference/belief_reference.py.
const fixed = JSON.parse(readFileSync(new URL("../../../tests/fixtures/belief.json", import.meta.url), "utf8")) as {
  step_period_s: number; silence_dbfs: number; belief: BeliefSettings; logits: number[][]; levels: number[];
  file: number[][]; pieces: PieceSettings; as_pieces: number[][]; live_after: number; live: number[][]; path: number[];
  path_of_pieces: number[]; sized: PieceSettings; as_sized: number[][]; turns: PieceSettings; turns_heard: number; in_turn: number[][]; newest: NewestSettings; live_with_newest: number[][];
};
const base = smallCard();
const card = smallCard({
  schema_version: 2, genres: ["a", "b", "c", "d"], belief: fixed.belief, silence_dbfs: fixed.silence_dbfs,
  timing: { ...base.timing, step_period_s: fixed.step_period_s },
});
const asCard = { steadinessS: null, namedFrom: null };

function hear(curve: GenreCurve, logits: number[][], levels: number[]): GenreCurve {
  curve.add({ first: curve.firstStep + curve.nSteps, count: levels.length, logits: Float32Array.from(logits.flat()), levels: Float32Array.from(levels) });
  return curve;
}

function expectRows(found: Float32Array, expected: number[][]): void {
  expect(found.length).toBe(expected.length * 4);
  const worst = Math.max(...expected.flat().map((p, i) => Math.abs(p - found[i])));
  expect(worst).toBeLessThan(1e-6);
}

describe("the belief", () => {
  it("is that of a recording in hindsight, as in Python", () => {
    expectRows(hear(new GenreCurve(card), fixed.logits, fixed.levels).believed(asCard, "file").probabilities, fixed.file);
  });

  it("is that of pieces where a card has them, as in Python", () => {
    const withPieces = { ...card, belief: { ...fixed.belief, pieces: fixed.pieces } };
    expectRows(hear(new GenreCurve(withPieces), fixed.logits, fixed.levels).believed(asCard, "file").probabilities, fixed.as_pieces);
    const bySize = { ...card, belief: { ...fixed.belief, pieces: fixed.sized } };
    expectRows(hear(new GenreCurve(bySize), fixed.logits, fixed.levels).believed(asCard, "file").probabilities, fixed.as_sized);
  });

  it("is that of pieces whose genres follow one another where a card says how, as in Python", () => {
    const inTurn = { ...card, belief: { ...fixed.belief, pieces: fixed.turns } };
    const n = fixed.turns_heard;
    expectRows(hear(new GenreCurve(inTurn), fixed.logits.slice(0, n), fixed.levels.slice(0, n)).believed(asCard, "file").probabilities, fixed.in_turn);
  });

  it("is filtered live, and settles as more is heard, as in Python", () => {
    const curve = new GenreCurve(card);
    for (let at = 0; at < fixed.live_after; at += 3) {
      const until = Math.min(at + 3, fixed.live_after);
      hear(curve, fixed.logits.slice(at, until), fixed.levels.slice(at, until)).believed(asCard, "live");
    }
    expectRows(curve.believed(asCard, "live").probabilities, fixed.live);
    expectRows(curve.believed(asCard, "live", 33).probabilities, fixed.live.slice(33));
  });

  it("counts the newest step for its own moment where a card says so, as in Python", () => {
    const curve = new GenreCurve({ ...card, belief: { ...fixed.belief, newest: fixed.newest } });
    hear(curve, fixed.logits.slice(0, fixed.live_after), fixed.levels.slice(0, fixed.live_after));
    expectRows(curve.believed(asCard, "live").probabilities, fixed.live_with_newest);
  });

  it("is the same whenever it is asked for", () => {
    const curve = hear(new GenreCurve(card), fixed.logits.slice(0, fixed.live_after), fixed.levels.slice(0, fixed.live_after));
    expectRows(curve.believed(asCard, "live").probabilities, fixed.live);
  });

  it("takes the best path of all, as in Python", () => {
    expect(Array.from(hear(new GenreCurve(card), fixed.logits, fixed.levels).path(asCard)!)).toEqual(fixed.path);
  });

  it("takes the path off the pieces where a card has them, as in Python", () => {
    const withPieces = { ...card, belief: { ...fixed.belief, pieces: fixed.pieces } };
    expect(Array.from(hear(new GenreCurve(withPieces), fixed.logits, fixed.levels).path(asCard)!)).toEqual(fixed.path_of_pieces);
  });

  it("cuts segments where the path changes, and in long silence", () => {
    const curve = hear(new GenreCurve(card), fixed.logits, fixed.levels);
    const parts = segments(curve, asCard, "file", 0, 12);
    expect(parts.map((part) => [part.state, part.leader])).toEqual([["music", 0], ["music", 2], ["silence", expect.any(Number)], ["music", 1]]);
    expect(parts.map((part) => part.fromS)).toEqual([0, ...[22, 36, 43].map((step) => (curve.time(step - 1) + curve.time(step)) / 2)]);
  });

  it("changes less the steadier it is", () => {
    const logits = Array.from({ length: 300 }, (_, i) => [0, 1, 2, 3].map((g) => 4 * Math.sin(i * i + 7 * g)));
    const curve = hear(new GenreCurve(card), logits, Array(300).fill(-20));
    const changes = (steadinessS: number) => segments(curve, { steadinessS, namedFrom: null }, "file", 0, 60).length;
    expect(changes(0.2)).toBeGreaterThan(2 * changes(2));
    expect(changes(2)).toBeGreaterThan(2 * changes(600));
  });

  it("counts the newest step less where genres last longer", () => {
    const settings = { ...fixed.belief, newest: fixed.newest };
    const weight = (times: number) => chosen(settings, { steadinessS: times * settings.mean_duration_s, namedFrom: null }).newest!.weight;
    expect([0.5, 1, 4].map(weight)).toEqual([fixed.newest.weight, fixed.newest.weight, fixed.newest.weight / 4]);
  });

  it("stays within its capacity for hours, and the whole still counts all of it", () => {
    const curve = new GenreCurve(card, 100);
    for (let step = 0; step < 20_000; step++) {
      hear(curve, [step < 16_000 ? [3, 0, 0, 0] : [0, 3, 0, 0]], [-20]);
      if (step % 50 === 0) expect(curve.believed(asCard, "live").nSteps).toBe(curve.nSteps);
    }
    const { probabilities } = curve.answer(asCard, "live");
    expect(probabilities[0]).toBeGreaterThan(2 * probabilities[1]);
    expect(curve.believed(asCard, "live").probabilities.at(-3)).toBeGreaterThan(0.5);
  });
});

describe("a recording as a whole", () => {
  const whole = (...parts: [number, number[]][]) =>
    hear(new GenreCurve(card), parts.flatMap(([n, row]) => Array(n).fill(row)), Array(parts.reduce((sum, [n]) => sum + n, 0)).fill(-20)).answer(asCard);

  it("is named where one genre has most of the time", () => {
    expect(whole([100, [5, 0, 0, 0]]).state).toBe("music");
  });

  it("changes where several lead", () => {
    expect(whole([50, [5, 0, 0, 0]], [50, [0, 5, 0, 0]], [50, [0, 0, 5, 0]]).state).toBe("mixed");
  });

  it("cannot be told where nothing leads", () => {
    expect(whole([100, [0, 0, 0, 0]]).state).toBe("unsure");
  });
});
