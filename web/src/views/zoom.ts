/** Which stretch of a long recording is in view. */
import { byId } from "./dom.ts";

/** Seconds: closer than this there is nothing more to see. */
const CLOSEST_S = 8;
const FACTOR = 2;
/** Seconds: music does not move so far from one frame to the next. */
const JUMP_S = 1;

export interface Stretch {
  readonly fromS: number;
  readonly toS: number;
}

export class Zoom {
  private factor = 1;
  /** the largest factor of this recording */
  private most = 1;
  private centreS = 0;
  private spanS = 0;
  private lastPositionS = 0;
  private readonly group = byId("zoom");
  private readonly inwards = byId<HTMLButtonElement>("zoom-in");
  private readonly outwards = byId<HTMLButtonElement>("zoom-out");

  /** @param positionS the moment that plays, also where it was chosen since the last picture */
  constructor(private readonly onchange: () => void, private readonly positionS: () => number) {
    this.inwards.addEventListener("click", () => this.by(FACTOR));
    this.outwards.addEventListener("click", () => this.by(1 / FACTOR));
    byId("stream").addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  reset(): void {
    this.factor = 1;
  }

  /** "+" and "-". @returns false if the key means nothing here */
  key(key: string): boolean {
    if (key === "+" || key === "=") this.by(FACTOR);
    else if (key === "-") this.by(1 / FACTOR);
    else return false;
    return true;
  }

  /** What is in view of the whole. @param positionS the moment that stays in view while it moves */
  window(whole: Stretch, positionS: number): Stretch {
    const lengthS = whole.toS - whole.fromS;
    this.most = Math.max(1, lengthS / CLOSEST_S);
    this.factor = Math.min(this.most, Math.max(1, this.factor));
    this.group.hidden = this.most <= FACTOR;
    this.inwards.disabled = this.factor >= this.most;
    this.outwards.disabled = this.factor <= 1;
    const spanS = (this.spanS = lengthS / this.factor);
    const isOutside = (seconds: number) => Math.abs(seconds - this.centreS) > spanS / 2;
    // Music that plays out of view does not bring a view back that was moved away from it; a jump does.
    const leaves = isOutside(positionS) && (!isOutside(this.lastPositionS) || Math.abs(positionS - this.lastPositionS) > JUMP_S);
    if (leaves) this.centreS = positionS + 0.4 * spanS * Math.sign(positionS - this.centreS);
    this.lastPositionS = positionS;
    this.centreS = Math.min(whole.toS - spanS / 2, Math.max(whole.fromS + spanS / 2, this.centreS));
    return this.factor <= 1 ? whole : { fromS: this.centreS - spanS / 2, toS: this.centreS + spanS / 2 };
  }

  /** Moves the view by so many seconds. */
  pan(seconds: number): void {
    this.centreS += seconds;
    this.onchange();
  }

  /** @param anchorS the moment that stays where it is in the picture: the playhead where it is in view */
  by(factor: number, anchorS = this.isInView(this.positionS()) ? this.positionS() : this.centreS): void {
    const next = Math.min(this.most, Math.max(1, this.factor * factor));
    this.centreS = anchorS + ((this.centreS - anchorS) * this.factor) / next;
    this.factor = next;
    this.onchange();
  }

  private isInView(seconds: number): boolean {
    return Math.abs(seconds - this.centreS) <= this.spanS / 2;
  }

  /** With Ctrl (and by pinching) the wheel zooms at the pointer, sideways it pans; otherwise it scrolls the page. */
  private wheel(event: WheelEvent): void {
    const { left, width } = byId("stream").getBoundingClientRect();
    if (event.ctrlKey) {
      this.by(Math.exp(-event.deltaY / 200), this.centreS + ((event.clientX - left) / width - 0.5) * this.spanS);
    } else if (this.factor > 1 && Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.pan((event.deltaX * this.spanS) / width);
    } else return;
    event.preventDefault();
  }
}
