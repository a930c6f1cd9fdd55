/** Files that people drop or choose, and what each of them is. */
import { isSoundName } from "../core/audio/names.ts";

/** Something dropped on the page. */
export type Dropped =
  | { readonly kind: "sound"; readonly file: File; /** What became of the others, or nothing. */ readonly note: string }
  | { readonly kind: "zip"; readonly archive: File }
  | { readonly kind: "bundle"; readonly files: ReadonlyMap<string, Uint8Array> }
  | { readonly kind: "nothing"; readonly sentence: string };

/** A folder with more in it is surely not a model. */
const MOST_FILES = 200;

/** Must be called while the drop event is being handled; afterwards the browser forgets what was dropped. */
export async function readDrop(transfer: DataTransfer): Promise<Dropped> {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.() ?? null);
  const files = Array.from(transfer.files);
  const folder = entries.find((entry) => entry?.isDirectory);
  if (folder) return bundleFrom(await filesBelow(folder as FileSystemDirectoryEntry));
  return classify(files);
}

/** Every file that was dropped, those in folders too; while the drop event is being handled, as `readDrop`. */
export async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.() ?? null);
  const files = Array.from(transfer.files);
  const folders = entries.filter((entry) => entry?.isDirectory) as FileSystemDirectoryEntry[];
  if (folders.length === 0) return files;
  const below = await Promise.all(folders.map(filesBelow));
  return [...files.filter(mayBeSound), ...below.flatMap((found) => [...found.values()].filter(mayBeSound))];
}

export async function classify(files: readonly File[]): Promise<Dropped> {
  if (files.length === 0) return { kind: "nothing", sentence: "There was no file in what you dropped; drop a sound file." };
  if (files.some((file) => file.name === "card.json")) return bundleFrom(new Map(files.map((file) => [file.webkitRelativePath || file.name, file])));
  const file = files.find(mayBeSound) ?? files[0];
  if (/\.zip$/i.test(file.name)) return { kind: "zip", archive: file };
  const note = files.length > 1 ? `Of these ${files.length} files this one is heard: the page listens to one at a time.` : "";
  return { kind: "sound", file, note };
}

/** By its type, or by its name where the system knows no type. */
function mayBeSound(file: File): boolean {
  return /^(audio|video)\//.test(file.type) || isSoundName(file.name);
}

/** @param files a chosen folder's files, by their path; a folder of music is no model, but can be heard */
export async function bundleFrom(files: ReadonlyMap<string, File>): Promise<Dropped> {
  const sounds = [...files.values()].filter(mayBeSound);
  if (sounds.length > 0 && ![...files.keys()].some((path) => /(^|\/)card\.json$/.test(path))) return classify(sounds);
  if (files.size > MOST_FILES) {
    return { kind: "nothing", sentence: `This folder holds more than ${MOST_FILES} files, too many for a model bundle.` };
  }
  const contents = new Map<string, Uint8Array>();
  for (const [path, file] of files) {
    // The browser never needs these, and they are the largest.
    if (/\.(keras|onnx)$/.test(path)) continue;
    contents.set(path, new Uint8Array(await file.arrayBuffer()));
  }
  return { kind: "bundle", files: contents };
}

async function filesBelow(folder: FileSystemDirectoryEntry): Promise<Map<string, File>> {
  const found = new Map<string, File>();
  const waiting: FileSystemDirectoryEntry[] = [folder];
  for (let next = waiting.pop(); next && found.size <= MOST_FILES; next = waiting.pop()) {
    const reader = next.createReader();
    // One call gives at most a hundred entries; an empty answer ends it.
    for (;;) {
      const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (batch.length === 0) break;
      for (const entry of batch) {
        if (entry.isDirectory) waiting.push(entry as FileSystemDirectoryEntry);
        else found.set(entry.fullPath.slice(1), await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
      }
    }
  }
  return found;
}
