/** A song that another program has shared with the page: the service worker keeps it, the page takes it once. */

/** As the service worker names it. */
const CACHE = "shared-song";

export async function takeShared(address: URL): Promise<File | null> {
  if (!address.searchParams.has("shared") || !("caches" in globalThis)) return null;
  const cache = await caches.open(CACHE);
  const found = await cache.match("./shared");
  await caches.delete(CACHE);
  if (!found) return null;
  const name = decodeURIComponent(found.headers.get("x-name") ?? "shared song");
  return new File([await found.blob()], name, { type: found.headers.get("content-type") ?? "" });
}
