/** What the microphone heard, kept so that it can be played again: the latest half hour, as 16-bit wav. */

/** Seconds of live sound that are kept. */
export const KEPT_S = 1800;
/** Seconds: finished pieces of this length leave the memory of the page for that of the browser. */
const PIECE_S = 10;

export interface Kept {
  readonly wav: Blob;
  /** seconds: where it begins in what was heard */
  readonly fromS: number;
}

export class KeptSound {
  private pieces: Blob[] = [];
  private piece: Int16Array<ArrayBuffer>;
  private filled = 0;
  private dropped = 0;

  constructor(private readonly sampleRate: number) {
    this.piece = new Int16Array(PIECE_S * sampleRate);
  }

  push(mono: Float32Array): void {
    for (const sample of mono) {
      this.piece[this.filled++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
      if (this.filled === this.piece.length) this.next();
    }
  }

  finish(): Kept {
    const data = [...this.pieces, new Blob([this.piece.slice(0, this.filled)])];
    const size = data.reduce((sum, { size }) => sum + size, 0);
    return { wav: new Blob([wavHeader(this.sampleRate, size), ...data], { type: "audio/wav" }), fromS: this.dropped * PIECE_S };
  }

  private next(): void {
    this.pieces.push(new Blob([this.piece]));
    this.filled = 0;
    if (this.pieces.length * PIECE_S <= KEPT_S) return;
    this.pieces.shift();
    this.dropped++;
  }
}

/** The 44 bytes before 16-bit mono samples. */
function wavHeader(sampleRate: number, bytes: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(44);
  const view = new DataView(header.buffer);
  const name = (at: number, text: string) => header.set([...text].map((letter) => letter.charCodeAt(0)), at);
  name(0, "RIFF");
  view.setUint32(4, 36 + bytes, true);
  name(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, 2 * sampleRate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  name(36, "data");
  view.setUint32(40, bytes, true);
  return header;
}
