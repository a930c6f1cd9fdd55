/** Which stretch of a long recording is in view. */
import { byId } from "./dom.ts";

/** Seconds: closer than this there is nothing more to see. */
const CLOSEST_S = 8;
const FACTOR = 2;

export interface Stretch {
  readonly fromS: number;
  readonly toS: number;
}

export class Zoom {
  private factor = 1;
  private centreS = 0;
  private readonly group = byId("zoom");
  private readonly inwards = byId<HTMLButtonElement>("zoom-in");
  private readonly outwards = byId<HTMLButtonElement>("zoom-out");

  constructor(private readonly onchange: () => void) {
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
  window(whole: Stretch, positionS: number, follow: boolean): Stretch {
    const lengthS = whole.toS - whole.fromS;
    const most = Math.max(1, lengthS / CLOSEST_S);
    this.factor = Math.min(most, Math.max(1, this.factor));
    this.group.hidden = most <= FACTOR;
    this.inwards.disabled = this.factor >= most;
    this.outwards.disabled = this.factor <= 1;
    if (this.factor <= 1) {
      this.centreS = positionS;
      return whole;
    }
    const spanS = lengthS / this.factor;
    if (follow && Math.abs(positionS - this.centreS) > spanS / 2) this.centreS = positionS + 0.4 * spanS;
    this.centreS = Math.min(whole.toS - spanS / 2, Math.max(whole.fromS + spanS / 2, this.centreS));
    return { fromS: this.centreS - spanS / 2, toS: this.centreS + spanS / 2 };
  }

  private by(factor: number): void {
    this.factor *= factor;
    this.onchange();
  }

  /** With Ctrl (and by pinching) the wheel zooms, sideways it pans; otherwise it scrolls the page. */
  private wheel(event: WheelEvent): void {
    if (event.ctrlKey) this.by(Math.exp(-event.deltaY / 200));
    else if (this.factor > 1 && Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.centreS += event.deltaX * 0.05 * (1 / this.factor) * CLOSEST_S;
      this.onchange();
    } else return;
    event.preventDefault();
  }
}
