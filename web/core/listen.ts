/** `listen`: a model and a sound in, beliefs out. */
import { bundlePath } from "virtual:pretrained-bundle";
import { browserAudio, captureStream, type Capture } from "./audio/web-audio.ts";
import { Listening } from "./listening/listening.ts";
import type { DisplaySettings } from "./listening/recording.ts";
import type { BundleRequest } from "./worker/protocol.ts";
import { startWorker } from "./worker/start.ts";

/** A file, the address of one, or live sound (of a microphone, a tab, an audio element, a Web Audio graph). */
export type SoundSource = Blob | MediaStream | string | URL;

/** The address of a bundle's folder, or a bundle that was chosen: a zip, or contents by path. */
export type ModelSource = string | URL | Blob | ReadonlyMap<string, Uint8Array>;

export interface ListenOptions {
  readonly source: SoundSource;
  /** left out: the model that comes with the package */
  readonly model?: ModelSource | undefined;
  /** what it is called in sentences and saved curves; left out: the file's name */
  readonly name?: string | undefined;
  /** seconds: how long a genre is expected to last; left out: as the model's card says */
  readonly steadinessS?: number | undefined;
  /** the belief from which on a genre is named, 0 to 1; left out: as the model's card says */
  readonly namedFrom?: number | undefined;
  /** Ends it, also while the model is still on its way. */
  readonly signal?: AbortSignal | undefined;
}

/** Files are heard one after the other: each takes all of a core while it is heard. */
let fileBefore: Promise<unknown> = Promise.resolve();

/**
 * Hears a sound.
 *
 * @returns once the model is there; whoever listens for events from then on misses none
 * @throws Error with a sentence that says what to do, if the model or the file cannot be had
 */
export async function listen(options: ListenOptions): Promise<Listening> {
  const { source, signal } = options;
  signal?.throwIfAborted();
  if (source instanceof MediaStream) return hear(options, source);
  const blob = source instanceof Blob ? source : await fetched(source, signal);
  const before = fileBefore;
  let done!: () => void;
  fileBefore = new Promise<void>((resolve) => (done = resolve));
  await before;
  try {
    const listening = await hear(options, blob);
    void listening.finished.catch(() => undefined).then(done);
    return listening;
  } catch (error) {
    done();
    throw error;
  }
}

async function hear(options: ListenOptions, sound: Blob | MediaStream): Promise<Listening> {
  const { steadinessS = null, namedFrom = null, signal } = options;
  const settings: DisplaySettings = { steadinessS, namedFrom };
  const { worker, terminate } = startWorker();
  let capture: Capture | null = null;
  try {
    const card = await worker.load(requestFor(options.model));
    signal?.throwIfAborted();
    if (sound instanceof Blob) return ending(Listening.toFile(worker, browserAudio, sound, options.name ?? nameOf(options.source), card, settings));
    capture = await captureStream(sound.clone());
    return ending(Listening.toCapture(worker, capture, options.name ?? (capture.label || "Live sound"), card, settings));
  } catch (error) {
    terminate();
    throw error;
  }

  function ending(listening: Listening): Listening {
    const stop = () => listening.stop();
    const end = () => {
      signal?.removeEventListener("abort", stop);
      void capture?.close();
      terminate();
    };
    if (capture) capture.onended = stop;
    signal?.addEventListener("abort", stop);
    listening.addEventListener("end", end);
    listening.addEventListener("error", end);
    return listening;
  }
}

function requestFor(model: ModelSource | undefined): BundleRequest {
  if (model === undefined) return { kind: "pretrained", base: new URL(bundlePath, import.meta.url).href };
  if (model instanceof Blob) return { kind: "zip", archive: model };
  if (typeof model === "string" || model instanceof URL) return { kind: "address", base: folder(new URL(model, document.baseURI)) };
  return { kind: "files", files: model };
}

/** @returns the address with a slash at its end, so that files are looked for in it rather than beside it */
function folder(address: URL): string {
  if (!address.pathname.endsWith("/")) address.pathname += "/";
  return address.href;
}

/** @throws Error with a sentence, if there is no sound to be had */
export async function fetched(address: string | URL, signal: AbortSignal | undefined): Promise<Blob> {
  const { href } = new URL(address, document.baseURI);
  let response: Response;
  try {
    response = await fetch(href, signal ? { signal } : {});
  } catch (error) {
    signal?.throwIfAborted();
    throw new Error(`${href} could not be fetched; check the address, and that its server lets this page read it.`, { cause: error });
  }
  if (!response.ok) throw new Error(`There is no sound at ${href} (status ${response.status}).`);
  return response.blob();
}

export function nameOf(source: SoundSource): string {
  if (source instanceof File) return source.name;
  if (typeof source === "string" || source instanceof URL) return decodeURIComponent(new URL(source, document.baseURI).pathname.split("/").pop() || "The sound");
  return "The sound";
}
