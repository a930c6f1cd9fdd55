/** Starts the worker that listens. */
import { ListeningWorker, type WorkerLike } from "./client.ts";

export interface StartedWorker {
  readonly worker: ListeningWorker;
  /** Frees the model and everything else that the worker holds. */
  terminate(): void;
}

export function startWorker(): StartedWorker {
  const thread = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  return { worker: new ListeningWorker(thread as unknown as WorkerLike), terminate: () => thread.terminate() };
}
