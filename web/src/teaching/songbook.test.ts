import { describe, expect, it } from "vitest";
import { NONE } from "../../core/teach/learn.ts";
import { enough, Songbook } from "./songbook.ts";

const steps = { nFeatures: 2, values: Float32Array.of(1, 2) };

describe("Songbook", () => {
  it("takes a genre once, whatever its case, and never the word for all others", () => {
    const book = new Songbook();
    expect(book.addGenre("  Son  cubano ")).toBeNull();
    expect(book.genres).toEqual(["Son cubano"]);
    expect(book.addGenre("son CUBANO")).toContain("already");
    expect(book.addGenre("None of these")).toContain("already");
    expect(book.addGenre(" ")).toContain("name first");
    expect(book.addGenre("x".repeat(65))).toContain("64");
  });

  it("numbers songs of one name and forgets those of a genre that goes", () => {
    const book = new Songbook();
    book.addGenre("son");
    book.addSong("a.mp3", "son", steps, 3);
    expect(book.addSong("a.mp3", "son", steps, 3).name).toBe("a.mp3 (2)");
    book.addSong("rain", NONE, steps, 3);
    expect(book.genres).toEqual(["son", NONE]);
    book.removeGenre("son");
    expect(book.songs.map(({ name }) => name)).toEqual(["rain"]);
  });

  it("takes a song of one of the model's own genres, which is none of these where those do not stay", () => {
    const book = new Songbook();
    book.addGenre("son");
    book.addSong("a.mp3", "son", steps, 3);
    book.addSong("b.mp3", "rock", steps, 3);
    expect(book.genres).toEqual(["son", "rock"]);
    expect(["son", "rock"].map((genre) => book.isNew(genre))).toEqual([true, false]);
    expect(book.problem(["rock"])).toBeNull();
    expect(book.lessons(true).map(({ genre }) => genre)).toEqual(["son", "rock"]);
    expect(book.lessons(false).map(({ genre }) => genre)).toEqual(["son", NONE]);
    const again = new Songbook();
    again.restore(book.named, book.songs);
    expect(again.isNew("rock")).toBe(false);
    again.removeGenre("rock");
    expect(again.genres).toEqual(["son"]);
  });

  it("says what is missing before anything can be learnt", () => {
    const book = new Songbook();
    expect(book.problem([])).toContain("Name a genre");
    book.addGenre("Jazz");
    expect(book.problem([])).toContain("has no song yet");
    book.addSong("a.mp3", "Jazz", steps, 3);
    expect(book.problem(["jazz"])).toContain("among its own genres");
    expect(book.problem([])).toBeNull();
  });

  it("says what fewer than three songs mean", () => {
    expect([0, 1, 2, 3].map(enough)).toEqual([
      expect.stringContaining("three to begin with"), expect.stringContaining("nothing can be measured"), expect.stringContaining("a beginning"), "3 songs",
    ]);
  });
});
