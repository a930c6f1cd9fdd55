/** The worker that decodes files: a core of its own, where there are two. */
import { decodeFor } from "../audio/beside.ts";

/** What is to be decoded, and where it is waited for. */
export interface DecodingOrder {
  readonly file: Blob;
  readonly name: string;
  readonly port: MessagePort;
}

self.onmessage = ({ data: { port, file, name } }: MessageEvent<DecodingOrder>) => void decodeFor(port, file, name);
