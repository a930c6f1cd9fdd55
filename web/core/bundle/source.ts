/** Where a bundle's files come from: an address beside the page, or files that were dropped on it. */
import type { Unzipped } from "fflate";
import { isSoundName } from "../audio/names.ts";
import { BundleError } from "./card.ts";

/** Reads one file of a bundle by its path below the bundle's folder. */
export interface BundleSource {
  /** @throws BundleError if there is no such file */
  read(path: string): Promise<Uint8Array>;
}

/** A dropped bundle larger than this is no model for a web page. */
const LARGEST_BYTES = 256 * 1024 * 1024;

/** @param base absolute address of the bundle's folder, with a slash at its end */
export function sourceFromUrl(base: string): BundleSource {
  return {
    async read(path) {
      let response: Response;
      try {
        response = await fetch(new URL(path, base));
      } catch {
        throw new BundleError(`The model's ${path} could not be fetched; check the connection and reload.`);
      }
      if (!response.ok) throw new BundleError(`There is no model file ${path} at ${new URL(base).pathname} (status ${response.status}).`);
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}

/**
 * Address of the bundle that `?model=` names.
 *
 * @throws BundleError if it does not lie beside the page
 */
export function modelAddress(name: string, page: string): string {
  const folder = new URL("./", page);
  const address = new URL(name.endsWith("/") ? name : `${name}/`, folder);
  if (address.origin !== folder.origin || !address.pathname.startsWith(folder.pathname)) {
    throw new BundleError(`The model "${name}" does not lie beside this page, so it was not loaded.`);
  }
  return address.href;
}

/** @param files contents by path; the folder that holds card.json becomes the bundle's folder */
export function sourceFromFiles(files: ReadonlyMap<string, Uint8Array>): BundleSource {
  const cards = [...files.keys()].filter((path) => /(^|\/)card\.json$/.test(path)).sort((a, b) => a.length - b.length);
  if (cards.length === 0) {
    const songs = [...files.keys()].filter(isSoundName).length;
    throw new BundleError(songs > 0
      ? `There ${songs === 1 ? "is a sound file" : `are ${songs} sound files`} in it and no model: unpack it, then drop one of them.`
      : "There is no card.json in it, so it is not a model bundle.");
  }
  const folder = cards[0].slice(0, -"card.json".length);
  return {
    async read(path) {
      const contents = files.get(folder + path);
      if (!contents) throw new BundleError(`The model bundle has no ${path}, which its card names.`);
      return contents;
    },
  };
}

/**
 * @param archive a zip file
 * @throws BundleError if it cannot be unpacked or would unpack to too much
 */
export async function unpack(archive: Blob): Promise<Map<string, Uint8Array>> {
  const packed = new Uint8Array(await archive.arrayBuffer());
  let total = 0;
  let unpacked: Unzipped;
  // Fetched when the first zip comes: hardly any visitor brings one.
  const { unzipSync } = await import("fflate").catch(() => {
    throw new BundleError("What unpacks a zip could not be fetched; check the connection, or drop the model's folder instead.");
  });
  try {
    // The asynchronous form starts a worker from a blob, which the page's CSP forbids; this runs in a worker anyway.
    unpacked = unzipSync(packed, {
      filter: (file) => {
        total += file.originalSize;
        return total <= LARGEST_BYTES;
      },
    });
  } catch {
    throw new BundleError("This zip file is damaged and could not be unpacked.");
  }
  if (total > LARGEST_BYTES) throw new BundleError("This zip file unpacks to more than 256 MB, too much for a model.");
  return new Map(Object.entries(unpacked).filter(([path]) => !path.endsWith("/")));
}
