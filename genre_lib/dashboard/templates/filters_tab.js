const AT_ONCE = 96, ASK_EVERY_MS = 350;

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

export default {
  render({ model, el }) {
    el.classList.add("genre-filters");

    /* The song is the one of the player in the first tab: this tab only looks at its clock, and may start and stop it. */
    const song = () => {
      for (const player of document.querySelectorAll(".genre-player")) {
        const audio = player.shadowRoot?.querySelector("audio");
        if (audio) return audio;
      }
      return null;
    };
    const go = element("button", { type: "button", className: "gf-go", textContent: "▶", "aria-label": "Play the song" });
    const where = element("input", { type: "range", min: 0, max: 1000, value: 0, "aria-label": "Position in the song" });
    const time = element("span", { className: "gf-clock" });
    const transport = element("div", { className: "gf-transport" }, go, where, time);
    const heading = element("h2", { textContent: "Firing now" });
    const said = element("p", { className: "gf-said", role: "status" });
    const cards = element("div", { className: "gf-cards" });
    const place = element("select", { "aria-label": "Music to find them in" });
    const find = element("button", { type: "button", className: "gf-find-go" });
    const progress = element("span", { className: "gf-found", role: "status" });
    const other = element("span", { textContent: "Find them in other music" });
    const finder = element("div", { className: "gf-find", hidden: true }, other, place, find, progress);
    const hint = element("p", { className: "gf-hint", textContent: "Each picture is the average spectrogram of the moments that excite a neuron most. Click to hear them." });
    const layerChoice = element("select", { "aria-label": "Layer" });
    const genreChoice = element("select", { "aria-label": "Answers to" });
    const order = element("select", { "aria-label": "Sort by" },
      ...[["layer", "by layer"], ["specialisation", "specialists first"], ["generalists", "generalists first"], ["activation", "by activation"]]
        .map(([value, textContent]) => element("option", { value, textContent })));
    const count = element("span", { className: "gf-count" });
    const everything = element("h2", { textContent: "All neurons" });
    const grid = element("div", { className: "gf-grid" });
    const end = element("div", { className: "gf-end" });
    const bar = element("div", { className: "gf-bar" }, everything, layerChoice, genreChoice, order, count);
    const all = element("section", { className: "gf-all" }, bar, grid);
    el.append(element("section", { className: "gf-now" }, element("div", { className: "gf-head" }, heading, transport), said, cards, hint), all);

    let data = { neurons: [] }, neurons = [], urls = new Map(), asked = new Set(), queue = new Set(), waiting = 0;

    /* Pictures are asked for together, a moment after they come into view. */
    const near = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) { near.unobserve(target); picture(target); }
    }, { rootMargin: "500px" });
    function picture(image) {
      const id = Number(image.dataset.id);
      const key = `picture ${id}`;
      if (urls.has(key)) { image.src = urls.get(key); return; }
      if (asked.has(key) || !neurons[id]?.picture) return;
      asked.add(key);
      queue.add(id);
      if (!waiting) waiting = setTimeout(() => {
        waiting = 0;
        model.send({ want: "picture", run: data.run, ids: [...queue] });
        queue.clear();
      }, 40);
    }

    const player = new Audio();
    let playing = -1, wanted = -1;
    function play(id) {
      if (playing === id && !player.paused) { player.pause(); return; }
      if (!neurons[id].sound) return;
      wanted = id;
      const key = `sound ${id}`;
      if (!urls.has(key)) { model.send({ want: "sound", run: data.run, ids: [id] }); return; }
      song()?.pause();
      playing = id;
      player.src = urls.get(key);
      player.play().catch(() => {});
      follow();
    }
    function follow() {
      const share = player.duration && !player.paused ? player.currentTime / player.duration : 0;
      for (const bar of el.querySelectorAll(".gf-look i")) bar.style.transform = Number(bar.dataset.id) === playing ? `scaleX(${share})` : "";
      for (const tile of el.querySelectorAll(".gf-tile")) tile.classList.toggle("sounds", !player.paused && Number(tile.dataset.id) === playing);
      if (!player.paused) requestAnimationFrame(follow);
    }
    for (const event of ["pause", "ended"]) player.addEventListener(event, follow);

    function tile(id, extra = []) {
      const neuron = neurons[id];
      const genre = neuron.genre < 0 ? (neuron.excerpts.length ? "no genre known" : "never fires") : data.genres[neuron.genre];
      const image = element("img", { alt: "", "data-id": id });
      const tracks = neuron.excerpts.map(([track, start]) => `${data.tracks[track][0]}, ${clock(start)}`).join("\n");
      const made = element("button", {
        type: "button", className: neuron.sound ? "gf-tile" : "gf-tile mute", "data-id": id, title: tracks,
        "aria-label": `${data.layers[neuron.layer].name} ${neuron.number}, ${genre}`,
      },
        element("span", { className: neuron.picture ? "gf-look" : "gf-look dead" }, ...(neuron.picture ? [image] : []), element("i", { "data-id": id })),
        element("span", { className: "gf-name" }, element("span", { textContent: data.layers[neuron.layer].name }), element("b", { textContent: neuron.number })),
        element("span", { className: "gf-genre" }, element("i", { style: { "--c": neuron.genre < 0 ? "var(--line)" : data.colours[neuron.genre] } }), element("span", { textContent: genre })),
        ...extra);
      made.addEventListener("click", () => play(id));
      if (neuron.picture) near.observe(image);
      return made;
    }

    /* Neurons that stay keep their place, so that the eye can follow. */
    let slots = [];
    function firing(now) {
      const strength = new Map(now);
      const free = now.map(([id]) => id).filter((id) => !slots.includes(id));
      slots = Array.from({ length: now.length }, (_, i) => (strength.has(slots[i]) ? slots[i] : free.shift()));
      slots.forEach((id, i) => {
        let card = cards.children[i];
        if (!card || Number(card.dataset.id) !== id) {
          const fresh = tile(id, [element("span", { className: "gf-strength" }, element("i", {}), element("span", {}))]);
          if (card) { near.unobserve(card.querySelector("img") ?? card); card.replaceWith(fresh); } else cards.append(fresh);
          card = fresh;
        }
        const share = strength.get(id);
        card.querySelector(".gf-strength i").style.width = `${Math.min(100, 100 * share)}%`;
        card.querySelector(".gf-strength span").textContent = share > 1.005 ? "beyond its strongest" : `${Math.round(100 * share)} % of its strongest`;
      });
      while (cards.children.length > now.length) cards.lastChild.remove();
    }

    let shown = [], drawn = 0, lastLayer = -1;
    const orders = {
      layer: (a, b) => neurons[a].layer - neurons[b].layer || neurons[a].number - neurons[b].number,
      specialisation: (a, b) => (neurons[b].specialisation ?? -1) - (neurons[a].specialisation ?? -1),
      generalists: (a, b) => (neurons[a].specialisation ?? 2) - (neurons[b].specialisation ?? 2),
      activation: (a, b) => (neurons[b].activation ?? -Infinity) - (neurons[a].activation ?? -Infinity),
    };
    const nearEnd = new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) more(); }, { rootMargin: "600px" });
    function choose() {
      const layer = layerChoice.value, genre = genreChoice.value;
      shown = neurons.map((_, id) => id).filter((id) => (layer === "" || neurons[id].layer === Number(layer)) && (genre === "" || neurons[id].genre === Number(genre)));
      shown.sort(orders[order.value]);
      grid.replaceChildren(end);
      drawn = 0;
      lastLayer = -1;
      count.textContent = `${shown.length} of ${neurons.length}`;
      more();
    }
    function more() {
      for (const id of shown.slice(drawn, drawn + AT_ONCE)) {
        const { layer } = neurons[id];
        if (order.value === "layer" && layer !== lastLayer) {
          end.before(element("h3", { textContent: data.layers[layer].name }, element("small", { textContent: `hears ${data.layers[layer].seconds.toFixed(2)} s` })));
        }
        lastLayer = layer;
        end.before(tile(id));
      }
      drawn += AT_ONCE;
      nearEnd.unobserve(end);
      if (drawn < shown.length) nearEnd.observe(end);
    }
    for (const choice of [layerChoice, genreChoice, order]) choice.addEventListener("change", choose);

    function draw() {
      player.pause();
      for (const url of urls.values()) URL.revokeObjectURL(url);
      urls = new Map();
      asked = new Set();
      queue.clear();
      playing = wanted = -1;
      slots = [];
      last = "";
      cards.replaceChildren();
      data = model.get("data");
      neurons = (data.neurons ?? []).map(([layer, number, activation, counts, specialisation, picture, sound, excerpts]) => ({
        layer, number, activation, specialisation, picture, sound, excerpts, genre: counts.length ? counts.indexOf(Math.max(...counts)) : -1,
      }));
      all.hidden = !neurons.length;
      heading.textContent = neurons.length ? "Firing now" : "Filters";
      offer();
      if (!neurons.length) { grid.replaceChildren(); return; }
      everything.textContent = `All neurons, and what they heard in ${data.data_set}`;
      layerChoice.replaceChildren(element("option", { value: "", textContent: "all layers" }), ...data.layers.map(({ name }, i) => element("option", { value: i, textContent: name })));
      genreChoice.replaceChildren(element("option", { value: "", textContent: "any genre" }), ...data.genres.map((name, i) => element("option", { value: i, textContent: name })));
      choose();
    }

    /* While the tab is looked at: where is the song, and has it moved? */
    let last = "";
    const visible = () => el.isConnected && el.offsetParent !== null;
    function tick() {
      if (!visible()) return;
      if (!data.run) { model.send({ want: "all" }); data = { ...data, run: -1 }; return; }
      const audio = song();
      transport.hidden = !audio || !neurons.length;
      if (!neurons.length) return;
      const at = audio ? audio.currentTime : 0;
      if (audio) {
        go.textContent = audio.paused ? "▶" : "❚❚";
        go.setAttribute("aria-label", audio.paused ? "Play the song" : "Pause the song");
        if (document.activeElement !== where || !audio.paused) where.value = 1000 * at / (audio.duration || 1);
        time.textContent = `${clock(at)} / ${clock(audio.duration || 0)}`;
        if (!audio.paused && !player.paused) player.pause();
      }
      const now = `${audio?.src} ${at.toFixed(2)}`;
      if (now === last) return;
      last = now;
      model.send({ want: "now", run: data.run, time: at });
    }
    const timer = setInterval(tick, ASK_EVERY_MS);
    go.addEventListener("click", () => { const audio = song(); if (audio) { player.pause(); if (audio.paused) audio.play(); else audio.pause(); } });
    where.addEventListener("input", () => { const audio = song(); if (audio?.duration) audio.currentTime = audio.duration * where.value / 1000; });

    function offer() {
      const places = model.get("places"), finding = model.get("finding"), chosen = place.value;
      place.replaceChildren(...places.map((name) => element("option", { value: name, textContent: name })));
      if (places.includes(chosen)) place.value = chosen;
      finder.hidden = places.length < (neurons.length ? 2 : 1) && !finding;
      /* The one thing to do where there is nothing to see, else an aside. */
      other.hidden = !neurons.length;
      finder.classList.toggle("first", !neurons.length);
      const before = neurons.length ? bar : hint;
      if (before.nextSibling !== finder) before.after(finder);
      place.disabled = Boolean(finding);
      find.textContent = finding ? "Stop" : neurons.length ? "Find" : "Find them";
      progress.textContent = finding || model.get("trouble");
    }
    find.addEventListener("click", () => model.send(model.get("finding") ? { want: "stop" } : { want: "find", place: place.value }));

    function tell() {
      said.textContent = model.get("said");
      said.hidden = !said.textContent;
      cards.hidden = hint.hidden = !said.hidden;
      offer();
    }
    function received(content, buffers) {
      if (content.ready) { last = ""; tick(); return; }
      if (content.run !== data.run) return;
      if (content.now) {
        heading.textContent = `Firing now, at ${clock(content.time)} of ${content.title}`;
        firing(content.now);
        return;
      }
      content.ids.forEach((id, i) => {
        const type = content.have === "picture" ? "image/png" : "audio/wav";
        urls.set(`${content.have} ${id}`, URL.createObjectURL(new Blob([buffers[i]], { type })));
        if (content.have === "picture") for (const image of el.querySelectorAll(`img[data-id="${id}"]`)) image.src = urls.get(`picture ${id}`);
        else if (wanted === id) play(id);
      });
    }
    model.on("msg:custom", received);
    model.on("change:data", draw);
    model.on("change:said", tell);
    for (const name of ["places", "finding", "trouble"]) model.on(`change:${name}`, offer);
    tell();
    draw();
    return () => {
      clearInterval(timer);
      player.pause();
      near.disconnect();
      nearEnd.disconnect();
      model.off("msg:custom", received);
      model.off("change:data", draw);
      model.off("change:said", tell);
      for (const name of ["places", "finding", "trouble"]) model.off(`change:${name}`, offer);
      for (const url of urls.values()) URL.revokeObjectURL(url);
    };
  },
};
