export default {
  render({ model, el }) {
    el.classList.add("genre-player");
    const root = el.attachShadow({ mode: "open" });
    const style = document.createElement("style");
    style.textContent = CSS;
    const main = document.createElement("main");
    root.append(style, main);

    let shown = null;
    let pieces = [];
    let source = "";

    function forget() {
      pieces = [];
      const playing = root.querySelector("audio");
      if (playing) playing.pause();
      if (source) URL.revokeObjectURL(source);
      source = "";
    }

    function draw() {
      forget();
      main.innerHTML = model.get("page");
      shown = null;
      if (!main.firstElementChild) return;
      shown = songPage(root, model.get("data"));
      root.querySelectorAll("[data-want]").forEach((button) =>
        button.addEventListener("click", () => {
          button.classList.add("busy");
          model.send({ want: button.dataset.want });
        }),
      );
      ask(0, false);
    }

    function ask(offset, encoded) {
      model.send({ want: "sound", song: model.get("data").song, offset, encoded });
      asked = encoded;
    }
    let asked = false;

    function play(type) {
      const audio = document.createElement("audio");
      source = URL.createObjectURL(new Blob(pieces, { type }));
      pieces = [];
      audio.preload = "auto";
      // What the browser cannot play comes again as mp3; what it cannot play then is said by the page's own script.
      const again = (event) => {
        if (asked) return;
        event.stopImmediatePropagation();
        audio.remove();
        forget();
        ask(0, true);
      };
      audio.addEventListener("error", again);
      audio.addEventListener("loadedmetadata", () => audio.removeEventListener("error", again), { once: true });
      root.querySelector(".player").append(audio);
      shown.ready(audio);
      audio.src = source;
    }

    function say(sentence) {
      const note = document.createElement("p");
      note.className = "warning";
      note.setAttribute("role", "alert");
      note.textContent = sentence;
      root.querySelector("header")?.after(note);
    }

    function received(content, buffers) {
      if ("sound" in content) {
        if (!shown || content.sound !== model.get("data").song) return;
        const bytes = buffers[0];
        pieces.push(bytes);
        const next = content.offset + bytes.byteLength;
        if (next < content.size && bytes.byteLength) ask(next, asked);
        else play(content.type);
      } else if ("save" in content) {
        root.querySelectorAll(".busy").forEach((button) => button.classList.remove("busy"));
        const link = document.createElement("a");
        link.href = URL.createObjectURL(new Blob([buffers[0]]));
        link.download = content.save;
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 10000);
      } else if ("trouble" in content) {
        root.querySelectorAll(".busy").forEach((button) => button.classList.remove("busy"));
        say(content.trouble);
      }
    }

    model.on("msg:custom", received);
    model.on("change:data", draw);
    model.on("change:page", () => { if (!model.get("page")) draw(); });
    draw();
    return () => {
      model.off("msg:custom", received);
      model.off("change:data", draw);
      forget();
    };
  },
};
