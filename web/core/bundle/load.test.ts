import { beforeAll, describe, expect, it } from "vitest";
import { zipSync } from "fflate";
import { bundleFile, bundleSource, haveBundle, startBackendInNode } from "../testing/pretrained.ts";
import { goldenTolerance, parseCard, type Card } from "./card.ts";
import { loadBundle } from "./load.ts";
import { modelAddress, sourceFromFiles, unpack } from "./source.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const card = () => JSON.parse(text(bundleFile("card.json"))) as Record<string, never>;
const changed = (change: (card: any) => void) => {
  const copy = card();
  change(copy);
  return JSON.stringify(copy);
};

describe.skipIf(!haveBundle)("loadBundle", () => {
  beforeAll(startBackendInNode);

  it("agrees with golden.json: log-mel within 1e-3 dB, probabilities within the card's tolerance", async () => {
    const bundle = await loadBundle(bundleSource(), { checkGolden: true });
    expect(bundle.golden!.logMelDb).toBeLessThan(1e-3);
    expect(bundle.golden!.probability).toBeLessThanOrEqual(goldenTolerance(bundle.card));
    bundle.network.dispose();
  });

  it.each([
    ["no JSON", { "card.json": "{" }, /not readable as JSON/],
    ["another schema version", { "card.json": () => changed((c) => (c.schema_version = 3)) }, /schema at "schema_version"/],
    ["an unknown key", { "card.json": () => changed((c) => (c.extra = 1)) }, /schema/],
    ["a path that climbs out", { "card.json": () => changed((c) => (c.files["../x"] = c.files["mel.bin"])) }, /schema/],
    ["a changed filter bank", { "mel.bin": () => bundleFile("mel.bin").map((b, i) => (i === 9000 ? b ^ 1 : b)) }, /damaged: mel.bin/],
    ["a shortened model.json", { "tfjs/model.json": () => bundleFile("tfjs/model.json").slice(0, -5) }, /damaged: tfjs\/model.json/],
    ["a changed golden.json", { "golden.json": "{}" }, /damaged: golden.json/],
  ] as [string, Record<string, any>, RegExp][])("refuses %s", async (_, replaced, sentence) => {
    const files = Object.fromEntries(Object.entries(replaced).map(([name, value]) => [name, typeof value === "function" ? value() : value]));
    await expect(loadBundle(bundleSource(files), { checkGolden: true })).rejects.toThrow(sentence);
  });

  it("refuses a front end that is not the golden one, though every hash is right", async () => {
    const other = changed((c) => (c.front_end.amin = 1e-3));
    await expect(loadBundle(bundleSource({ "card.json": other }), { checkGolden: true })).rejects.toThrow(/front end differs/);
  });

  it("refuses a network with another number of genres than the card names", async () => {
    const other = changed((c) => c.genres.push("one more"));
    await expect(loadBundle(bundleSource({ "card.json": other }), { checkGolden: true })).rejects.toThrow(/answers in the shape/);
  });

  it("unpacks a zip with the bundle in a folder", async () => {
    const zip = zipSync({ "mine/card.json": bundleFile("card.json") });
    const source = sourceFromFiles(await unpack(new Blob([zip])));
    expect(parseCard(text(await source.read("card.json"))).name).toBe((card() as unknown as Card).name);
    await expect(source.read("mel.bin")).rejects.toThrow(/has no mel.bin/);
  });
});

describe("a dropped archive", () => {
  it("is refused when it is no zip", async () => {
    await expect(unpack(new Blob(["not a zip"]))).rejects.toThrow(/damaged/);
  });

  it("is refused without a card", () => {
    expect(() => sourceFromFiles(new Map([["a.txt", new Uint8Array(1)]]))).toThrow(/no card.json/);
  });
});

describe("modelAddress", () => {
  it("lies beside the page", () => {
    expect(modelAddress("mine", "https://host.example/sub/index.html?model=mine")).toBe("https://host.example/sub/mine/");
  });

  it.each(["https://elsewhere.example/m", "//elsewhere.example/m", "../other", "/root"])("refuses %s", (name) => {
    expect(() => modelAddress(name, "https://host.example/sub/")).toThrow(/does not lie beside/);
  });
});
