"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const grid = $("grid"), detail = $("detail");
const AT_ONCE = 72, HOVER_MS = 140;

const neurons = data.neurons.map(([layer, number, activation, counts, specialisation, picture, sound, excerpts]) => ({
  layer, number, activation, counts, specialisation, picture, sound, excerpts,
  genre: counts.length ? counts.indexOf(Math.max(...counts)) : -1,
}));
const nameOf = (neuron) => `${data.layers[neuron.layer].name} ${neuron.number}`;
const fileOf = (neuron, kind) => `${data.layers[neuron.layer].folder}/${String(neuron.number).padStart(4, "0")}.${kind}`;

/* One player for all: a page with thousands of audio elements is slow, and only one should sound. */
const player = new Audio();
player.preload = "none";
let playing = null, stopAt = Infinity, allowed = true;

function play(neuron, from = 0, until = Infinity) {
  if (!neuron.sound) return;
  if (playing !== neuron) player.src = fileOf(neuron, "wav");
  playing = neuron;
  stopAt = until;
  player.currentTime = from;
  player.play().then(() => { allowed = true; draw(); }, (error) => {
    if (error.name === "NotAllowedError") { allowed = false; count(); }
  });
}

function stop() {
  player.pause();
  stopAt = Infinity;
  draw();
}

function draw() {
  for (const bar of document.querySelectorAll(".look i")) bar.style.transform = "";
  for (const row of detail.querySelectorAll(".now")) row.classList.remove("now");
  if (!playing || player.paused) return;
  const share = player.duration ? player.currentTime / player.duration : 0;
  for (const bar of document.querySelectorAll(`[data-id="${neurons.indexOf(playing)}"] .look i`)) bar.style.transform = `scaleX(${share})`;
  if (chosen === playing) {
    const length = data.layers[playing.layer].seconds;
    playing.excerpts.forEach(([, , , , at], i) => {
      if (at !== null && player.currentTime >= at && player.currentTime < at + length) detail.querySelectorAll(".excerpts button")[i]?.classList.add("now");
    });
  }
  if (player.currentTime >= stopAt) stop();
  else requestAnimationFrame(draw);
}
player.addEventListener("ended", draw);

/* The tiles that match, a screenful at a time as one scrolls. */
let shown = [], drawn = 0, chosen = null, lastLayer = -1;
const end = element("div", { id: "end" });
const nearEnd = new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) more(); }, { rootMargin: "900px" });

const orders = {
  layer: (a, b) => a.layer - b.layer || a.number - b.number,
  specialisation: (a, b) => (b.specialisation ?? -1) - (a.specialisation ?? -1) || b.activation - a.activation,
  generalists: (a, b) => (a.specialisation ?? 2) - (b.specialisation ?? 2) || b.activation - a.activation,
  activation: (a, b) => (b.activation ?? -Infinity) - (a.activation ?? -Infinity),
};

function choose() {
  const layer = $("layer").value, genre = $("genre").value;
  shown = neurons.filter((neuron) => (layer === "" || neuron.layer === Number(layer)) && (genre === "" || neuron.genre === Number(genre)));
  shown.sort(orders[$("sort").value]);
  location.hash = new URLSearchParams({ layer, genre, sort: $("sort").value }).toString();
  grid.replaceChildren(end);
  drawn = 0;
  lastLayer = -1;
  if (!shown.length) grid.prepend(element("p", { className: "empty", textContent: "No neuron answers to that." }));
  count();
  more();
}

function count() {
  $("count").textContent = allowed ? `${shown.length} neuron${shown.length === 1 ? "" : "s"}` : "click once on the page to let it play on hover";
}

function more() {
  const part = shown.slice(drawn, drawn + AT_ONCE);
  drawn += part.length;
  for (const neuron of part) {
    if ($("sort").value === "layer" && neuron.layer !== lastLayer) end.before(heading(data.layers[neuron.layer]));
    lastLayer = neuron.layer;
    end.before(tile(neuron));
  }
  nearEnd.unobserve(end);
  if (drawn < shown.length) nearEnd.observe(end);
}

function heading(layer) {
  const excerpts = layer.excerpts === 1 ? "the one moment" : `the ${layer.excerpts} moments`;
  return element("h2", { textContent: layer.name }, element("small", { textContent: `hears ${layer.seconds.toFixed(2)} s · ${excerpts} that excite it most` }));
}

function tile(neuron) {
  const made = element("button", {
    type: "button", className: neuron.excerpts.length ? "tile" : "tile dead", "aria-pressed": String(neuron === chosen), "data-id": neurons.indexOf(neuron),
    "aria-label": `${nameOf(neuron)}, ${neuron.genre < 0 ? (neuron.excerpts.length ? "no genre known" : "never fires") : `most often ${data.genres[neuron.genre]}`}`,
  }, look(neuron), element("span", { className: "says" },
    element("span", { className: "name" }, element("span", { textContent: data.layers[neuron.layer].name }), element("b", { textContent: neuron.number })),
    bars(neuron)));
  let timer = 0;
  made.addEventListener("pointerenter", (event) => {
    if (event.pointerType === "mouse" && $("hover").checked) timer = setTimeout(() => { select(neuron); play(neuron); }, HOVER_MS);
  });
  made.addEventListener("pointerleave", (event) => {
    clearTimeout(timer);
    if (event.pointerType === "mouse" && $("hover").checked && playing === neuron && stopAt === Infinity) stop();
  });
  made.addEventListener("click", () => {
    clearTimeout(timer);
    select(neuron);
    if (playing === neuron && !player.paused && !$("hover").checked) stop();
    else play(neuron);
  });
  made.addEventListener("focus", () => select(neuron));
  return made;
}

function look(neuron) {
  const made = element("span", { className: "look" });
  if (neuron.picture) made.append(element("img", { src: fileOf(neuron, "png"), alt: "", loading: "lazy", decoding: "async" }));
  made.append(element("i"));
  return made;
}

function bars(neuron) {
  const most = Math.max(1, ...neuron.counts);
  return element("span", { className: "bars", "aria-hidden": "true" }, ...data.genres.map((genre, i) => element("i", {
    title: genre, style: { "--c": data.colours[i], height: `${(100 * (neuron.counts[i] ?? 0)) / most}%` },
  })));
}

function select(neuron) {
  if (chosen === neuron) return;
  chosen = neuron;
  for (const pressed of grid.querySelectorAll('[aria-pressed="true"]')) pressed.setAttribute("aria-pressed", "false");
  grid.querySelector(`[data-id="${neurons.indexOf(neuron)}"]`)?.setAttribute("aria-pressed", "true");
  const layer = data.layers[neuron.layer];
  const dead = !neuron.excerpts.length;
  const what = dead ? "Nothing in this data set excites it." : neuron.specialisation === null ? "" : character(neuron);
  detail.replaceChildren(element("h2", { textContent: nameOf(neuron) }), element("p", { className: "soft", textContent: what }));
  detail.setAttribute("data-id", neurons.indexOf(neuron));
  if (dead) return;
  detail.append(look(neuron), element("p", { className: "axis" }, element("span", { textContent: "0 s" }), element("span", { textContent: "low notes below, high above" }), element("span", { textContent: `${layer.seconds.toFixed(2)} s` })));
  if (neuron.counts.length) detail.append(element("h3", { textContent: `Genres of the ${neuron.counts.reduce((a, b) => a + b)} tracks that excite it most` }), histogram(neuron));
  detail.append(element("h3", { textContent: neuron.excerpts.length === 1 ? "The moment" : "The moments, strongest first" }), excerpts(neuron));
}

function character(neuron) {
  const share = Math.round(100 * neuron.specialisation);
  const kind = share >= 60 ? "A specialist" : share >= 35 ? "Leans to a few genres" : "A generalist";
  return `${kind}: specialisation ${share} %.`;
}

function histogram(neuron) {
  const most = Math.max(1, ...neuron.counts);
  const order = data.genres.map((_, i) => i).sort((a, b) => neuron.counts[b] - neuron.counts[a]);
  return element("ul", { className: "hist" }, ...order.filter((i) => neuron.counts[i]).map((i) => element("li", {},
    element("span", { textContent: data.genres[i] }),
    element("span", { className: "rail" }, element("i", { style: { width: `${(100 * neuron.counts[i]) / most}%`, "--c": data.colours[i] } })),
    element("span", { textContent: neuron.counts[i] }))));
}

function excerpts(neuron) {
  const length = data.layers[neuron.layer].seconds;
  return element("ol", { className: "excerpts" }, ...neuron.excerpts.map(([track, start, stopped, activation, at]) => {
    const [name, genre] = data.tracks[track];
    const row = element("button", { type: "button", disabled: at === null },
      element("i", { className: "swatch", style: { "--c": genre < 0 ? "var(--dim)" : data.colours[genre] } }),
      element("span", { className: "track", textContent: name }, element("span", { textContent: `${start.toFixed(2)} to ${stopped.toFixed(2)} s${genre < 0 ? "" : ` · ${data.genres[genre]}`}` })),
      element("span", { textContent: activation.toFixed(2) }));
    if (at !== null) row.addEventListener("click", () => play(neuron, at, at + length));
    return element("li", {}, row);
  }));
}

/* Arrow keys walk over the tiles as they lie; Enter and space play, as on any button. */
grid.addEventListener("keydown", (event) => {
  const tiles = [...grid.querySelectorAll(".tile")];
  const at = tiles.indexOf(document.activeElement);
  if (at < 0) return;
  const here = tiles[at].getBoundingClientRect();
  const line = (step) => {
    for (let i = at + step; tiles[i]; i += step) {
      const there = tiles[i].getBoundingClientRect();
      if (Math.abs(there.top - here.top) > 4 && Math.abs(there.left - here.left) < here.width / 2) return tiles[i];
    }
    return null;
  };
  const next = { ArrowRight: () => tiles[at + 1], ArrowLeft: () => tiles[at - 1], ArrowDown: () => line(1), ArrowUp: () => line(-1) }[event.key]?.();
  if (!next) return;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: "nearest" });
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape") stop(); });

data.layers.forEach((layer, i) => $("layer").append(element("option", { value: i, textContent: layer.name })));
data.genres.forEach((genre, i) => $("genre").append(element("option", { value: i, textContent: genre })));
if (!data.genres.length) $("genre").parentElement.hidden = true;
const asked = new URLSearchParams(location.hash.slice(1));
for (const id of ["layer", "genre", "sort"]) if (asked.get(id)) $(id).value = asked.get(id);
for (const id of ["layer", "genre", "sort"]) { if ($(id).selectedIndex < 0) $(id).selectedIndex = 0; $(id).addEventListener("change", choose); }
choose();
// A narrow page shows the tiles first: there the details lie over them.
if (shown.length && innerWidth > 860) select(shown.find((neuron) => neuron.excerpts.length) ?? shown[0]);
