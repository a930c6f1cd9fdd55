export default {
  render({ model, el }) {
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const told = () => {
      model.set({ query: location.search, dark: scheme.matches, arrived: true });
      model.save_changes();
    };
    scheme.addEventListener("change", told);
    told();

    const note = document.createElement("div");
    note.className = "genre-gone";
    note.setAttribute("role", "alertdialog");
    note.setAttribute("aria-label", "The connection is gone");
    note.hidden = true;
    note.innerHTML =
      "<p><b>This visit has ended.</b> <span></span></p><button type=\"button\">Start again</button>";
    note.querySelector("button").addEventListener("click", () => location.reload());
    el.append(note);
    const gone = (sentence) => {
      if (leaving) return;
      note.querySelector("span").textContent = sentence;
      note.hidden = false;
    };

    let leaving = false;
    addEventListener("beforeunload", () => { leaving = true; });
    const manager = model.widget_manager;
    const kernel = manager?.kernel ?? manager?.context?.sessionContext?.session?.kernel;
    if (!kernel) return;
    kernel.statusChanged.connect((_, status) => {
      // After a crash the server starts an empty kernel under the same name: this page knows nothing in it.
      if (["autorestarting", "restarting", "dead", "terminating"].includes(status)) {
        gone("What you hear and see stays, but the model no longer answers: it stopped, or rested after a long pause.");
      }
    });
    kernel.connectionStatusChanged.connect((_, status) => {
      if (status === "connected") return;
      setTimeout(() => {
        if (kernel.connectionStatus !== "connected") gone("The dashboard cannot be reached: it was stopped, or the network is down.");
      }, 4000);
    });
    kernel.disposed.connect(() => gone("The model no longer answers."));
  },
};
