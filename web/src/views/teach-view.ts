/** The part of the page where it is taught: a card for each genre with its songs, and what is done with what it learnt. */
import { coloursOf, css } from "../../core/drawing/palette.ts";
import { clock, spoken } from "../../core/words/format.ts";
import { NONE } from "../../core/teach/learn.ts";
import { enough, type Songbook, type TaughtSong } from "../teaching/songbook.ts";
import { droppedFiles } from "../dropped.ts";
import { byId, create, setText } from "./dom.ts";

export interface TeachEvents {
  onopen(): void;
  ongenre(name: string): void;
  onremovegenre(genre: string): void;
  onremovesong(song: TaughtSong): void;
  onfiles(genre: string, files: readonly File[]): void;
  /** Begins to record a song for a genre, or ends it. */
  onrecord(genre: string): void;
  onlearn(): void;
  /** "This was ..." of what is heard. */
  oncorrect(genre: string): void;
  onkeep(): void;
  onsave(): void;
  onforget(): void;
}

export class TeachView {
  private readonly section = byId("teach");
  private readonly name = byId<HTMLInputElement>("teach-name");
  private readonly files = byId<HTMLInputElement>("lesson-files");
  private readonly keep = byId<HTMLInputElement>("keep-taught");
  private readonly addMode = byId<HTMLInputElement>("teach-add");
  private filesFor = "";
  /** whether its own genres can stay */
  private canAdd = true;

  constructor(private readonly events: TeachEvents) {
    byId("open-teach").addEventListener("click", () => this.open());
    byId("close-teach").addEventListener("click", () => this.close());
    byId("teach-new").addEventListener("submit", (event) => {
      event.preventDefault();
      events.ongenre(this.name.value);
      if (byId("teach-error").hidden) this.name.value = "";
      else this.name.focus();
    });
    this.files.addEventListener("change", () => {
      const chosen = Array.from(this.files.files ?? []);
      this.files.value = "";
      if (chosen.length > 0) events.onfiles(this.filesFor, chosen);
    });
    byId("learn").addEventListener("click", () => events.onlearn());
    byId("save-taught").addEventListener("click", () => events.onsave());
    byId("forget-taught").addEventListener("click", () => events.onforget());
    this.keep.addEventListener("change", () => events.onkeep());
    byId("correct").addEventListener("submit", (event) => {
      event.preventDefault();
      events.oncorrect(byId<HTMLSelectElement>("correct-genre").value);
    });
  }

  /** Whether its own genres stay. */
  get add(): boolean {
    return this.addMode.checked;
  }

  /** Whether the visitor wants it kept. */
  get keeps(): boolean {
    return this.keep.checked;
  }

  /** @param nGenres how many genres it knows by itself; null where none can stay beside new ones */
  setBase(canTeach: boolean, nGenres: number | null): void {
    const open = byId<HTMLButtonElement>("open-teach");
    open.disabled = !canTeach;
    open.title = canTeach ? "" : "This model came without its background, so that nothing can be taught to it.";
    if (!canTeach) this.section.hidden = true;
    this.canAdd = nGenres !== null;
    if (nGenres === null) byId<HTMLInputElement>("teach-instead").checked = true;
    else setText(byId("teach-own"), `Its own ${nGenres} genres`);
    this.showResult("");
    this.fail("");
    this.say("");
  }

  /** What was kept is there again. */
  restore(add: boolean): void {
    this.keep.checked = true;
    byId<HTMLInputElement>(add ? "teach-add" : "teach-instead").checked = true;
  }

  show(book: Songbook, recordingFor: string | null): void {
    const colours = coloursOf([...book.genres]);
    const focused = (document.activeElement as HTMLElement | null)?.dataset["key"];
    byId("lessons").replaceChildren(...book.genres.map((genre, i) => this.lesson(genre, book.of(genre), css(colours[i]), recordingFor, book.isNew(genre))));
    byId("lessons").hidden = book.genres.length === 0;
    byId<HTMLButtonElement>("learn").disabled = book.songs.length === 0;
    byId("learn").hidden = book.genres.length === 0;
    byId("keeping").hidden = book.songs.length === 0;
    byId("teach-choice").hidden = book.songs.length === 0 || !this.canAdd;
    // What had the focus was made anew.
    if (focused) this.section.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  /** @param genres that what is heard may be said to be; none where nothing was learnt, or nothing is heard */
  offerCorrection(genres: readonly string[]): void {
    const select = byId<HTMLSelectElement>("correct-genre");
    byId("correct").hidden = genres.length === 0;
    if (Array.from(select.options, ({ value }) => value).join("\n") === genres.join("\n")) return;
    select.replaceChildren(...genres.map((genre) => new Option(spoken(genre), genre)));
  }

  learning(busy: boolean): void {
    byId("learn").setAttribute("aria-busy", String(busy));
    if (busy) this.say("Learning …");
  }

  showResult(sentence: string): void {
    setText(byId("teach-result"), sentence);
    byId("taught").hidden = sentence === "";
  }

  forgotten(): void {
    this.keep.checked = false;
    this.showResult("");
    this.fail("");
    this.say("Forgotten: nothing of it is kept in this browser.");
  }

  cannotKeep(): void {
    this.keep.checked = false;
    this.fail("This browser keeps nothing for this page (a private window, or no room left): save it as a model instead.");
  }

  say(sentence: string): void {
    setText(byId("teach-status"), sentence);
  }

  fail(sentence: string): void {
    setText(byId("teach-error"), sentence);
    byId("teach-error").hidden = sentence === "";
    // On a phone the cards may stand between the button and its sentence.
    if (sentence && !this.section.hidden) byId("teach-error").scrollIntoView({ block: "nearest" });
  }

  private open(): void {
    this.section.hidden = false;
    this.events.onopen();
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.section.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
    this.name.focus({ preventScroll: true });
  }

  private close(): void {
    this.section.hidden = true;
    byId("open-teach").focus();
  }

  private lesson(genre: string, songs: readonly TaughtSong[], colour: string, recordingFor: string | null, isNew: boolean): HTMLLIElement {
    const lesson = create("li", "lesson");
    lesson.style.setProperty("--colour", colour);
    const title = create("h3", "", spoken(genre));
    const remove = this.button("×", `remove ${genre}`, () => this.events.onremovegenre(genre), `Remove ${genre} and its songs`);
    remove.className = "plain icon";
    const head = create("div", "lesson-head");
    head.append(create("span", "swatch"), title, remove);
    const list = create("ol", "songs");
    list.append(...songs.map((song) => this.song(song)));
    const recording = recordingFor === genre;
    const choose = this.button("Choose songs", `choose ${genre}`, () => this.choose(genre), `Choose songs of ${genre}`);
    const record = this.button(recording ? "Stop and keep" : "Record", `record ${genre}`, () => this.events.onrecord(genre), recording ? `Stop, and keep it as ${genre}` : `Record a song of ${genre}`);
    record.hidden = (recordingFor !== null && !recording) || byId("microphone").hidden;
    record.classList.toggle("primary", recording);
    const row = create("div", "row");
    row.append(choose, record);
    lesson.append(head, list, create("p", "enough", aboutOf(genre, songs.length, isNew)), row);
    this.acceptDrops(lesson, genre);
    return lesson;
  }

  private song(song: TaughtSong): HTMLLIElement {
    const item = create("li");
    const name = create("span", "song-name", song.name);
    name.title = song.name;
    const remove = this.button("×", `remove song ${song.genre}/${song.name}`, () => this.events.onremovesong(song), `Remove ${song.name}`);
    remove.className = "plain icon";
    item.append(name, create("span", "faint", clock(song.seconds)), remove);
    return item;
  }

  private button(text: string, key: string, onclick: () => void, label: string): HTMLButtonElement {
    const button = create("button", "", text);
    button.type = "button";
    button.dataset["key"] = key;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", onclick);
    return button;
  }

  private choose(genre: string): void {
    this.filesFor = genre;
    this.files.click();
  }

  /** Songs that are dropped on a genre are of it; anywhere else the page hears them. */
  private acceptDrops(lesson: HTMLElement, genre: string): void {
    const over = (event: DragEvent, inside: boolean) => {
      event.preventDefault();
      event.stopPropagation();
      byId("dropzone").hidden = true;
      lesson.classList.toggle("is-over", inside);
    };
    lesson.addEventListener("dragover", (event) => over(event, true));
    lesson.addEventListener("dragleave", (event) => over(event, false));
    lesson.addEventListener("drop", (event) => {
      over(event, false);
      if (event.dataTransfer) void droppedFiles(event.dataTransfer).then((files) => this.events.onfiles(genre, files));
    });
  }
}

function aboutOf(genre: string, nSongs: number, isNew: boolean): string {
  if (genre === NONE) return "What it should not name: noise, talk, other music.";
  return isNew ? enough(nSongs) : "One of its own genres: yours leave what is like these songs to it.";
}
