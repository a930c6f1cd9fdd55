/** From the last sample that a step heard to the frame that shows the step: the median of the latest hundred. */
const KEPT = 100;

export class DelayMeter {
  private delays: number[] = [];
  private capturedAt: number | null = null;

  /** @param onmedian called with milliseconds after each frame that showed something new */
  constructor(private readonly onmedian: (ms: number) => void) {}

  reset(): void {
    this.delays = [];
  }

  /** @param capturedAt ms since the epoch */
  note(capturedAt: number): void {
    // A hidden page draws no frames: there is nothing to measure, and nothing may pile up until it is seen again.
    if (document.hidden) return;
    const waiting = this.capturedAt !== null;
    this.capturedAt = capturedAt;
    if (!waiting) requestAnimationFrame(() => this.shown());
  }

  private shown(): void {
    const capturedAt = this.capturedAt!;
    this.capturedAt = null;
    this.delays.push(Date.now() - capturedAt);
    if (this.delays.length > KEPT) this.delays.shift();
    this.onmedian(Math.round([...this.delays].sort((a, b) => a - b)[this.delays.length >> 1]));
  }
}
