import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { coloursOf, contrast, inkOn, mix, MUTED, PALETTE, parseHex, slotsOf, type Rgb } from "./palette.ts";

const fixture = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../../tests/fixtures/colours.json"), "utf8")) as {
  genres: string[];
  slots: number[];
  colours: string[];
}[];
const LARGE = Array.from({ length: 30 }, (_, i) => `genre ${i}`);

type Matrix = readonly (readonly number[])[];

/** Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB. */
const VISIONS: Record<string, Matrix> = {
  "full colour vision": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

const times = (matrix: Matrix, v: readonly number[]) => matrix.map((row) => row.reduce((sum, m, i) => sum + m * v[i], 0));
const linear = (colour: Rgb) => colour.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));

function oklab(rgb: readonly number[]): number[] {
  const lms = times([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]], rgb.map((c) => Math.min(1, Math.max(0, c))));
  return times([[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099], [0.0259040371, 0.7827717662, -0.808675766]], lms.map(Math.cbrt));
}

describe("the palette", () => {
  it.each(fixture)("gives $genres the colours that Python gives", ({ genres, slots, colours }) => {
    expect(slotsOf(genres)).toEqual(slots);
    expect(coloursOf(genres)).toEqual(colours.map(parseHex));
  });

  it.each(Object.entries(VISIONS))("keeps any two colours apart with %s", (_, matrix) => {
    const colours = PALETTE.map((hex) => oklab(times(matrix, linear(parseHex(hex)))));
    for (let a = 0; a < colours.length; a++) {
      for (let b = 0; b < a; b++) {
        expect(Math.hypot(...colours[a].map((v, i) => v - colours[b][i])), `${PALETTE[a]} and ${PALETTE[b]}`).toBeGreaterThan(0.055);
      }
    }
  });

  it("lets a label be read on every colour, lit or muted, light or dark", () => {
    for (const colour of coloursOf(LARGE.slice(0, 25))) {
      for (const paper of ["#f8f6f1", "#141412"].map(parseHex)) {
        for (const shade of [colour, mix(colour, paper, MUTED)]) expect(contrast(shade, inkOn(shade))).toBeGreaterThan(4.5);
      }
    }
  });

  it("gives every genre of a large model a colour of its own for the first thirty", () => {
    expect(new Set(coloursOf(LARGE).map(String)).size).toBe(30);
  });
});
