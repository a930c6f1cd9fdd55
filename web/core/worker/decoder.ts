/** The listening worker's end of the one that decodes. */
import { FileBeside } from "../audio/beside.ts";
import { NotStreamableError } from "../audio/sound.ts";
import type { DecodingOrder } from "./decoding.ts";

let worker: Worker | null = null;

/** Starts it, so that the first file need not wait for it. */
export function startDecoder(): Worker {
  if (worker) return worker;
  const started = new Worker(new URL("./decoding.ts", import.meta.url), { type: "module" });
  worker = started;
  // It could not be fetched, for lack of a network: tried again with the next file.
  started.addEventListener("error", () => {
    if (worker === started) worker = null;
  });
  return started;
}

/**
 * @throws AudioFileError if there is nothing to hear in the file
 * @throws NotStreamableError if this browser needs the whole file at once
 */
export async function openBeside(file: Blob, name: string): Promise<FileBeside> {
  const decoder = startDecoder();
  const { port1, port2 } = new MessageChannel();
  const opening = new AbortController();
  const gone = new Promise<never>((_, reject) => {
    decoder.addEventListener("error", () => reject(new NotStreamableError()), { signal: opening.signal });
  });
  decoder.postMessage({ file, name, port: port2 } satisfies DecodingOrder, [port2]);
  try {
    return await Promise.race([FileBeside.opened(port1), gone]);
  } finally {
    opening.abort();
  }
}
