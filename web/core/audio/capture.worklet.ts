/** Runs on the audio thread: averages the channels and sends short pieces to the worker. */

declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: typeof AudioWorkletProcessor): void;

/** Seconds: short beside the step period, and few messages: each leaves garbage behind in two threads. */
const PIECE_S = 0.02;

class Capture extends AudioWorkletProcessor {
  private readonly length = Math.max(128, Math.round((PIECE_S * sampleRate) / 128) * 128);
  private piece = new Float32Array(this.length);
  private filled = 0;
  private target: MessagePort | null = null;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<MessagePort | null>) => {
      this.target = data;
    };
  }

  process(inputs: Float32Array[][]): boolean {
    const channels = inputs[0];
    const length = channels[0]?.length ?? 0;
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (const channel of channels) sum += channel[i];
      this.piece[this.filled++] = sum / channels.length;
      if (this.filled === this.length) this.send();
    }
    return true;
  }

  private send(): void {
    this.target?.postMessage({ mono: this.piece, at: Date.now() }, [this.piece.buffer]);
    this.piece = new Float32Array(this.length);
    this.filled = 0;
  }
}

registerProcessor("capture", Capture);
