/** Everything that shows a recording: the stream, the belief of a moment, the answer for the whole, the transport. */
import type { Card } from "../bundle/card.ts";
import type { Player } from "../player.ts";
import type { DisplaySettings, Recording } from "../recording.ts";
import { stem } from "../export/save.ts";
import { ago, momentLines, overallSentence } from "../words.ts";
import { byId, setText } from "./dom.ts";
import { clock } from "./format.ts";
import type { Savable } from "./exports-view.ts";
import { NowView } from "./now-view.ts";
import { coloursOf, type Rgb } from "./palette.ts";
import type { StreamData } from "./stream-data.ts";
import { StreamView } from "./stream-view.ts";
import { TableView } from "./table-view.ts";

/** Seconds of live sound in view, on a wide and on a narrow screen. */
const LIVE_SPAN_S = { wide: 45, narrow: 20 };
const NARROW_PX = 640;
/** A live picture moves with every frame, but painting it may take at most this share of the time. */
const PAINTING_SHARE = 1 / 3;

export class StageView {
  private readonly now = new NowView();
  private readonly table: TableView;
  private readonly stream: StreamView;
  private readonly reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
  private card: Card | null = null;
  private colours: Rgb[] = [];
  private recording: Recording | null = null;
  private live = false;
  /** false until the visitor plays or seeks: the headline then speaks of the whole */
  private momentChosen = false;
  private painted = "";
  private paintAgainAt = 0;
  private frameRequested = false;
  /** how far live sound was heard, and when that was */
  private liveMark = { atS: 0, ms: 0 };

  constructor(private readonly player: Player, private readonly settings: () => DisplaySettings, onplay: () => void) {
    this.table = new TableView(() => this.showTable());
    this.stream = new StreamView({
      onseek: (seconds) => this.seek(seconds),
      onplay,
      describe: (seconds) => this.describe(seconds),
    }, () => this.redraw());
    player.onchange = () => this.request();
  }

  setCard(card: Card): void {
    this.card = card;
    this.colours = coloursOf(card.genres);
    this.now.setGenres(card.genres, this.colours);
    this.redraw();
  }

  begin(recording: Recording): void {
    this.recording = recording;
    this.live = recording.live;
    this.liveMark = { atS: 0, ms: performance.now() };
    this.momentChosen = false;
    document.body.classList.add("is-active");
    setText(byId("kicker"), recording.live ? "Live" : "Now hearing");
    setText(byId("title"), recording.live ? recording.name : stem(recording.name));
    byId("tools").hidden = false;
    byId("transport").hidden = recording.live;
    this.table.setVisible(!recording.live);
    this.redraw();
  }

  /** The recording has grown. */
  grew(): void {
    if (this.live) this.liveMark = { atS: this.recording!.heardS, ms: performance.now() };
    this.request();
  }

  /** Live sound has ended: from now on its moments are looked at like those of a file. */
  endLive(): void {
    this.live = false;
    this.redraw();
  }

  finish(): void {
    setText(byId("kicker"), "Heard");
    this.table.setVisible(true);
    this.showTable();
    this.redraw();
  }

  /** Back to the empty page, the model kept. */
  clear(): void {
    this.recording = null;
    this.live = false;
    document.body.classList.remove("is-active");
    setText(byId("kicker"), "Genre, moment by moment");
    setText(byId("title"), "What does it hear?");
    for (const id of ["tools", "transport", "overall"]) byId(id).hidden = true;
    this.table.setVisible(false);
    this.now.hide();
    this.redraw();
  }

  /** Smoothing or threshold have changed. */
  settingsChanged(): void {
    this.showTable();
    this.request();
  }

  redraw(): void {
    this.painted = "";
    this.request();
  }

  /** The recording and the stream as it is shown, or null while there is none. */
  savable(): Savable | null {
    const { recording } = this;
    return recording && recording.curve.nSteps > 0 ? { recording, data: this.data(recording, true), settings: this.settings() } : null;
  }

  private data(recording: Recording, all = false): StreamData {
    const { shown, times } = recording.shown(this.settings(), all);
    return {
      genres: recording.card.genres, colours: this.colours, nSteps: shown.nSteps, times,
      probabilities: shown.probabilities, states: shown.states,
      peaks: recording.peaks, peakPeriodS: recording.hopS, peakStartS: recording.startS, fullScale: Math.max(1, recording.largestPeak), endS: recording.heardS,
    };
  }

  private seek(seconds: number): void {
    this.momentChosen = true;
    this.player.seek(seconds);
    this.request();
  }

  private describe(seconds: number): string[] | null {
    const { recording } = this;
    if (!recording) return null;
    return momentLines(recording, seconds, this.settings(), (s) => (this.live ? ago(s, recording.heardS) : clock(s)));
  }

  private request(): void {
    if (this.frameRequested) return;
    this.frameRequested = true;
    requestAnimationFrame(() => {
      this.frameRequested = false;
      this.show();
      const flowing = this.live && !this.reducedMotion.matches;
      if (this.player.playing || flowing) this.request();
    });
  }

  private show(): void {
    const { recording, card } = this;
    if (!card) return;
    if (!recording) {
      this.stream.paintIdle(card.genres, this.colours);
      this.stream.movePlayhead({ enabled: false, fromS: 0, toS: 0, positionS: 0, stepS: 1 }, false, "Nothing has been heard yet");
      return;
    }
    const position = this.live ? recording.heardS : Math.min(Math.max(this.player.position, recording.startS), recording.durationS);
    if (this.player.playing) this.momentChosen = true;
    this.paintStream(recording);
    this.showNow(recording, position);
    this.showTransport(recording, position);
    this.stream.movePlayhead(
      { enabled: !this.live, fromS: recording.startS, toS: recording.durationS, positionS: position, stepS: card.timing.step_period_s },
      !this.live, (this.describe(position) ?? ["Nothing heard yet"]).join(", "),
    );
  }

  private paintStream(recording: Recording): void {
    const { fromS, toS, nowS } = this.live ? this.liveWindow() : { fromS: recording.startS, toS: recording.durationS, nowS: recording.heardS };
    const { steadinessS, namedFrom } = this.settings();
    const key = [fromS, toS, nowS, recording.curve.firstStep, recording.curve.nSteps, recording.finished, steadinessS, namedFrom].join(" ");
    const began = performance.now();
    if (key === this.painted || (this.live && this.painted && began < this.paintAgainAt)) return;
    this.painted = key;
    this.stream.paint(this.data(recording), fromS, toS, (s) => (this.live ? ago(s, nowS) : clock(s)));
    const ended = performance.now();
    this.paintAgainAt = ended + (ended - began) * (1 / PAINTING_SHARE - 1);
  }

  /** A fresh sheet fills from the left; once full, it moves on. Between two steps it moves by the clock. */
  private liveWindow(): { fromS: number; toS: number; nowS: number } {
    const sinceLast = this.reducedMotion.matches ? 0 : (performance.now() - this.liveMark.ms) / 1000;
    const nowS = this.liveMark.atS + Math.min(sinceLast, 1);
    const span = this.stream.width < NARROW_PX ? LIVE_SPAN_S.narrow : LIVE_SPAN_S.wide;
    const toS = Math.max(nowS, span);
    return { fromS: toS - span, toS, nowS };
  }

  private showNow(recording: Recording, position: number): void {
    const anything = recording.curve.nSteps > 0;
    const whole = !this.live && !this.momentChosen;
    const when = this.live ? "Now" : whole ? (recording.finished ? "The whole of it" : "So far") : `At ${clock(position)}`;
    this.now.show(when, whole ? (anything ? recording.curve.answer(this.settings(), recording.hearing) : null) : recording.beliefAt(position, this.settings()));
    const overall = byId("overall");
    overall.hidden = !anything;
    if (anything) setText(overall, overallSentence(recording, this.settings()));
  }

  private showTransport(recording: Recording, position: number): void {
    setText(byId("clock"), clock(position));
    setText(byId("duration"), clock(recording.durationS));
    const play = byId<HTMLButtonElement>("play");
    play.disabled = !this.player.canPlay;
    play.setAttribute("aria-pressed", String(this.player.playing));
    play.setAttribute("aria-label", this.player.playing ? "Pause" : "Play");
  }

  private showTable(): void {
    const { recording } = this;
    if (recording && this.table.isOpen) this.table.show(recording, this.settings());
  }
}
