/** Everything that shows a recording: the stream, the belief of a moment, the answer for the whole, the segments, the transport. */
import type { Card } from "../../core/bundle/card.ts";
import { segments, type Segment } from "../../core/curve/segments.ts";
import type { Player } from "../player.ts";
import type { DisplaySettings, Recording } from "../../core/listening/recording.ts";
import { stem } from "../export/save.ts";
import { ago, momentLines, momentName, overallSentence } from "../../core/words/sentences.ts";
import { Announcer } from "./announcer.ts";
import { byId, setText } from "./dom.ts";
import { clock, ranked } from "../../core/words/format.ts";
import type { Savable } from "./exports-view.ts";
import { IdleView } from "./idle-view.ts";
import { NowView } from "./now-view.ts";
import { coloursOf, type Rgb } from "../../core/drawing/palette.ts";
import { SegmentsView } from "./segments-view.ts";
import { streamOf, type StreamData } from "../../core/drawing/stream-data.ts";
import { StreamView } from "./stream-view.ts";
import { StripView } from "./strip-view.ts";
import { currentTheme } from "./theme.ts";
import { Zoom, type Stretch } from "./zoom.ts";

/** Seconds of live sound in view, on a wide and on a narrow screen. */
const LIVE_SPAN_S = { wide: 45, narrow: 20 };
const NARROW_PX = 640;
/** Milliseconds between two looks at the segments of a recording that grows. */
const SEGMENTS_EVERY_MS = 400;

export class StageView {
  private readonly now = new NowView((genre) => this.light(genre));
  private readonly strip = new StripView((seconds) => this.hearFrom(seconds));
  private readonly list = new SegmentsView((seconds) => this.hearFrom(seconds));
  private readonly idle = new IdleView();
  private readonly announcer = new Announcer();
  private readonly zoom = new Zoom(() => this.redraw(), () => this.player.position);
  private readonly stream: StreamView;
  private readonly reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
  private card: Card | null = null;
  private colours: Rgb[] = [];
  private lit: number | null = null;
  private recording: Recording | null = null;
  private live = false;
  /** false until the visitor plays or seeks: the headline then speaks of the whole */
  private momentChosen = false;
  private painted = "";
  private stripped = "";
  private parts: { key: string; atMs: number; found: readonly Segment[] } | null = null;
  private frameRequested = false;
  /** something has changed since the last frame: more is to be done than to slide */
  private changed = false;
  /** how far live sound was heard, and when that was */
  private liveMark = { atS: 0, ms: 0 };

  constructor(private readonly player: Player, private readonly settings: () => DisplaySettings, private readonly onplay: () => void) {
    this.stream = new StreamView({
      onseek: (seconds) => this.seek(seconds),
      onpan: (seconds) => this.zoom.pan(seconds),
      onpinch: (factor, seconds) => this.zoom.by(factor, seconds),
      onplay,
      describe: (seconds) => this.describe(seconds),
    }, () => this.redraw());
    player.onchange = () => this.request();
  }

  setCard(card: Card): void {
    this.card = card;
    this.colours = coloursOf(card.genres);
    this.now.setGenres(card.genres, this.colours);
    this.idle.setGenres(card.genres, this.colours);
  }

  begin(recording: Recording): void {
    this.recording = recording;
    this.live = recording.live;
    this.liveMark = { atS: 0, ms: performance.now() };
    this.momentChosen = false;
    this.parts = null;
    this.stripped = "";
    this.zoom.reset();
    this.announcer.begin();
    setText(byId("kicker"), recording.live ? "Live" : "Now hearing");
    setText(byId("title"), recording.live ? recording.name : stem(recording.name));
    byId("title").title = recording.name;
    byId("play").hidden = recording.live;
    this.strip.hide();
    this.list.hide();
    this.showStage(true);
    this.redraw();
  }

  /** The recording has grown. */
  grew(): void {
    if (this.live) this.liveMark = { atS: this.recording!.heardS, ms: performance.now() };
    this.request();
  }

  /** The recording was read by another model, without being heard again. */
  reread(): void {
    this.lit = null;
    this.parts = null;
    if (this.recording?.finished) this.announcer.say(overallSentence(this.recording, this.settings()));
    this.redraw();
  }

  /** Live sound has ended: from now on its moments are looked at like those of a file. */
  endLive(): void {
    this.live = false;
    setText(byId("kicker"), "Heard");
    byId("play").hidden = false;
    this.redraw();
  }

  finish(): void {
    setText(byId("kicker"), "Heard");
    this.parts = null;
    if (this.recording) this.announcer.say(overallSentence(this.recording, this.settings()));
    this.redraw();
  }

  /** Back to the empty page, the model kept. */
  clear(): void {
    this.recording = null;
    this.live = false;
    this.showStage(false);
    this.idle.paint();
  }

  /** Steadiness or threshold have changed. */
  settingsChanged(): void {
    this.parts = null;
    this.request();
  }

  redraw(): void {
    this.painted = this.stripped = "";
    if (!this.recording) this.idle.paint();
    this.request();
  }

  /** Keys that mean something wherever the focus is. @returns false for others */
  key(event: KeyboardEvent): boolean {
    if (!this.recording || this.live) return false;
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") this.stream.key(event);
    else return this.zoom.key(event.key);
    return true;
  }

  /** The recording and the stream as it is shown, or null while there is none. */
  savable(): Savable | null {
    const { recording } = this;
    return recording && recording.curve.nSteps > 0 ? { recording, data: this.data(recording, true), settings: this.settings() } : null;
  }

  /** The empty page and the one with sound are two: nothing of one is seen to jump to its place in the other. */
  private showStage(visible: boolean): void {
    const focused = document.activeElement;
    byId("welcome").hidden = visible;
    byId("stage").hidden = !visible;
    const place = visible ? "stage" : "welcome";
    byId(`inputs-${place}`).append(byId("inputs"));
    byId(`notices-${place}`).append(byId("notices"));
    document.body.classList.toggle("is-active", visible);
    if (focused instanceof HTMLElement && focused !== document.activeElement) focused.focus({ preventScroll: true });
  }

  private data(recording: Recording, all = false): StreamData {
    return streamOf(recording, this.settings(), this.colours, { lit: this.lit, all });
  }

  private light(genre: number | null): void {
    this.lit = genre;
    this.redraw();
  }

  private seek(seconds: number): void {
    this.momentChosen = true;
    this.player.seek(seconds);
    this.request();
  }

  private hearFrom(seconds: number): void {
    this.seek(seconds);
    if (!this.player.playing) this.onplay();
  }

  private describe(seconds: number): string[] | null {
    const { recording } = this;
    if (!recording) return null;
    return momentLines(recording, seconds, this.settings(), (s) => (this.live ? ago(s, recording.heardS) : clock(s)));
  }

  private request(): void {
    this.changed = true;
    this.nextFrame();
  }

  private nextFrame(): void {
    if (this.frameRequested) return;
    this.frameRequested = true;
    requestAnimationFrame(() => {
      this.frameRequested = false;
      if (this.changed || this.player.playing) this.show();
      this.changed = false;
      if (this.player.playing) this.nextFrame();
    });
  }

  private show(): void {
    const { recording, card } = this;
    if (!card || !recording) return;
    const position = this.live ? recording.heardS : Math.min(Math.max(this.player.position, recording.startS), recording.durationS);
    if (this.player.playing) this.momentChosen = true;
    const whole = { fromS: recording.startS, toS: recording.durationS };
    const view = this.live ? this.liveWindow() : this.zoom.window(whole, position);
    this.paintStream(recording, view);
    this.showNow(recording, position);
    this.showSegments(recording, view, position);
    this.showTransport(recording, position);
    this.stream.movePlayhead(
      { enabled: !this.live, ...whole, positionS: position, stepS: card.timing.step_period_s },
      !this.live, (this.describe(position) ?? ["Nothing heard yet"]).join(", "),
    );
  }

  private paintStream(recording: Recording, { fromS, toS }: Stretch): void {
    const { steadinessS, namedFrom } = this.settings();
    const key = [fromS, toS, recording.curve.firstStep, recording.curve.nSteps, recording.finished, steadinessS, namedFrom].join(" ");
    if (key === this.painted) return;
    this.painted = key;
    const nowS = recording.heardS;
    this.stream.paint(this.data(recording), fromS, toS, (s) => (this.live ? ago(s, nowS) : clock(s)));
    // Between two steps a live picture is only moved, once it is full.
    if (this.live && fromS > 0 && !this.reducedMotion.matches) this.stream.flow(performance.now() - this.liveMark.ms);
  }

  /** A fresh sheet fills from the left; once full, it moves on. */
  private liveWindow(): Stretch {
    const span = this.stream.width < NARROW_PX ? LIVE_SPAN_S.narrow : LIVE_SPAN_S.wide;
    const toS = Math.max(this.liveMark.atS, span);
    return { fromS: toS - span, toS };
  }

  private showNow(recording: Recording, position: number): void {
    const anything = recording.curve.nSteps > 0;
    const whole = !this.live && !this.momentChosen;
    const isOver = recording.finished || (recording.live && !this.live);
    const when = this.live ? "Now" : whole ? (isOver ? "The whole of it" : "So far") : `At ${clock(position)}`;
    const belief = whole ? (anything ? recording.curve.answer(this.settings(), recording.hearing) : null) : recording.beliefAt(position, this.settings());
    this.now.show(when, belief);
    // The answer for the whole is said once: here only while the headline speaks of a moment.
    setText(byId("overall"), anything && !whole ? overallSentence(recording, this.settings()) : "");
    if (this.live && belief) this.announcer.follow(momentName(belief.state, recording.card.genres[ranked(belief.probabilities)[0]]));
  }

  private showSegments(recording: Recording, view: Stretch, position: number): void {
    // Live they come once all is heard: until then the latest is the headline.
    if (this.live) return;
    const found = this.segments(recording);
    const key = `${this.parts!.key} ${view.fromS} ${view.toS}`;
    if (key !== this.stripped) {
      this.stripped = key;
      this.strip.show(found, recording.card.genres, this.colours, currentTheme().paper, view);
      this.list.show(recording.name, found, recording.card.genres);
    }
    this.strip.mark(this.momentChosen ? position : -1);
  }

  private segments(recording: Recording): readonly Segment[] {
    const settings = this.settings();
    const key = `${recording.curve.nSteps} ${recording.finished} ${settings.steadinessS} ${settings.namedFrom}`;
    const now = performance.now();
    if (this.parts === null || (this.parts.key !== key && (recording.finished || now - this.parts.atMs > SEGMENTS_EVERY_MS))) {
      this.parts = { key, atMs: now, found: segments(recording.curve, settings, recording.hearing, recording.startS, recording.heardS) };
    }
    return this.parts.found;
  }

  private showTransport(recording: Recording, position: number): void {
    setText(byId("clock"), clock(position));
    setText(byId("duration"), clock(recording.durationS));
    const play = byId<HTMLButtonElement>("play");
    play.disabled = !this.player.canPlay;
    play.setAttribute("aria-pressed", String(this.player.playing));
    play.setAttribute("aria-label", this.player.playing ? "Pause" : "Play");
  }
}
