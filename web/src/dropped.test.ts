import { describe, expect, it } from "vitest";
import { bundleFrom, classify } from "./dropped.ts";

const file = (name: string, type = "") => new File(["x"], name, { type });

describe("what was dropped", () => {
  it("is one sound", async () => {
    expect(await classify([file("song.mp3")])).toEqual({ kind: "sound", file: expect.objectContaining({ name: "song.mp3" }), note: "" });
  });

  it("is the first sound of several files, and says that it is the only one", async () => {
    const dropped = await classify([file("cover.jpg", "image/jpeg"), file("a.flac"), file("b.flac")]);
    expect(dropped).toMatchObject({ kind: "sound", file: { name: "a.flac" }, note: expect.stringContaining("Of these 3 files") });
  });

  it("is tried as a sound whatever it is called", async () => {
    expect(await classify([file("recording")])).toMatchObject({ kind: "sound", file: { name: "recording" }, note: "" });
  });

  it("is a model where a folder holds a card, whatever else it holds", async () => {
    const files = new Map([["m/card.json", file("card.json")], ["m/song.mp3", file("song.mp3")], ["m/model.keras", file("model.keras")]]);
    const dropped = await bundleFrom(files);
    expect(dropped.kind === "bundle" && [...dropped.files.keys()]).toEqual(["m/card.json", "m/song.mp3"]);
  });

  it("is a folder of music, of any size, of which the first is heard", async () => {
    const files = new Map(Array.from({ length: 300 }, (_, i) => [`m/${i}.ogg`, file(`${i}.ogg`)] as const));
    expect(await bundleFrom(files)).toMatchObject({ kind: "sound", file: { name: "0.ogg" }, note: expect.stringContaining("300 files") });
  });

  it("is nothing", async () => {
    expect(await classify([])).toMatchObject({ kind: "nothing" });
  });
});
