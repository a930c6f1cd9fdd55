"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const bytes = Uint8Array.from(atob(data.belief), (c) => c.charCodeAt(0));
  const nGenres = data.genres.length;
  const nBins = data.states.length;
  const [chart, head, tip, now, clock, play] = ["chart", "head", "tip", "now", "clock", "play"].map(byId);
  const audio = document.querySelector("audio");
  const rows = [...document.querySelectorAll("tbody tr")];
  let position = 0;

  const time = (s) => {
    const t = Math.round(s), h = Math.floor(t / 3600), m = Math.floor((t % 3600) / 60), ss = String(t % 60).padStart(2, "0");
    return h ? `${h}:${String(m).padStart(2, "0")}:${ss}` : `${m}:${ss}`;
  };
  const clamp = (x, low, high) => Math.min(high, Math.max(low, x));

  function beliefAt(s) {
    const bin = clamp(Math.floor((s / data.duration) * nBins), 0, nBins - 1);
    const ranked = data.genres
      .map((genre, i) => ({ genre, p: bytes[bin * nGenres + i] / 255 }))
      .sort((a, b) => b.p - a.p);
    return { state: { m: "music", u: "unsure", s: "silence" }[data.states[bin]], ranked };
  }

  function entry(className, colour, name, value) {
    const item = document.createElement(className === "tip" ? "div" : "span");
    const swatch = document.createElement("i");
    swatch.className = colour ? "swatch" : `swatch ${name}`;
    if (colour) swatch.style.setProperty("--c", colour);
    const label = document.createElement(value && className !== "tip" ? "b" : "span");
    label.textContent = name;
    item.append(swatch, label);
    if (value) {
      const number = document.createElement("span");
      number.textContent = value;
      item.append(number);
    }
    return item;
  }

  function describe(target, className, s, count) {
    const { state, ranked } = beliefAt(s);
    const items = state === "silence" ? [] : ranked.slice(0, count).filter((r) => r.p >= 0.02);
    const parts = items.map((r) => entry(className, data.colours[r.genre], r.genre, `${Math.round(100 * r.p)} %`));
    if (state !== "music") parts.unshift(entry(className, "", state, ""));
    target.replaceChildren(...parts);
    const words = items.length ? `${items[0].genre} ${Math.round(100 * items[0].p)} %` : "";
    return state === "music" ? words : state === "silence" ? "silence" : `unsure, perhaps ${words}`;
  }

  function show(s) {
    position = clamp(s, 0, data.duration);
    head.style.left = `${(100 * position) / data.duration}%`;
    clock.firstChild.data = `${time(position)} `;
    const words = describe(now, "now", position, 3);
    chart.setAttribute("aria-valuenow", position.toFixed(1));
    chart.setAttribute("aria-valuetext", `${time(position)}, ${words}`);
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
    describe(tip, "tip", share * data.duration, 4);
    const when = document.createElement("b");
    when.textContent = time(share * data.duration);
    tip.prepend(when);
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
  });
  rows.forEach((row) => row.querySelector("button").addEventListener("click", () => seek(+row.dataset.start)));

  const toggle = () => (audio.paused ? audio.play().catch(failed) : audio.pause());
  const failed = () => {
    play.hidden = true;
    now.textContent = "This browser cannot play the recording; the curve can still be read.";
  };
  if (audio) {
    audio.removeAttribute("controls");
    play.hidden = false;
    play.addEventListener("click", toggle);
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
  }
  const fit = () => document.querySelectorAll(".ribbon i").forEach((segment) => {
    segment.classList.remove("tight");
    segment.classList.toggle("tight", segment.scrollWidth > segment.clientWidth);
  });
  addEventListener("resize", fit);
  fit();
  show(0);
})();
