/** What was taught, kept in this browser if the visitor wants it: what the network heard, never the sound. */
import type { Card } from "../../core/bundle/card.ts";
import type { TaughtSong } from "./songbook.ts";

const DATABASE = "taught";
const STORE = "lessons";
const KEY = "latest";

export interface Lessons {
  /** the network that heard the songs: what another one hears cannot be compared */
  readonly network: string;
  readonly genres: readonly string[];
  readonly songs: readonly TaughtSong[];
  readonly add: boolean;
}

/** Tells one network from another. */
export function networkOf(card: Card): string {
  return Object.keys(card.files).filter((path) => path.startsWith("tfjs/")).sort().map((path) => card.files[path].sha256).join(" ");
}

export async function keep(lessons: Lessons): Promise<void> {
  await inStore("readwrite", (store) => store.put(lessons, KEY));
}

/** @returns null where nothing is kept, or the browser keeps nothing at all */
export async function kept(): Promise<Lessons | null> {
  try {
    return (await inStore<Lessons | undefined>("readonly", (store) => store.get(KEY))) ?? null;
  } catch {
    return null;
  }
}

export async function forget(): Promise<void> {
  await inStore("readwrite", (store) => store.delete(KEY)).catch(() => undefined);
}

async function inStore<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest): Promise<T> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await settled<IDBDatabase>(opening);
  try {
    return await settled<T>(work(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

function settled<T>(request: IDBRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as T);
    request.onerror = () => reject(request.error ?? new Error("The browser's storage did not answer."));
  });
}
