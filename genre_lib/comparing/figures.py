"""Figures of many runs: settings with intervals, every run as a line through its parameters, learning curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from genre_lib.comparing.loading import FinishedRun, varied_parameters, word_of
from genre_lib.comparing.settings import Setting
from genre_lib.figure_style import accents, bars_of, finish, ink, nothing, percent_axis
from genre_lib.palette import PALETTE

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def settings_figure(settings: Sequence[Setting], *, dark: bool = False) -> go.Figure:
    """Mean accuracy of each setting with its interval, and each of its runs as a dot."""
    first, second = accents(dark)
    figure = go.Figure()
    known = [None if math.isnan(setting.score.low) else setting.score for setting in settings]
    names = [setting.name for setting in settings]
    figure.add_scatter(
        x=[setting.name for setting in settings for _ in setting.runs],
        y=[run.score for setting in settings for run in setting.runs],
        text=[run.name for setting in settings for run in setting.runs],
        mode="markers",
        name="one run",
        marker={"color": second, "size": 7, "symbol": "circle-open"},
        hovertemplate="%{text}: %{y:.1%}<extra></extra>",
    )
    figure.add_scatter(
        x=names,
        y=[setting.score.value for setting in settings],
        error_y={**bars_of(known), "color": ink(dark), "thickness": 1.6},
        mode="markers",
        name="mean, 95 % interval",
        marker={"color": first, "size": 11, "symbol": "diamond"},
        hovertemplate="%{x}: %{y:.1%}<extra></extra>",
    )
    percent_axis(figure)
    methods = sorted({setting.score.method for setting in settings})
    return finish(figure, "Settings", f"Intervals: {'; '.join(methods)}.", dark)


def parallel_coordinates(runs: Sequence[FinishedRun], *, dark: bool = False) -> go.Figure:
    """Every run as a line through what was varied to its accuracy; drag along an axis to single runs out."""
    names = varied_parameters(runs)
    if not names:
        return nothing("Runs", "All runs have the same parameters: there is nothing to draw lines through.", dark)
    scores = [run.score for run in runs]
    axes = [_axis(name, [run.parameters.get(name) for run in runs]) for name in names]
    axes.append({"label": "accuracy", "values": scores, "tickformat": ".0%"})
    line = {"color": scores, "colorscale": "Cividis", "showscale": len(set(scores)) > 1}
    figure = go.Figure(go.Parcoords(dimensions=axes, line=line, labelfont={"size": 14}))
    figure.update_layout(margin={"t": 130, "l": 110, "r": 60})
    return finish(figure, "Runs", "Drag along an axis to single runs out; drag a name to move its axis.", dark)


def learning_curves(settings: Sequence[Setting], *, quantity: str = "valid_loss", dark: bool = False) -> go.Figure:
    """One line a run, one colour and dash a setting.

    Parameters
    ----------
    quantity : str
        A column of the histories, such as `valid_loss`, `valid_accuracy` or `loss`.
    """
    figure, colours = go.Figure(), list(PALETTE.values())
    for number, setting in enumerate(settings):
        style = {"color": colours[number % len(colours)], "dash": _DASHES[number % len(_DASHES)], "width": 1.6}
        for index, run in enumerate(setting.runs):
            figure.add_scatter(
                x=list(range(1, len(run.history) + 1)),
                y=[row.get(quantity) for row in run.history],
                mode="lines",
                line=style,
                name=setting.name,
                legendgroup=setting.name,
                showlegend=index == 0,
                hovertemplate=f"{run.name}<br>epoch %{{x}}: %{{y:.3f}}<extra></extra>",
            )
    figure.update_xaxes(title="epoch")
    figure.update_yaxes(title=quantity.replace("_", " "))
    return finish(figure, "Learning curves", "One line for each run.", dark)


def _axis(name: str, values: Sequence[Any]) -> dict[str, Any]:
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return {"label": name, "values": list(values)}
    words = [word_of(value) for value in values]
    known = sorted(set(words))
    places = [known.index(word) for word in words]
    return {"label": name, "values": places, "tickvals": list(range(len(known))), "ticktext": known}
