/** Teaching on the page: songs in, something learnt out, corrected, kept, saved and forgotten. */
import type { WebAudio } from "../../core/audio/web-audio.ts";
import type { Card } from "../../core/bundle/card.ts";
import { Listening } from "../../core/listening/listening.ts";
import type { Recording } from "../../core/listening/recording.ts";
import { NONE } from "../../core/teach/learn.ts";
import { nSteps } from "../../core/teach/spans.ts";
import { sentenceOf as temperatureSentence } from "../../core/teach/temperature.ts";
import { percent } from "../../core/words/format.ts";
import { sentenceOf } from "../../core/words/sentences.ts";
import type { ListeningWorker } from "../../core/worker/client.ts";
import type { TaughtMessage } from "../../core/worker/protocol.ts";
import { save } from "../export/save.ts";
import { TeachView } from "../views/teach-view.ts";
import { forget, keep, kept, networkOf } from "./keeping.ts";
import { Songbook, type TaughtSong } from "./songbook.ts";

/** What teaching takes from the page. */
export interface Classroom {
  /** what the page listens by */
  readonly card: Card | null;
  readonly recording: Recording | null;
  /** Waits until nothing is heard, and lets nothing be heard until the work is done. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** The page listens by what was learnt from now on, and reads what it heard by it. */
  listenBy(message: TaughtMessage): void;
  /** Live sound begins. @returns whether it does */
  listen(): Promise<boolean>;
  stop(): void;
}

export class Teaching {
  private readonly book = new Songbook();
  private readonly view: TeachView;
  /** the model that is taught */
  private base: Card | null = null;
  private taught: Card | null = null;
  /** the genre that live sound is recorded for */
  private recordingFor: string | null = null;
  /** what was added by correcting: said to be something else, it moves there */
  private corrected: { readonly recording: Recording; readonly song: TaughtSong } | null = null;

  constructor(private readonly worker: ListeningWorker, private readonly audio: WebAudio, private readonly room: Classroom) {
    this.view = new TeachView({
      onopen: () => void this.prepare(),
      ongenre: (name) => this.change(() => this.view.fail(this.book.addGenre(name) ?? "")),
      onremovegenre: (genre) => this.change(() => this.book.removeGenre(genre)),
      onremovesong: (song) => this.change(() => this.book.removeSong(song)),
      onfiles: (genre, files) => void this.add(genre, files),
      onrecord: (genre) => void this.record(genre),
      onlearn: () => void this.learn(),
      oncorrect: (genre) => void this.correct(genre),
      onkeep: () => void this.keepOrForget(),
      onsave: () => void this.save(),
      onforget: () => void this.forget(),
    });
  }

  /** Another model was loaded: what was taught to the last one is no longer of use, unless it was kept. */
  async begin(card: Card): Promise<void> {
    this.base = card;
    this.taught = null;
    this.corrected = null;
    this.book.clear();
    const canTeach = card.files["background.json"] !== undefined;
    this.view.setBase(canTeach, card.genres.includes(NONE) ? null : card.genres.length);
    this.show();
    const lessons = canTeach ? await kept() : null;
    if (!lessons || lessons.network !== networkOf(card) || this.base !== card) return;
    this.book.restore(lessons.genres, lessons.songs);
    this.view.restore(lessons.add);
    await this.learn();
  }

  /** All of a recording was heard. */
  finished(recording: Recording): void {
    const genre = this.recordingFor;
    this.recordingFor = null;
    if (recording.live && genre !== null) this.change(() => this.keepHeard(recording, recording.name, genre));
    else this.show();
  }

  /** Nothing is shown any more: what was to be recorded was never heard. */
  emptied(): void {
    this.recordingFor = null;
    this.show();
  }

  /** Something is heard from now on; a song that is recorded no longer is, where something else came. */
  begun(recording: Recording): void {
    if (!recording.live) this.recordingFor = null;
    this.show();
  }

  /** What does not depend on the songs is made while the visitor looks for them. */
  private async prepare(): Promise<void> {
    if (!this.taught) await this.worker.learn([], false).catch(() => undefined);
  }

  private async add(genre: string, files: readonly File[]): Promise<void> {
    const troubles: string[] = [];
    for (const [i, file] of files.entries()) {
      this.view.say(`Listening to ${file.name}${files.length > 1 ? ` (${i + 1} of ${files.length})` : ""} …`);
      try {
        const recording = await this.room.exclusively(() => this.hear(file));
        this.change(() => troubles.push(...this.keepHeard(recording, file.name, genre)));
      } catch (error) {
        troubles.push(sentenceOf(error));
      }
    }
    const missing = troubles.length;
    this.view.say(missing < files.length ? `${files.length - missing} ${files.length - missing === 1 ? "song was" : "songs were"} heard for ${genre}.` : "");
    this.view.fail(troubles.join(" "));
  }

  private async hear(file: File): Promise<Recording> {
    const listening = Listening.toFile(this.worker, this.audio, file, file.name, this.room.card!);
    await listening.finished;
    return listening.recording;
  }

  /** @returns sentences about what cannot be learnt from it */
  private keepHeard(recording: Recording, name: string, genre: string): string[] {
    const steps = recording.heardFeatures;
    if (!steps) return [`${name} is silent, so that there is nothing to learn from it.`];
    const song = this.book.addSong(name, genre, steps, nSteps(steps) * recording.card.timing.step_period_s);
    if (recording === this.room.recording) this.corrected = { recording, song };
    return [];
  }

  private async record(genre: string): Promise<void> {
    if (this.recordingFor !== null) return this.room.stop();
    this.recordingFor = genre;
    this.view.fail("");
    if (!(await this.room.listen())) this.recordingFor = null;
    this.show();
  }

  /** "This was ...": what was heard becomes a song of a genre, and it learns again. */
  private async correct(genre: string): Promise<void> {
    const { recording } = this.room;
    if (!recording) return;
    if (this.corrected?.recording === recording) this.book.removeSong(this.corrected.song);
    const troubles = this.keepHeard(recording, recording.name, genre);
    this.show();
    if (troubles.length > 0) return this.view.fail(troubles.join(" "));
    await this.learn();
  }

  private async learn(): Promise<void> {
    const problem = this.book.problem(this.view.add ? (this.base?.genres ?? []) : []);
    if (problem) return this.view.fail(problem);
    this.view.fail("");
    this.view.learning(true);
    try {
      const message = await this.worker.learn(this.book.lessons(this.view.add), this.view.add);
      this.taught = message.card;
      this.room.listenBy(message);
      this.view.say(`Learnt in ${(message.ms / 1000).toFixed(1)} s.`);
      this.view.showResult(resultOf(message));
      if (this.view.keeps) await this.store();
    } catch (error) {
      this.view.say("");
      this.view.fail(sentenceOf(error));
    } finally {
      this.view.learning(false);
      this.show();
    }
  }

  private async keepOrForget(): Promise<void> {
    if (this.view.keeps) await this.store();
    else await forget();
  }

  private async store(): Promise<void> {
    try {
      await keep({ network: networkOf(this.base!), genres: this.book.named, songs: this.book.songs, add: this.view.add });
    } catch {
      this.view.cannotKeep();
    }
  }

  private async save(): Promise<void> {
    this.view.say("Making the model and checking it …");
    try {
      save(await this.worker.saveTaught(), `${this.taught!.name}.zip`);
      this.view.say("Saved. Drop the zip on this page to use it again, or name it to `genre predict --model`.");
    } catch (error) {
      this.view.say("");
      this.view.fail(sentenceOf(error));
    }
  }

  private async forget(): Promise<void> {
    await forget();
    this.view.forgotten();
    this.book.clear();
    this.corrected = null;
    this.show();
    if (!this.taught) return;
    try {
      this.room.listenBy(await this.worker.learn([], false));
      this.taught = null;
    } catch (error) {
      this.view.fail(sentenceOf(error));
    }
    this.show();
  }

  /** The model's own genres that what is heard may be said to be: those that stay. */
  private get own(): readonly string[] {
    return this.taught && this.base && this.base.genres.every((genre) => this.taught!.genres.includes(genre)) ? this.base.genres : [];
  }

  private change(work: () => void): void {
    work();
    this.show();
    if (this.taught && this.view.keeps) void this.store();
  }

  private show(): void {
    this.view.show(this.book, this.recordingFor);
    this.view.offerCorrection(this.taught && this.room.recording ? [...new Set([...this.book.genres, ...this.own, NONE])] : []);
  }
}

/** How right and how sure, in sentences. */
function resultOf({ learnt }: TaughtMessage): string {
  if (!learnt) return "";
  const { accuracy, temperature } = learnt;
  const measured = accuracy
    ? `Of ${accuracy.n} songs that were left out in turn, ${Math.round(accuracy.value * accuracy.n)} were heard rightly (95\u00a0% interval ${percent(accuracy.low)} to ${percent(accuracy.high)}). `
    : "";
  return measured + temperatureSentence(temperature);
}
