"""A medley of held-out clips: what plays above, what is believed below."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from genre_lib.figures.palette import genre_colours
from genre_lib.figures.style import finish


def medley_curve(
    truth: NDArray[np.int64],
    belief: NDArray[np.float64],
    genres: Sequence[str],
    *,
    step_period_s: float,
    dark: bool = False,
) -> go.Figure:
    """One medley.

    Parameters
    ----------
    truth : int array [shape=(n_steps,)]
        The genre that plays.
    belief : array [shape=(n_steps, n_genres)]
    genres : sequence of str [length n_genres]
    step_period_s : float > 0 [s]
    """
    colours = genre_colours(genres)
    times = np.arange(len(truth)) * step_period_s
    figure = make_subplots(rows=2, shared_xaxes=True, vertical_spacing=0.02, row_heights=[0.12, 1.0])
    cuts = [0, *(np.flatnonzero(np.diff(truth)) + 1).tolist(), len(truth)]
    for first, stop in itertools.pairwise(cuts):
        genre = genres[int(truth[first])]
        figure.add_bar(
            x=[(stop - first) * step_period_s],
            y=["plays"],
            base=[times[first]],
            orientation="h",
            marker={"color": colours[genre], "line": {"width": 0}},
            text=genre,
            textposition="inside",
            insidetextanchor="middle",
            hovertemplate=f"{genre}<extra></extra>",
            showlegend=False,
            row=1,
            col=1,
        )
    for index, genre in enumerate(genres):
        figure.add_scatter(
            x=times,
            y=belief[:, index],
            name=genre,
            stackgroup="belief",
            mode="lines",
            line={"width": 0.6, "color": "#14161c" if dark else "#ffffff"},
            fillcolor=colours[genre],
            hovertemplate=genre + " %{y:.0%}<extra></extra>",
            row=2,
            col=1,
        )
    right = float((belief.argmax(axis=1) == truth).mean())
    figure.update_layout(barmode="overlay", legend_traceorder="normal")
    figure.update_yaxes(range=[0, 1], tickformat=".0%", title="belief", row=2)
    figure.update_xaxes(title="seconds", row=2)
    title = f"A medley of held-out clips: {100 * right:.0f} % of the time named rightly"
    return finish(figure, title, "above what plays, below what is believed in hindsight", dark, height=460)
