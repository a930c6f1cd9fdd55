/** The genres that a visitor named, and the songs that they gave for each. */
import type { StepFeatures } from "../../core/teach/spans.ts";
import { NONE, SONGS_ASKED, type Song } from "../../core/teach/learn.ts";

export interface TaughtSong extends Song {
  /** seconds that were heard, silence left out */
  readonly seconds: number;
}

const LONGEST_NAME = 64;

export class Songbook {
  private names: string[] = [];
  private kept: TaughtSong[] = [];

  /** In the order in which they were named, then those of the model's own that a song was said to be; `NONE` is last, once it has a song. */
  get genres(): readonly string[] {
    const given = new Set(this.kept.map(({ genre }) => genre));
    const own = [...given].filter((genre) => genre !== NONE && !this.names.includes(genre));
    return [...this.names, ...own, ...(given.has(NONE) ? [NONE] : [])];
  }

  /** The genres to learn. */
  get named(): readonly string[] {
    return this.names;
  }

  /** Whether a genre is to be learnt, and not one of the model's own or none of these. */
  isNew(genre: string): boolean {
    return this.names.includes(genre);
  }

  /** The songs as they are learnt. What was said to be one of the model's own genres is none of these where those do not stay. */
  lessons(add: boolean): readonly TaughtSong[] {
    return add ? this.kept : this.kept.map((song) => (this.isNew(song.genre) ? song : { ...song, genre: NONE }));
  }

  get songs(): readonly TaughtSong[] {
    return this.kept;
  }

  of(genre: string): readonly TaughtSong[] {
    return this.kept.filter((song) => song.genre === genre);
  }

  /** @returns why it cannot be named so, or nothing */
  addGenre(name: string): string | null {
    const plain = name.trim().replace(/\s+/g, " ");
    if (!plain) return "Give the genre a name first.";
    if (plain.length > LONGEST_NAME) return `A genre's name has at most ${LONGEST_NAME} letters.`;
    if ([...this.names, NONE].some((other) => same(other, plain))) return `There is “${plain}” already: add songs to it, or choose another name.`;
    this.names.push(plain);
    return null;
  }

  removeGenre(genre: string): void {
    this.names = this.names.filter((name) => name !== genre);
    this.kept = this.kept.filter((song) => song.genre !== genre);
  }

  /** @returns the song as it is kept: a second one of its name gets a number */
  addSong(name: string, genre: string, steps: StepFeatures, seconds: number): TaughtSong {
    const taken = new Set(this.of(genre).map((song) => song.name));
    let free = name;
    for (let n = 2; taken.has(free); n++) free = `${name} (${n})`;
    const song = { name: free, genre, steps, seconds };
    this.kept.push(song);
    return song;
  }

  removeSong(song: TaughtSong): void {
    this.kept = this.kept.filter((other) => other !== song);
  }

  clear(): void {
    this.names = [];
    this.kept = [];
  }

  restore(named: readonly string[], songs: readonly TaughtSong[]): void {
    this.names = named.filter((genre) => genre !== NONE);
    this.kept = [...songs];
  }

  /** @param known genres that stay. @returns why nothing can be learnt yet, or nothing */
  problem(known: readonly string[]): string | null {
    const clash = this.names.find((name) => known.some((other) => same(other, name)));
    if (clash) return `“${clash}” is among its own genres: let yours replace them, or name it differently.`;
    if (this.names.length === 0) return "Name a genre and give it songs first.";
    const empty = this.names.find((name) => this.of(name).length === 0);
    return empty ? `“${empty}” has no song yet: give it one, or remove it.` : null;
  }
}

/** What so many songs of a genre are worth. */
export function enough(n: number): string {
  if (n === 0) return "Drop songs here, or choose or record them: three to begin with.";
  if (n === 1) return "One song: it learns this song rather than its genre, and nothing can be measured.";
  if (n < SONGS_ASKED) return "Two songs: a beginning. A third tells it better what they share.";
  return `${n} songs`;
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
