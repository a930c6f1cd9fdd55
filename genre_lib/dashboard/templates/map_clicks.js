export default {
  render({ model, el }) {
    el.hidden = true;
    const listening = new WeakSet();
    const listen = () => {
      const plot = el.closest(".genre-map")?.querySelector(".js-plotly-plot");
      // Plotly gives an element its `on` when it has drawn.
      if (!plot?.on || listening.has(plot)) return;
      listening.add(plot);
      plot.on("plotly_click", ({ points }) => {
        model.set("pressed", points[0].customdata[2]);
        model.save_changes();
      });
    };
    const waiting = setInterval(listen, 300);
    return () => clearInterval(waiting);
  },
};
