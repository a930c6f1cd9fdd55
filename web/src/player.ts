/** Plays the file that is being heard; without a playable file it is only a position that can be moved. */
export class Player {
  private address: string | null = null;
  private still = 0;
  private fromS = 0;
  private readable = false;
  onchange: () => void = () => undefined;
  /** Called where the browser has nowhere to play to: time goes on, but nothing is to be heard. */
  onsilent: () => void = () => undefined;

  constructor(private readonly audio: HTMLAudioElement) {
    for (const event of ["play", "pause", "ended", "seeked", "loadedmetadata"]) {
      audio.addEventListener(event, () => {
        if (event === "loadedmetadata") this.readable = true;
        this.onchange();
      });
    }
    audio.addEventListener("error", () => {
      // As Firefox names it; it goes on nevertheless.
      const isSilent = audio.error?.message.includes("MediaSink") === true;
      if (isSilent) this.onsilent();
      else this.readable = false;
      this.onchange();
    });
  }

  /**
   * @param file null for sound that cannot be played
   * @param fromS seconds: where the file begins in what was heard
   */
  load(file: Blob | null, fromS = 0): void {
    this.fromS = fromS;
    this.audio.pause();
    this.readable = false;
    this.still = 0;
    this.audio.volume = 1;
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = file ? URL.createObjectURL(file) : null;
    if (this.address) this.audio.src = this.address;
    else this.audio.removeAttribute("src");
    this.audio.load();
    this.onchange();
  }

  /** Turns sound down that exceeds full scale. @param peak its largest magnitude */
  tame(peak: number): void {
    this.audio.volume = Math.min(1, 1 / peak);
  }

  get canPlay(): boolean {
    return this.readable;
  }

  get playing(): boolean {
    return !this.audio.paused && !this.audio.ended;
  }

  /** seconds */
  get position(): number {
    return this.readable ? this.fromS + this.audio.currentTime : this.still;
  }

  seek(seconds: number): void {
    this.still = Math.max(0, seconds);
    if (this.readable) this.audio.currentTime = Math.min(Math.max(0, this.still - this.fromS), this.audio.duration || this.still);
    this.onchange();
  }

  /** While a press is handled: whatever is played later is then played because of it, though it comes late. */
  wake(): void {
    if (this.playing) return;
    void this.audio.play().catch(() => undefined);
    this.audio.pause();
  }

  /** @returns false if the browser refused to play */
  async toggle(): Promise<boolean> {
    if (!this.readable) return false;
    if (this.playing) {
      this.audio.pause();
      return true;
    }
    return this.play();
  }

  /** @returns false if the browser refused */
  async play(): Promise<boolean> {
    try {
      await this.audio.play();
      return true;
    } catch {
      return false;
    }
  }
}
