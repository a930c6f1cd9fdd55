"""Figures in notebooks: an interactive one, a picture of it for everything that cannot draw Plotly's, and words.

An output that holds Plotly's type alone is empty wherever a notebook goes: nbconvert, GitHub, a mail. The picture is
drawn by a browser on this machine; without one the other two are there.
"""

from __future__ import annotations

import base64
import os
import sys
from functools import lru_cache
from typing import Any

import plotly.io as pio
from plotly.io.base_renderers import ExternalRenderer

from genre_lib.figures.alternative_text import alternative_text
from genre_lib.figures.files import HEIGHT, WIDTH, draw_png

RENDERER = "genre_notebook"


@lru_cache(maxsize=1)
def show_with_pictures() -> None:
    """From now on this kernel's figures carry a picture; outside of a kernel, or where a renderer was chosen, nothing.

    A renderer is chosen by Plotly's own means: the variable ``PLOTLY_RENDERER`` before the start, or
    ``plotly.io.renderers.default`` at any time.
    """
    if "ipykernel" in sys.modules and "PLOTLY_RENDERER" not in os.environ:
        pio.renderers[RENDERER] = NotebookRenderer()
        pio.renderers.default = RENDERER


def figure_output(figure: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """MIME bundle and metadata of a figure's output.

    Parameters
    ----------
    figure : dict
        A figure's content, as `plotly.graph_objects.Figure.to_dict` gives it.

    Returns
    -------
    bundle : dict
        Plotly's type; ``image/png`` where a browser could draw it; ``text/plain`` with what it shows in words.
    metadata : dict
        The same words as the picture's alternative text, where nbconvert and Jupyter look for it.
    """
    words = alternative_text(figure)
    bundle = {**pio.renderers["plotly_mimetype"].to_mimebundle(figure), "text/plain": words}
    picture = draw_png(figure)
    if picture is None:
        return bundle, {}
    height = figure.get("layout", {}).get("height") or HEIGHT
    bundle["image/png"] = base64.b64encode(picture).decode()
    # Half as large as it is drawn: sharp on screens of high resolution.
    return bundle, {"image/png": {"alt": words, "width": WIDTH, "height": height}}


class NotebookRenderer(ExternalRenderer):  # type: ignore[misc]
    """Plotly's mechanism for "shows it itself": the ready-made ones cannot give an output metadata."""

    def render(self, fig_dict: dict[str, Any]) -> None:
        """Show a figure below its cell."""
        from IPython.display import display

        bundle, metadata = figure_output(fig_dict)
        display(bundle, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]
