/** The stream on the page: its canvas, the playhead, the read-out, and every way to point at a moment. */
import { fitted } from "../../core/drawing/canvas.ts";
import { byId, setText } from "./dom.ts";
import type { StreamData, StreamFrame } from "../../core/drawing/stream-data.ts";
import { paintStream } from "../../core/drawing/painter.ts";
import { currentTheme } from "./theme.ts";

export interface StreamEvents {
  /** The moment was chosen by click, drag or key. */
  onseek(seconds: number): void;
  /** A finger moved the view by so many seconds. */
  onpan(seconds: number): void;
  /** Two fingers moved apart, or together, about a moment. */
  onpinch(factor: number, seconds: number): void;
  onplay(): void;
  /** Lines for the read-out at a moment, or null for none. */
  describe(seconds: number): string[] | null;
}

export interface SliderState {
  readonly enabled: boolean;
  readonly fromS: number;
  readonly toS: number;
  readonly positionS: number;
  readonly stepS: number;
}

/** Milliseconds that a live picture flows on by itself. */
const FLOW_MS = 1000;
/** CSS pixels: a finger that moves less has tapped. */
const SLIP_PX = 6;
/** CSS pixels: no two fingers are nearer to each other. */
const FINGER_PX = 24;

export class StreamView {
  private readonly root = byId("stream");
  private readonly canvas = byId<HTMLCanvasElement>("canvas");
  private readonly playhead = byId("playhead");
  private readonly cursor = byId("cursor");
  private readonly readout = byId("readout");
  private readonly slider = byId("slider");
  private readonly context: CanvasRenderingContext2D;
  private window = { fromS: 0, toS: 1 };
  private state: SliderState = { enabled: false, fromS: 0, toS: 0, positionS: 0, stepS: 1 };
  private pointed: number | null = null;
  private dragging = false;
  /** where a finger that may yet move the view was last */
  private touchedX: number | null = null;
  private panned = false;
  /** where each finger on the picture is */
  private readonly fingers = new Map<number, number>();
  private keyed = false;
  width = 0;
  private height = 0;
  private readonly flowing = new Animation(new KeyframeEffect(this.canvas, null, { duration: FLOW_MS, fill: "forwards" }));
  private moves = 0;

  constructor(private readonly events: StreamEvents, onresize: () => void) {
    const context = this.canvas.getContext("2d");
    if (!context) throw new Error("This browser cannot draw on a canvas.");
    this.context = context;
    new ResizeObserver(() => {
      this.resize();
      onresize();
    }).observe(this.root);
    this.resize();
    this.slider.addEventListener("pointermove", (event) => this.point(event));
    this.slider.addEventListener("pointerdown", (event) => this.press(event));
    this.slider.addEventListener("pointerup", (event) => this.lift(event));
    this.slider.addEventListener("pointercancel", (event) => this.letGo(event));
    this.slider.addEventListener("pointerleave", () => this.leave());
    this.slider.addEventListener("keydown", (event) => this.key(event));
    this.slider.addEventListener("blur", () => {
      this.keyed = false;
      this.leave();
    });
  }

  paint(data: StreamData, fromS: number, toS: number, tick: (seconds: number) => string): void {
    this.window = { fromS, toS: Math.max(toS, fromS + 1) };
    this.rest();
    paintStream(this.context, this.frame(tick), currentTheme(), data);
    this.showReadout();
  }

  /**
   * Lets the painted picture flow to the left until the next one is painted, for a second at most: the compositor's work alone.
   *
   * @param sinceMs milliseconds since the moment that it shows at its right edge
   */
  flow(sinceMs: number): void {
    const { fromS, toS } = this.window;
    // By three pixels of the screen at a time: a frame in which nothing moves costs nothing.
    const ratio = window.devicePixelRatio || 1;
    const moves = Math.max(1, Math.round((this.width * ratio) / (toS - fromS) / 3));
    // One animation for all times: the compositor keeps a cancelled one, and looks at it in every frame, until it is collected.
    if (moves !== this.moves) {
      this.moves = moves;
      const effect = this.flowing.effect as KeyframeEffect;
      effect.setKeyframes({ transform: ["translateX(0)", `translateX(${(-3 * moves) / ratio}px)`] });
      effect.updateTiming({ easing: `steps(${moves})` });
    }
    this.flowing.play();
    this.flowing.currentTime = Math.min(sinceMs, FLOW_MS);
  }

  private rest(): void {
    this.flowing.cancel();
  }

  /** @param visible false where there is nothing to play or point at */
  movePlayhead(state: SliderState, visible: boolean, valueText: string): void {
    this.state = state;
    const { fromS, toS } = this.window;
    this.playhead.hidden = !visible || state.positionS < fromS || state.positionS > toS;
    this.playhead.style.transform = `translateX(${this.toX(state.positionS).toFixed(2)}px)`;
    this.slider.tabIndex = state.enabled ? 0 : -1;
    this.slider.setAttribute("aria-disabled", String(!state.enabled));
    this.slider.setAttribute("aria-valuemin", state.fromS.toFixed(1));
    this.slider.setAttribute("aria-valuemax", state.toS.toFixed(1));
    this.slider.setAttribute("aria-valuenow", state.positionS.toFixed(1));
    if (this.slider.getAttribute("aria-valuetext") !== valueText) this.slider.setAttribute("aria-valuetext", valueText);
    if (this.keyed) this.pointAt(state.positionS);
  }

  private frame(tick: (seconds: number) => string): StreamFrame {
    return { width: this.width, height: this.height, ...this.window, tick };
  }

  private resize(): void {
    ({ width: this.width, height: this.height } = fitted(this.canvas));
  }

  private toX(seconds: number): number {
    const { fromS, toS } = this.window;
    return Math.min(this.width, Math.max(0, ((seconds - fromS) / (toS - fromS)) * this.width));
  }

  private toSeconds({ clientX }: { clientX: number }): number {
    const { fromS, toS } = this.window;
    const share = (clientX - this.root.getBoundingClientRect().left) / this.width;
    return fromS + Math.min(1, Math.max(0, share)) * (toS - fromS);
  }

  private press(event: PointerEvent): void {
    if (!this.state.enabled || event.button !== 0) return;
    this.slider.setPointerCapture(event.pointerId);
    this.keyed = false;
    if (event.pointerType === "touch" && this.fingers.set(event.pointerId, event.clientX).size > 1) {
      this.dragging = false;
      this.touchedX = null;
      return;
    }
    // Closer up a finger moves the picture, as on a map; where it taps is heard.
    if (event.pointerType === "touch" && this.isCloseUp) {
      this.touchedX = event.clientX;
      return;
    }
    this.dragging = true;
    this.events.onseek(this.toSeconds(event));
    this.point(event);
  }

  private get isCloseUp(): boolean {
    return this.window.toS - this.window.fromS < this.state.toS - this.state.fromS;
  }

  private lift(event: PointerEvent): void {
    if (this.touchedX !== null && !this.panned) this.events.onseek(this.toSeconds(event));
    this.letGo(event);
  }

  private letGo({ pointerId }: PointerEvent): void {
    this.fingers.delete(pointerId);
    this.dragging = this.panned = false;
    this.touchedX = null;
  }

  private point(event: PointerEvent): void {
    if (this.fingers.size > 1) return this.pinch(event);
    if (this.touchedX !== null) return this.pan(event, this.touchedX);
    const seconds = this.toSeconds(event);
    if (this.dragging) this.events.onseek(seconds);
    this.pointAt(seconds);
  }

  private pan(event: PointerEvent, fromX: number): void {
    if (!this.panned && Math.abs(event.clientX - fromX) < SLIP_PX) return;
    this.panned = true;
    this.touchedX = event.clientX;
    this.events.onpan(((fromX - event.clientX) * (this.window.toS - this.window.fromS)) / this.width);
  }

  private pinch({ pointerId, clientX }: PointerEvent): void {
    const before = [...this.fingers.values()];
    this.fingers.set(pointerId, clientX);
    const now = [...this.fingers.values()];
    const apart = ([a, b]: number[]) => Math.max(FINGER_PX, Math.abs(a - b));
    const middle = ([a, b]: number[]) => this.toSeconds({ clientX: (a + b) / 2 });
    this.events.onpan(middle(before) - middle(now));
    this.events.onpinch(apart(now) / apart(before), middle(before));
  }

  private pointAt(seconds: number): void {
    this.pointed = seconds;
    this.showReadout();
  }

  private leave(): void {
    if (this.keyed) return;
    this.pointed = null;
    this.showReadout();
  }

  private showReadout(): void {
    const lines = this.pointed === null ? null : this.events.describe(this.pointed);
    this.cursor.hidden = this.readout.hidden = !lines;
    if (!lines || this.pointed === null) return;
    const x = this.toX(this.pointed);
    this.cursor.style.transform = `translateX(${x.toFixed(1)}px)`;
    setText(this.readout, lines.join("\n"));
    const width = this.readout.offsetWidth;
    const left = x + 12 + width > this.width ? x - 12 - width : x + 12;
    this.readout.style.transform = `translateX(${Math.max(4, left).toFixed(1)}px)`;
  }

  /** Moves through the sound, wherever on the page the key was pressed. */
  key(event: KeyboardEvent): void {
    const { enabled, fromS, toS, positionS, stepS } = this.state;
    if (!enabled || event.ctrlKey || event.metaKey || event.altKey) return;
    const small = event.shiftKey ? stepS : 5;
    const moves: Record<string, number> = {
      ArrowRight: positionS + small, ArrowUp: positionS + small,
      ArrowLeft: positionS - small, ArrowDown: positionS - small,
      PageUp: positionS + 30, PageDown: positionS - 30,
      Home: fromS, End: toS,
    };
    if (event.key === " ") this.events.onplay();
    else if (event.key in moves) {
      this.keyed = document.activeElement === this.slider;
      const target = Math.min(toS, Math.max(fromS, moves[event.key]));
      // Keys may come faster than frames: the next one must count from here.
      this.state = { ...this.state, positionS: target };
      this.events.onseek(target);
    } else return;
    event.preventDefault();
  }
}
