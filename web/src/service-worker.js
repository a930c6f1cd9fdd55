// Keeps the page working without a network after the first visit.
// The build fills in both constants; a new build is a new version.
const CACHE = "page-__VERSION__";
const SHARED = "shared-song";
const FILES = JSON.parse('__FILES__');

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith("page-") && name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method === "POST" && url.origin === location.origin) return event.respondWith(keepShared(request));
  if (request.method !== "GET" || url.origin !== location.origin || request.headers.has("range")) return;
  event.respondWith(request.mode === "navigate" ? freshFirst(request) : storedFirst(request));
});

/** The page names what is worth keeping beforehand. */
self.addEventListener("message", (event) => event.waitUntil(storedFirst(new Request(event.data)).catch(() => undefined)));

/** A song that another program shares with the page (manifest, "share_target"): kept until the page has opened. */
async function keepShared(request) {
  const song = (await request.formData()).get("song");
  if (song instanceof File) {
    const cache = await caches.open(SHARED);
    await cache.put("./shared", new Response(song, { headers: { "x-name": encodeURIComponent(song.name), "content-type": song.type } }));
  }
  return Response.redirect("./?shared", 303);
}

/** Milliseconds: a network that takes longer for the page itself counts as none. */
const PATIENCE = 4000;

/** The page itself comes from the network while there is one, so that a new build shows at once. */
async function freshFirst(request) {
  try {
    return await fetch(request, { signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    return (await caches.match("./")) ?? fetch(request);
  }
}

/** Everything else has its contents in its name, or is fetched; what was fetched by such a name is kept, and the examples. */
async function storedFirst(request) {
  const stored = await caches.match(request);
  if (stored) return stored;
  const response = await fetch(request);
  if (response.ok && /\/(assets|demo)\//.test(new URL(request.url).pathname)) {
    const copy = response.clone();
    // A full disk is no reason to do without the answer.
    caches.open(CACHE).then((cache) => cache.put(request, copy)).catch(() => undefined);
  }
  return response;
}
