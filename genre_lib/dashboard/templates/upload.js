const PIECE = 2 ** 21;

export default {
  render({ model, el }) {
    const many = model.get("folders");
    const kind = many ? "multiple webkitdirectory" : model.get("several") ? "multiple" : "";
    el.classList.add("genre-upload");
    el.innerHTML = `<label class="drop"><input type="file" accept="audio/*,video/*,.au,.flac,.opus,.aif,.aiff,.m4a" ${kind}>
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 16V5m0 0L7 10m5-5 5 5M5 19h14"/></svg>
      <span><b></b><small></small></span></label>
      <div class="sending" hidden><progress max="1"></progress><span></span><button type="button">Stop</button></div>
      <p class="refusal" role="alert" hidden></p>`;
    const [drop, input, sending, bar, count, stop, refusal] = [
      ".drop", "input", ".sending", "progress", ".sending span", "button", ".refusal",
    ].map((selector) => el.querySelector(selector));
    el.querySelector("b").textContent = model.get("title");
    el.querySelector("small").textContent = model.get("hint");

    let answered = null;
    let stopped = false;
    model.on("msg:custom", (content) => answered && answered(content));
    const send = (content, buffers) =>
      new Promise((resolve) => {
        answered = resolve;
        model.send(content, undefined, buffers);
      });

    function say(sentence) {
      refusal.textContent = sentence;
      refusal.hidden = !sentence;
    }

    async function upload(file, left) {
      let answer = await send({ begin: file.name, size: file.size, left });
      for (let at = 0; at < file.size && !stopped && !answer.refused; at += PIECE) {
        const piece = await file.slice(at, at + PIECE).arrayBuffer();
        answer = await send({ left }, [piece]);
        bar.value = Math.min(1, (at + PIECE) / file.size);
      }
      if (stopped) model.send({ stop: true });
    }

    async function take(files) {
      say("");
      const limit = model.get("limit");
      const large = files.filter((file) => file.size > limit);
      const chosen = files.filter((file) => file.size <= limit);
      if (large.length) {
        const size = `${Math.round(large[0].size / 1e6)} MB`;
        const rest = large.length > 1 ? ` and ${large.length - 1} more` : "";
        say(`${large[0].name} (${size})${rest} is larger than the ${Math.round(limit / 1e6)} MB that can be taken: cut or compress it.`);
      }
      if (!chosen.length) return;
      stopped = false;
      drop.hidden = true;
      sending.hidden = false;
      for (let i = 0; i < chosen.length && !stopped; i += 1) {
        bar.value = 0;
        count.textContent = chosen.length > 1 ? `${i + 1} of ${chosen.length}` : chosen[i].name;
        try {
          await upload(chosen[i], chosen.length - i - 1);
        } catch (error) {
          say(`${chosen[i].name} cannot be read (${error.message}): choose it again.`);
        }
      }
      input.value = "";
      sending.hidden = true;
      drop.hidden = false;
    }

    const sounds = /\.(wav|flac|ogg|oga|opus|mp3|au|aiff?|caf|w64|m4a|aac|mp4|m4b|mov|mka|mkv|webm|wma|amr|ac3)$/i;
    const wanted = (files) =>
      many ? files.filter((file) => sounds.test(file.name)) : model.get("several") ? files : files.slice(0, 1);
    const chosen = (files) => {
      const found = wanted(files);
      if (files.length && !found.length) say("That folder holds no recordings: choose one with wav, flac, ogg, mp3 or m4a files.");
      else take(found);
    };
    input.addEventListener("change", () => chosen([...input.files]));
    stop.addEventListener("click", () => { stopped = true; });
    for (const moment of ["dragenter", "dragover"]) {
      drop.addEventListener(moment, (event) => {
        event.preventDefault();
        drop.classList.add("over");
      });
    }
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      chosen([...event.dataTransfer.files]);
    });
  },
};
