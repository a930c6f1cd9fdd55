"""Plotly figures in the dashboard."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import ipywidgets as widgets

from genre_lib.figures.alternative_text import alternative_text

if TYPE_CHECKING:
    import plotly.graph_objects as go


def plotly_output(figure: go.Figure) -> widgets.Output:
    """A figure as the renderer of Plotly's own package draws it: no widget, no 5 MB of script through the kernel."""
    figure.update_layout(paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)", autosize=True, width=None)
    values = {**json.loads(figure.to_json()), "config": {"displaylogo": False, "responsive": True}}
    data = {"application/vnd.plotly.v1+json": values, "text/plain": alternative_text(figure)}
    return widgets.Output(outputs=({"output_type": "display_data", "data": data, "metadata": {}},))
