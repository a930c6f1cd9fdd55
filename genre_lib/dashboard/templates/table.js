export default {
  render({ model, el }) {
    el.classList.add("genre-table");
    const columns = [
      ["Recording", (row) => row.name.toLowerCase()],
      ["Heard as", (row) => (row.error ? "~~" : row.state === "music" ? row.genre : `~${row.said ?? row.state}`)],
      ["Belief", (row) => row.p ?? -1],
      ["Next", (row) => row.second ?? "~"],
      ["Length", (row) => row.seconds ?? -1],
      ["Tag in the file", (row) => row.tag?.toLowerCase() || "~"],
    ];
    // As on the page.
    const spoken = (genre) => (genre === "hiphop" ? "hip hop" : genre.replaceAll("_", " "));
    const percent = (p) =>
      p > 0.99 && p < 1 ? ">\u00a099\u00a0%" : p > 0 && p < 0.01 ? "<\u00a01\u00a0%" : `${Math.round(100 * p)}\u00a0%`;
    let sorted = { column: -1, ascending: true };

    const make = (tag, text, className) => {
      const made = document.createElement(tag);
      if (text !== undefined) made.textContent = text;
      if (className) made.className = className;
      return made;
    };

    const table = make("table");
    const head = make("tr");
    columns.forEach(([name], column) => {
      const cell = make("th");
      const button = make("button", name);
      button.type = "button";
      button.addEventListener("click", () => {
        sorted = { column, ascending: sorted.column === column ? !sorted.ascending : column !== 2 };
        draw();
      });
      cell.append(button);
      head.append(cell);
    });
    const body = make("tbody");
    const top = make("thead");
    top.append(head);
    table.append(top, body);
    const only = make("input");
    only.type = "checkbox";
    const filter = make("label", " ", "filter");
    filter.prepend(only);
    const filterText = make("span");
    filter.append(filterText);
    only.addEventListener("change", () => draw());
    el.append(filter, table);

    function line(row, index) {
      const made = make("tr");
      const name = make("td");
      if (row.playable) {
        const button = make("button", row.name, "link");
        button.type = "button";
        button.title = "Listen";
        button.addEventListener("click", () => {
          model.set("chosen", -1);
          model.set("chosen", index);
          model.save_changes();
        });
        name.append(button);
      } else name.textContent = row.name;
      if (row.warning) name.append(make("small", row.warning, "warning"));
      made.append(name);
      if (row.error) {
        const cell = make("td", row.error, "error");
        cell.colSpan = 5;
        made.append(cell);
        return made;
      }
      const answer = make("td");
      const swatch = make("i", "", `swatch ${row.state}`);
      if (row.colour) swatch.style.setProperty("--c", row.colour);
      answer.append(swatch, make("span", row.said ?? row.state));
      if (row.state === "unsure" || row.state === "mixed") answer.append(make("small", row.state === "mixed" ? ` most of it ${spoken(row.genre)}` : ` perhaps ${spoken(row.genre)}`));
      const p = make("td", undefined, "p");
      if (row.p !== undefined) {
        const bar = make("span", undefined, "bar");
        const fill = make("i");
        fill.style.cssText = `width:${100 * row.p}%;--c:${row.colour}`;
        bar.append(fill);
        p.append(make("span", percent(row.p)), bar);
      }
      made.append(answer, p, make("td", row.second ? `${spoken(row.second)} ${percent(row.p_second)}` : ""), make("td", row.length));
      const tag = make("td", row.tag ?? "");
      if (row.contradicts) tag.append(make("small", " contradicts"));
      made.append(tag);
      return made;
    }

    function draw() {
      const all = model.get("rows").map((row, index) => ({ row, index }));
      const contradicting = all.filter(({ row }) => row.contradicts);
      filterText.textContent = `only those whose tag contradicts what is heard (${contradicting.length})`;
      filter.hidden = !contradicting.length;
      const rows = only.checked && contradicting.length ? contradicting : all;
      if (sorted.column >= 0) {
        const key = columns[sorted.column][1];
        const sign = sorted.ascending ? 1 : -1;
        rows.sort((a, b) => {
          const [x, y] = [key(a.row), key(b.row)];
          return sign * (x < y ? -1 : x > y ? 1 : 0) || a.index - b.index;
        });
      }
      [...head.children].forEach((cell, column) => {
        const order = column !== sorted.column ? "none" : sorted.ascending ? "ascending" : "descending";
        cell.setAttribute("aria-sort", order);
      });
      body.replaceChildren(...rows.map(({ row, index }) => line(row, index)));
      table.hidden = !rows.length;
    }
    model.on("change:rows", draw);
    draw();
  },
};
