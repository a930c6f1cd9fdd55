/**
 * `<genre-curve src model>`: a recording, its player and its curve.
 *
 * Typefaces and colours are the page's own: set `--paper`, `--ink`, `--faint` and `--line` (hexadecimal) and `font-family`.
 */
import { fitted } from "./drawing/canvas.ts";
import { coloursOf, parseHex, type Rgb } from "./drawing/palette.ts";
import { paintStream } from "./drawing/painter.ts";
import { streamOf, type StreamTheme } from "./drawing/stream-data.ts";
import { fetched, listen, nameOf, type ModelSource, type SoundSource } from "./listen.ts";
import type { Listening } from "./listening/listening.ts";
import { clock } from "./words/format.ts";
import { ago, overallSentence, sentenceOf } from "./words/sentences.ts";

/** Seconds of live sound in view. */
const LIVE_SPAN_S = 45;

const STYLE = `
  :host { display: block; color-scheme: light dark; --paper: #f8f6f1; --ink: #1c1a17; --faint: #69645a; --line: #ddd7ca; color: var(--ink); background: var(--paper); }
  @media (prefers-color-scheme: dark) { :host { --paper: #141412; --ink: #f3f0e8; --faint: #a49e91; --line: #34322d; } }
  :host([hidden]) { display: none; }
  p { margin: 0; padding: .5em 0; min-height: 1.4em; }
  .stream { position: relative; height: 18rem; overflow: hidden; cursor: pointer; }
  canvas { width: 100%; height: 100%; display: block; }
  .playhead { position: absolute; inset: 0 auto 0 0; width: 2px; background: var(--ink); pointer-events: none; }
  audio { width: 100%; margin-top: .5em; }
  [hidden] { display: none; }
`;

export class GenreCurveElement extends HTMLElement {
  static readonly observedAttributes = ["src", "model"];

  private readonly said = document.createElement("p");
  private readonly stream = document.createElement("div");
  private readonly canvas = document.createElement("canvas");
  private readonly playhead = document.createElement("div");
  private readonly audio = document.createElement("audio");
  private chosen: { source: SoundSource; model: ModelSource | undefined } | null = null;
  private stopping: AbortController | null = null;
  private heard: Listening | null = null;
  private colours: Rgb[] = [];
  private frame = 0;
  private address: string | null = null;
  private readonly resized = new ResizeObserver(() => this.request());
  private readonly dark = matchMedia("(prefers-color-scheme: dark)");
  private readonly repaint = () => this.request();

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    const style = new CSSStyleSheet();
    style.replaceSync(STYLE);
    root.adoptedStyleSheets = [style];
    this.said.part.add("answer");
    this.said.setAttribute("role", "status");
    this.stream.className = "stream";
    this.stream.part.add("stream");
    this.canvas.setAttribute("role", "img");
    this.playhead.className = "playhead";
    this.audio.controls = true;
    this.audio.part.add("audio");
    this.playhead.hidden = this.audio.hidden = true;
    this.stream.append(this.canvas, this.playhead);
    root.append(this.said, this.stream, this.audio);
    for (const event of ["timeupdate", "seeked", "play"]) this.audio.addEventListener(event, () => this.movePlayhead());
    this.audio.addEventListener("play", () => this.accompany());
    this.stream.addEventListener("click", (event) => this.seek(event));
  }

  /** What is or was heard; null before anything is. */
  get listening(): Listening | null {
    return this.heard;
  }

  /** Hears something else than what `src` and `model` name: a chosen file, a microphone. */
  listen(source: SoundSource, model: ModelSource | undefined = this.getAttribute("model") ?? undefined): void {
    this.chosen = { source, model };
    if (this.isConnected) void this.start();
  }

  /** Ends live sound, or hearing a file; what was heard stays. */
  stop(): void {
    this.stopping?.abort();
  }

  connectedCallback(): void {
    this.resized.observe(this.stream);
    this.dark.addEventListener("change", this.repaint);
    void this.start();
  }

  disconnectedCallback(): void {
    this.resized.disconnect();
    this.dark.removeEventListener("change", this.repaint);
    this.stop();
    this.release();
  }

  attributeChangedCallback(): void {
    this.chosen = null;
    if (this.isConnected) void this.start();
  }

  private async start(): Promise<void> {
    this.stop();
    const src = this.getAttribute("src");
    const { source, model } = this.chosen ?? { source: src ?? "", model: this.getAttribute("model") ?? undefined };
    if (source === "") return;
    const stopping = (this.stopping = new AbortController());
    this.say("Listening …");
    try {
      // Fetched once for both: what is heard is what plays, and can be sought in whatever its server allows.
      const sound = typeof source === "string" || source instanceof URL ? await fetched(source, stopping.signal) : source;
      if (stopping !== this.stopping) return;
      this.play(sound);
      const listening = await listen({ source: sound, name: sound instanceof MediaStream ? undefined : nameOf(source), model, signal: stopping.signal });
      if (stopping !== this.stopping) return;
      this.heard = listening;
      this.colours = coloursOf(listening.recording.card.genres);
      this.follow(listening);
    } catch (error) {
      if (stopping === this.stopping && !stopping.signal.aborted) this.fail(sentenceOf(error));
    }
  }

  private follow(listening: Listening): void {
    const isShown = () => listening === this.heard;
    for (const type of ["belief", "end"] as const) {
      listening.addEventListener(type, () => {
        if (!isShown()) return;
        this.request();
        this.dispatchEvent(new CustomEvent(type, { detail: listening }));
      });
    }
    listening.addEventListener("error", ({ message }) => isShown() && this.fail(message));
  }

  private fail(sentence: string): void {
    this.said.setAttribute("aria-live", "polite");
    this.say(sentence);
    this.dispatchEvent(new CustomEvent("error", { detail: sentence }));
  }

  private say(sentence: string): void {
    if (this.said.textContent !== sentence) this.said.textContent = sentence;
  }

  private play(sound: Blob | MediaStream): void {
    this.release();
    const isLive = sound instanceof MediaStream;
    this.audio.hidden = this.playhead.hidden = isLive;
    if (isLive) this.audio.removeAttribute("src");
    else this.audio.src = this.address = URL.createObjectURL(sound);
  }

  private release(): void {
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = null;
  }

  private request(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.paint());
  }

  private paint(): void {
    this.frame = 0;
    const recording = this.heard?.recording;
    if (!recording || recording.curve.nSteps === 0) return;
    const { context, width, height } = fitted(this.canvas);
    const [fromS, toS] = this.window();
    const nowS = recording.heardS;
    const tick = (seconds: number) => (recording.hearing === "live" ? ago(seconds, nowS) : clock(seconds));
    paintStream(context, { width, height, fromS, toS, tick }, this.theme(), streamOf(recording, AS_CARD, this.colours));
    const sentence = overallSentence(recording);
    // While more is heard it changes all the time: only the last word is read aloud.
    this.said.setAttribute("aria-live", recording.finished ? "polite" : "off");
    this.canvas.setAttribute("aria-label", sentence);
    this.say(sentence);
    this.movePlayhead();
  }

  /** Seconds at the left and at the right edge. */
  private window(): [number, number] {
    const { hearing, startS, heardS, durationS } = this.heard!.recording;
    if (hearing === "file") return [startS, durationS];
    const toS = Math.max(heardS, LIVE_SPAN_S);
    return [toS - LIVE_SPAN_S, toS];
  }

  /** With every frame while it plays. */
  private accompany(): void {
    this.movePlayhead();
    if (!this.audio.paused) requestAnimationFrame(() => this.accompany());
  }

  private movePlayhead(): void {
    if (!this.heard) return;
    const [fromS, toS] = this.window();
    const share = (this.audio.currentTime - fromS) / (toS - fromS);
    this.playhead.style.transform = `translateX(${(share * this.stream.clientWidth).toFixed(1)}px)`;
  }

  private seek(event: MouseEvent): void {
    if (!this.heard || this.audio.hidden) return;
    const [fromS, toS] = this.window();
    const box = this.stream.getBoundingClientRect();
    this.audio.currentTime = fromS + ((event.clientX - box.left) / box.width) * (toS - fromS);
  }

  private theme(): StreamTheme {
    const style = getComputedStyle(this);
    const colour = (name: string) => parseHex(style.getPropertyValue(name).trim());
    return {
      paper: colour("--paper"), ink: colour("--ink"), faint: colour("--faint"), line: colour("--line"),
      fontFamily: style.fontFamily, displayFamily: style.fontFamily,
    };
  }
}

const AS_CARD = { steadinessS: null, namedFrom: null };

if (!customElements.get("genre-curve")) customElements.define("genre-curve", GenreCurveElement);

declare global {
  interface HTMLElementTagNameMap {
    "genre-curve": GenreCurveElement;
  }
}
