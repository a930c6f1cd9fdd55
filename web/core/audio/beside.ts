/** A file decoded in one thread and heard in another: both ends of the port between them. */
import { openFile } from "./decode.ts";
import type { MonoBlock } from "./mono.ts";
import { AudioFileError, NotStreamableError, type Hints } from "./sound.ts";

/** Seconds of sound that are decoded ahead of what is heard: enough that neither waits for each turn of the other. */
export const AHEAD_S = 16;

type FromDecoder =
  | { readonly type: "opened"; readonly expectedS: number | null }
  | { readonly type: "block"; readonly block: { readonly mono: Float32Array<ArrayBuffer>; readonly sampleRate: number } }
  | { readonly type: "end"; readonly remarks: readonly string[]; readonly ms: number }
  | { readonly type: "refused"; readonly sentence: string }
  | { readonly type: "not-streamable"; readonly hints: Hints }
  | { readonly type: "failed"; readonly message: string };

/** A block that was heard comes back to be filled anew: the collector finds late what goes from thread to thread. */
type ToDecoder = Float32Array<ArrayBuffer> | "stop";

/** Decodes a file for whoever listens at the other end of the port, until that one has enough. */
export async function decodeFor(port: MessagePort, file: Blob, name: string): Promise<void> {
  const say = (message: FromDecoder, transfer: Transferable[] = []) => port.postMessage(message, transfer);
  const spare = Array.from({ length: AHEAD_S }, () => new Float32Array(0));
  let isStopped = false;
  let wake = () => {};
  port.onmessage = ({ data }: MessageEvent<ToDecoder>) => {
    if (data !== "stop") spare.push(data);
    else {
      isStopped = true;
      port.close();
    }
    wake();
  };
  let began = performance.now();
  try {
    const opened = await openFile(file, name);
    try {
      say({ type: "opened", expectedS: opened.expectedS });
      for await (const { mono, sampleRate } of opened.blocks()) {
        const waits = performance.now();
        while (spare.length === 0 && !isStopped) await new Promise<void>((resolve) => (wake = resolve));
        if (isStopped) return;
        began += performance.now() - waits;
        const own = filled(spare.pop()!, mono);
        say({ type: "block", block: { mono: own, sampleRate } }, [own.buffer]);
      }
      say({ type: "end", remarks: opened.remarks, ms: performance.now() - began });
    } finally {
      opened.close();
    }
  } catch (error) {
    if (error instanceof AudioFileError) say({ type: "refused", sentence: error.message });
    else if (error instanceof NotStreamableError) say({ type: "not-streamable", hints: error.hints });
    else say({ type: "failed", message: error instanceof Error ? error.message : String(error) });
  }
}

/** The samples in a block's own memory, where they fit into it. */
function filled({ buffer }: Float32Array<ArrayBuffer>, samples: Float32Array): Float32Array<ArrayBuffer> {
  if (buffer.byteLength < samples.byteLength) return samples.slice();
  const block = new Float32Array(buffer, 0, samples.length);
  block.set(samples);
  return block;
}

/** A file that is decoded at the other end of a port. */
export class FileBeside {
  /** seconds that are probably in it */
  expectedS: number | null = null;
  /** sentences about what was not heard as it is, once `blocks` has ended */
  remarks: readonly string[] = [];
  /** milliseconds that reading, decoding and mixing took, once `blocks` has ended */
  decodingMs = 0;
  private readonly arrived: FromDecoder[] = [];
  private wake = () => {};

  private constructor(private readonly port: MessagePort) {
    port.onmessage = ({ data }: MessageEvent<FromDecoder>) => this.take(data);
  }

  /**
   * @throws AudioFileError if there is nothing to hear in the file
   * @throws NotStreamableError if this browser needs the whole file at once
   */
  static async opened(port: MessagePort): Promise<FileBeside> {
    const file = new FileBeside(port);
    const message = await file.next();
    if (message.type === "opened") file.expectedS = message.expectedS;
    return file;
  }

  /** @throws AudioFileError if nothing in it can be heard */
  async *blocks(): AsyncGenerator<MonoBlock> {
    for (;;) {
      const message = await this.next();
      if (message.type === "block") {
        yield message.block;
        this.port.postMessage(message.block.mono satisfies ToDecoder, [message.block.mono.buffer]);
      } else if (message.type === "end") {
        this.remarks = message.remarks;
        this.decodingMs = message.ms;
        return;
      }
    }
  }

  close(): void {
    this.port.postMessage("stop" satisfies ToDecoder);
    this.port.close();
  }

  private take(message: FromDecoder): void {
    this.arrived.push(message);
    this.wake();
  }

  private async next(): Promise<Exclude<FromDecoder, { type: "refused" | "not-streamable" | "failed" }>> {
    while (this.arrived.length === 0) await new Promise<void>((resolve) => (this.wake = resolve));
    const message = this.arrived.shift()!;
    if (message.type === "refused") throw new AudioFileError(message.sentence);
    if (message.type === "not-streamable") throw new NotStreamableError(message.hints);
    if (message.type === "failed") throw new Error(message.message);
    return message;
  }
}
