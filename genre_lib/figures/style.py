"""What all figures share: fonts, grid, background, interval bars, a band around a line."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from genre_lib.evaluation.accuracy_by_seconds import Point
from genre_lib.evaluation.intervals import Estimate
from genre_lib.evaluation.scores import Evaluation
from genre_lib.figures.notebook_display import show_with_pictures
from genre_lib.figures.palette import PALETTE, SILENCE

FONT = "Instrument Sans, system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif"
HATCH = {"fillmode": "overlay", "fgcolor": "rgba(255,255,255,0.6)", "size": 8, "solidity": 0.25}


def accents(dark: bool) -> tuple[str, str]:
    """The two colours of figures that are not about genres."""
    return ("#8492f2" if dark else PALETTE["indigo"], PALETTE["orange"])


def ink(dark: bool) -> str:
    """Colour of text and interval bars."""
    return "#e7e9ee" if dark else "#1d2129"


def template(dark: bool = False) -> go.layout.Template:
    """Fonts, grid and background of all figures."""
    grid, paper = ("#2e333d", "#14161c") if dark else ("#e4e7ec", "#ffffff")
    lines = {"gridcolor": grid, "linecolor": grid, "zerolinecolor": grid}
    axis = {**lines, "ticks": "", "ticklabelstandoff": 4, "automargin": True, "title": {"standoff": 10}}
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 14, "color": ink(dark)},
            "title": {"font": {"size": 18}, "x": 0.0, "xref": "container", "pad": {"l": 24, "t": 4}},
            "paper_bgcolor": paper,
            "plot_bgcolor": paper,
            "xaxis": axis,
            "yaxis": axis,
            "colorway": list(PALETTE.values()),
            "margin": {"l": 64, "r": 28, "t": 84, "b": 96},
            "legend": {"orientation": "h", "yref": "container", "y": 0.01, "yanchor": "bottom", "x": 0},
            "hoverlabel": {"font": {"family": FONT}},
        }
    )


def finish(figure: go.Figure, title: str, subtitle: str, dark: bool, *, height: int = 480) -> go.Figure:
    """Title, look and size: the last thing every figure does."""
    wrapped = "<br>".join(textwrap.wrap(subtitle, 110))
    text = {"text": title, "subtitle": {"text": wrapped, "font": {"size": 13, "color": SILENCE}}}
    below = figure.layout.margin.t or 84
    show_with_pictures()
    return figure.update_layout(
        template=template(dark), title=text, height=height, margin_t=below + 16 * wrapped.count("<br>")
    )


def part(evaluation: Evaluation) -> str:
    """What was measured, in words."""
    return f"{evaluation.model or 'model'} on {evaluation.data_set}, {evaluation.split} ({evaluation.accuracy.n} clips)"


def percent(estimate: Estimate) -> str:
    """An estimate with its interval, in words."""
    return f"{estimate.value:.1%} ({estimate.low:.0%} to {estimate.high:.0%})"


def percent_axis(figure: go.Figure, title: str = "clips named rightly") -> None:
    """A vertical axis from 0 to 100 %."""
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%", title=title)


def bars_of(estimates: Sequence[Estimate | None]) -> dict[str, Any]:
    """Error bars of estimates; none where there is no estimate."""
    above = [0 if estimate is None else estimate.high - estimate.value for estimate in estimates]
    below = [0 if estimate is None else estimate.value - estimate.low for estimate in estimates]
    return {"type": "data", "array": above, "arrayminus": below}


def estimate_bars(bars: Sequence[tuple[str, Estimate, str, str]], dark: bool) -> go.Figure:
    """One bar with interval and number for each of (name, estimate, colour, pattern)."""
    estimates = [estimate for _, estimate, _, _ in bars]
    figure = go.Figure(
        go.Bar(
            # The interval has a line of its own: four bars on a narrow screen would write over each other.
            x=[
                f"{name}<br><b>{percent(estimate).replace(' (', '<br>(', 1)}</b><br>n = {estimate.n}"
                for name, estimate, *_ in bars
            ],
            y=[estimate.value for estimate in estimates],
            error_y={**bars_of(estimates), "color": ink(dark), "thickness": 1.4},
            marker={
                "color": [colour for _, _, colour, _ in bars],
                "pattern": {"shape": [pattern for *_, pattern in bars], **HATCH},
            },
            width=0.6,
            hovertemplate="%{x}: %{y:.1%}<extra></extra>",
        )
    )
    percent_axis(figure)
    figure.update_xaxes(tickangle=0)
    return figure


def add_band(figure: go.Figure, points: Sequence[Point], name: str, colour: str, symbol: str, dash: str) -> None:
    """A line through points, with the band of their intervals."""
    x = [point.x for point in points]
    low, high = [point.accuracy.low for point in points], [point.accuracy.high for point in points]
    r, g, b = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    figure.add_scatter(
        x=x + x[::-1],
        y=high + low[::-1],
        fill="toself",
        mode="lines",
        line={"width": 0},
        fillcolor=f"rgba({r},{g},{b},0.18)",
        name="95 % interval",
        showlegend=False,
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=x,
        y=[point.accuracy.value for point in points],
        mode="lines+markers+text",
        text=[f"{point.accuracy.value:.0%}" for point in points],
        textposition="top center",
        name=name,
        line={"color": colour, "dash": dash, "width": 2.5},
        marker={"symbol": symbol, "size": 9},
        hovertemplate="%{y:.1%}<extra></extra>",
    )


def nothing(title: str, sentence: str, dark: bool) -> go.Figure:
    """A figure that says why there is nothing to see."""
    figure = go.Figure()
    figure.add_annotation(text=sentence, showarrow=False, font={"size": 15}, xref="paper", yref="paper", x=0, y=1)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return finish(figure, title, "", dark, height=180)
