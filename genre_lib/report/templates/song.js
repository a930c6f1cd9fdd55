"use strict";
/* Brings a song's page to life inside `root`, a document or a shadow root: playhead, seeking, what is under the
   pointer, what the model believes right now. Returns `ready(audio)`, which takes a player that comes later. */
function songPage(root, data) {
  const byId = (id) => root.getElementById(id);
  const all = (selector) => [...root.querySelectorAll(selector)];
  const [chart, head, tip, now, clock, play] = ["chart", "head", "tip", "now", "clock", "play"].map(byId);
  const rows = all("tbody tr");
  const lanes = data.lanes.map((lane) => ({
    ...lane,
    bytes: Uint8Array.from(atob(lane.belief), (c) => c.charCodeAt(0)),
  }));
  let audio = null;
  let position = 0;

  const time = (s) => {
    const t = Math.floor(s), h = Math.floor(t / 3600), m = Math.floor((t % 3600) / 60), ss = String(t % 60).padStart(2, "0");
    return h ? `${h}:${String(m).padStart(2, "0")}:${ss}` : `${m}:${ss}`;
  };
  const clamp = (x, low, high) => Math.min(high, Math.max(low, x));
  // As on the page: never a 100 % or 0 % that is not exact.
  const percent = (p) =>
    p > 0.99 && p < 1 ? ">\u00a099\u00a0%" : p > 0 && p < 0.01 ? "<\u00a01\u00a0%" : `${Math.round(100 * p)}\u00a0%`;

  function beliefAt(lane, s) {
    const nBins = lane.states.length;
    const bin = clamp(Math.floor((s / data.duration) * nBins), 0, nBins - 1);
    const ranked = lane.genres
      .map((genre, i) => ({ genre, p: lane.bytes[bin * lane.genres.length + i] / 255 }))
      .sort((a, b) => b.p - a.p);
    return { state: { m: "music", p: "probable", u: "unsure", s: "silence" }[lane.states[bin]], ranked };
  }

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  function entry(className, colour, name, value) {
    const item = element(className === "tip" ? "div" : "span");
    const swatch = element("i", colour ? "swatch" : `swatch ${name}`);
    if (colour) swatch.style.setProperty("--c", colour);
    item.append(swatch, element(value && className !== "tip" ? "b" : "span", "", name));
    if (value) item.append(element("span", "", value));
    return item;
  }

  function entries(className, lane, s, count) {
    const { state, ranked } = beliefAt(lane, s);
    const items = state === "silence" ? [] : ranked.slice(0, count).filter((r) => r.p >= 0.02);
    const probably = (i) => (state === "probable" && i === 0 ? "probably " : "");
    const parts = items.map((r, i) => entry(className, lane.colours[r.genre], probably(i) + lane.names[r.genre], percent(r.p)));
    if (state === "unsure" || state === "silence") parts.unshift(entry(className, "", state, ""));
    if (lane.name) parts.unshift(element(className === "tip" ? "div" : "span", "by", lane.name));
    return parts;
  }

  function words(lane, s) {
    const { state, ranked } = beliefAt(lane, s);
    const best = `${lane.names[ranked[0].genre]} ${percent(ranked[0].p)}`;
    const said = { music: best, probable: `probably ${best}`, unsure: `unsure, perhaps ${best}`, silence: "silence" }[state];
    return lane.name ? `${lane.name}: ${said}` : said;
  }

  const meters = all(".legend").map((legend, index) => [...legend.children].map((item) => {
    const meter = { item, genre: item.dataset.genre, fill: element("i"), value: element("span", "value") };
    meter.fill.style.setProperty("--c", lanes[index].colours[meter.genre]);
    const bar = element("span", "bar");
    bar.append(meter.fill);
    item.append(bar, meter.value);
    return meter;
  }));

  function showMeters(index, s) {
    const { state, ranked } = beliefAt(lanes[index], s);
    for (const { item, genre, fill, value } of meters[index]) {
      const p = state === "silence" ? 0 : ranked.find((r) => r.genre === genre).p;
      fill.style.width = `${100 * p}%`;
      value.textContent = state === "silence" ? "" : percent(p);
      item.classList.toggle("best", (state === "music" || state === "probable") && ranked[0].genre === genre);
    }
  }

  function show(s) {
    position = clamp(s, 0, data.duration);
    head.style.left = `${(100 * position) / data.duration}%`;
    clock.firstChild.data = `${time(position)} `;
    now.replaceChildren(...lanes.flatMap((lane) => entries("now", lane, position, lanes.length > 1 ? 1 : 3)));
    lanes.forEach((_, index) => showMeters(index, position));
    chart.setAttribute("aria-valuenow", position.toFixed(1));
    chart.setAttribute("aria-valuetext", `${time(position)}, ${lanes.map((lane) => words(lane, position)).join("; ")}`);
    rows.forEach((row) => row.classList.toggle("here", position >= +row.dataset.start && position < +row.dataset.stop));
  }

  function seek(s) {
    if (audio && audio.readyState) audio.currentTime = clamp(s, 0, data.duration);
    show(s);
  }

  const under = (event) => {
    const box = chart.getBoundingClientRect();
    return clamp((event.clientX - box.left) / box.width, 0, 1);
  };

  chart.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    chart.setPointerCapture(event.pointerId);
    seek(under(event) * data.duration);
  });
  chart.addEventListener("pointermove", (event) => {
    const share = under(event);
    if (event.buttons && chart.hasPointerCapture(event.pointerId)) seek(share * data.duration);
    if (event.pointerType === "touch") return;
    tip.replaceChildren(
      element("b", "", time(share * data.duration)),
      ...lanes.flatMap((lane) => entries("tip", lane, share * data.duration, 4)),
    );
    tip.hidden = false;
    const width = chart.clientWidth, x = share * width, room = tip.offsetWidth + 16;
    tip.style.transform = `translateX(${x + room > width ? x - room : x + 16}px)`;
  });
  chart.addEventListener("pointerleave", () => { tip.hidden = true; });
  chart.addEventListener("keydown", (event) => {
    const jumps = { ArrowRight: 5, ArrowUp: 5, ArrowLeft: -5, ArrowDown: -5, PageUp: 30, PageDown: -30 };
    if (event.key in jumps) seek(position + jumps[event.key]);
    else if (event.key === "Home") seek(0);
    else if (event.key === "End") seek(data.duration);
    else if ((event.key === " " || event.key === "Enter") && audio) toggle();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  rows.forEach((row) => row.querySelector("button").addEventListener("click", () => seek(+row.dataset.start)));

  const toggle = () => (audio.paused ? audio.play().catch(failed) : audio.pause());
  const failed = () => {
    play.hidden = true;
    now.textContent = "This browser cannot play the recording; the curve can still be read.";
  };

  function ready(found) {
    audio = found;
    audio.removeAttribute("controls");
    play.hidden = false;
    audio.addEventListener("error", failed);
    audio.addEventListener("seeked", () => show(audio.currentTime));
    const follow = () => {
      if (audio.paused) return;
      show(audio.currentTime);
      requestAnimationFrame(follow);
    };
    const state = () => {
      play.classList.toggle("on", !audio.paused);
      play.setAttribute("aria-label", audio.paused ? "Play" : "Pause");
      follow();
    };
    audio.addEventListener("play", state);
    audio.addEventListener("pause", state);
    audio.addEventListener("ended", state);
    audio.addEventListener("loadedmetadata", () => { if (position) audio.currentTime = position; }, { once: true });
  }
  play.addEventListener("click", () => audio && toggle());
  if (root.querySelector("audio")) ready(root.querySelector("audio"));

  const fit = () => all(".ribbon i").forEach((segment) => {
    segment.classList.remove("tight");
    segment.classList.toggle("tight", segment.scrollWidth > segment.clientWidth);
  });
  new ResizeObserver(fit).observe(chart);
  show(0);
  return { ready, seek };
}
