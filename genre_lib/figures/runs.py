"""Figures of many runs: settings with intervals, every run as a line through its parameters, learning curves."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from genre_lib.figures.palette import PALETTE, SILENCE
from genre_lib.figures.style import accents, bars_of, finish, ink, nothing
from genre_lib.utils.parameters import varied_parameters, word_of

if TYPE_CHECKING:
    from genre_lib.runs.comparison.loading import FinishedRun
    from genre_lib.runs.comparison.settings import Setting

_FEW = 8
_AT_MOST = 20
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def settings_figure(settings: Sequence[Setting], *, dark: bool = False) -> go.Figure:
    """Mean accuracy of each setting with its interval, and each of its runs as a dot, the best on top."""
    first, second = accents(dark)
    shown = settings[:_AT_MOST]
    names = [_wrapped(setting.name) for setting in shown]
    figure = go.Figure()
    known = [None if math.isnan(setting.score.low) else setting.score for setting in shown]
    figure.add_scatter(
        x=[run.score for setting in shown for run in setting.runs],
        y=[name for name, setting in zip(names, shown, strict=True) for _ in setting.runs],
        text=[run.name for setting in shown for run in setting.runs],
        mode="markers",
        name="one run",
        marker={"color": second, "size": 7, "symbol": "circle-open"},
        hovertemplate="%{text}: %{x:.1%}<extra></extra>",
    )
    figure.add_scatter(
        x=[setting.score.value for setting in shown],
        y=names,
        error_x={**bars_of(known), "color": ink(dark), "thickness": 1.6},
        mode="markers",
        name="mean, 95 % interval",
        marker={"color": first, "size": 11, "symbol": "diamond"},
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )
    figure.update_xaxes(tickformat=".0%", title="accuracy")
    # Names that look like numbers are names all the same.
    figure.update_yaxes(autorange="reversed", type="category", title="setting")
    methods = sorted({setting.score.method for setting in settings})
    best = f"The best {len(shown)} of {len(settings)} settings. " if len(shown) < len(settings) else ""
    lines = sum(name.count("<br>") + 1 for name in names)
    height = 220 + 20 * lines + 16 * len(names)
    return finish(figure, "Settings", f"{best}Intervals: {'; '.join(methods)}.", dark, height=height)


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
    figure.update_layout(margin={"t": 170, "l": 110, "r": 60})
    return finish(figure, "Runs", "Drag along an axis to single runs out; drag a name to move its axis.", dark)


def learning_curves(settings: Sequence[Setting], *, quantity: str = "valid_loss", dark: bool = False) -> go.Figure:
    """One line a run, one colour and dash for each of the best settings.

    Parameters
    ----------
    quantity : str
        A column of the histories, such as `valid_loss`, `valid_accuracy` or `loss`.
    """
    figure, colours = go.Figure(), list(PALETTE.values())
    # The rest first, so that it lies behind.
    for number, setting in reversed(list(enumerate(settings))):
        named = number < _FEW
        style = {"color": colours[number % len(colours)], "dash": _DASHES[number % len(_DASHES)], "width": 1.8}
        for index, run in enumerate(setting.runs):
            figure.add_scatter(
                x=list(range(1, len(run.history) + 1)),
                y=[row.get(quantity) for row in run.history],
                mode="lines",
                line=style if named else {"color": SILENCE, "width": 0.8},
                opacity=1.0 if named else 0.6,
                name=setting.name,
                legendgroup=setting.name,
                legendrank=number,
                showlegend=index == 0 and named,
                hovertemplate=f"{run.name}<br>epoch %{{x}}: %{{y:.3f}}<extra></extra>",
            )
    longest = max((len(run.history) for setting in settings for run in setting.runs), default=1)
    figure.update_xaxes(title="epoch", tick0=0, dtick=max(1, 5 * (longest // 50)))
    figure.update_yaxes(title=quantity.replace("_", " "))
    n_named = min(len(settings), _FEW)
    rest = f"; the best {n_named} of {len(settings)} settings in colour" if n_named < len(settings) else ""
    return finish(figure, "Learning curves", f"One line for each run{rest}.", dark, height=420 + 26 * n_named)


def _wrapped(name: str) -> str:
    return "<br>".join(textwrap.wrap(name, 40, break_long_words=False))


def _axis(name: str, values: Sequence[Any]) -> dict[str, Any]:
    """An axis of what was varied: numbers to scale (their logarithm where it spans a factor of 20), words in order.

    Values that are few stand at the axis themselves, so that nothing between them seems to have been tried.
    """
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    words = [f"{value:.3g}" if isinstance(value, float) else word_of(value) for value in values]
    if numbers:
        logarithmic = min(values) > 0 and max(values) >= 20 * min(values)
        places = [math.log10(value) if logarithmic else value for value in values]
    else:
        places = [sorted(set(words)).index(word) for word in words]
    axis = {"label": f"{name} (log)" if numbers and logarithmic else name, "values": places}
    known = dict(sorted(zip(places, words, strict=True)))
    if numbers and len(known) > _FEW:
        if not logarithmic:
            return axis
        decades = range(math.floor(min(places)) - 1, math.ceil(max(places)) + 1)
        ticks = [step * 10.0**decade for decade in decades for step in (1, 2, 5)]
        inside = [number for number, tick in enumerate(ticks) if min(values) < tick < max(values)]
        known = {math.log10(tick): f"{tick:g}" for tick in ticks[inside[0] - 1 : inside[-1] + 2]}
        axis["range"] = [min(known), max(known)]
    return {**axis, "tickvals": list(known), "ticktext": list(known.values())}
