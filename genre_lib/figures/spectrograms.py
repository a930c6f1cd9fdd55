"""Figures of sound: what the network hears, and what it believes from moment to moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray
from plotly.subplots import make_subplots

from genre_lib.datasets import Features
from genre_lib.figures.palette import SILENCE, UNSURE, genre_styles
from genre_lib.figures.style import finish
from genre_lib.inference.curve import GenreCurve
from genre_lib.inference.words import whole_words

# How much is hidden of what is not named: something probable the least.
_VEIL = {"silence": 0.85, "unsure": 0.5, "probable": 0.2}


def log_mel_examples(features: Features, *, dark: bool = False) -> go.Figure:
    """What the network gets to hear: the log-mel of one clip of every genre, at most 20 s of each."""
    genres = features.data_set.genres
    examples = {track.genre: i for i, track in reversed(list(enumerate(features.tracks))) if track.genre is not None}
    shown = [genre for genre in genres if genre in examples]
    columns = min(5, max(1, len(shown)))
    rows = max(1, -(-len(shown) // columns))
    figure = make_subplots(rows=rows, cols=columns, subplot_titles=shown, shared_xaxes=True, shared_yaxes=True,
                           horizontal_spacing=0.02, vertical_spacing=0.12 / rows + 0.04)  # fmt: skip
    front_end = features.data_set.front_end
    period_s = front_end.frame_period_s if front_end else 1.0
    for index, genre in enumerate(shown):
        log_mel = np.asarray(features.log_mels[examples[genre]])[: round(20 / period_s)]
        figure.add_heatmap(
            # Whole decibels below the clip's maximum: all that the eye can tell, in an eighth of the bytes.
            z=np.clip(log_mel - log_mel.max(), -80, 0).T.astype(np.int8),
            dx=period_s,
            colorscale="Cividis",
            zmin=-80,
            zmax=0,
            showscale=index == 0,
            colorbar={"title": "dB", "thickness": 12, "outlinewidth": 0},
            hovertemplate="%{x:.1f} s, band %{y}: %{z} dB<extra>" + genre + "</extra>",
            row=index // columns + 1,
            col=index % columns + 1,
        )
    figure.update_xaxes(title="s", row=rows)
    figure.update_yaxes(title="mel band", col=1)
    return finish(figure, "What the network hears", "", dark, height=140 + 190 * rows)


def genre_curve(
    times: ArrayLike,
    probabilities: ArrayLike,
    genres: Sequence[str],
    *,
    state: Sequence[str] | NDArray[np.str_] | None = None,
    waveform: NDArray[np.floating[Any]] | None = None,
    sample_rate: int = 22050,
    title: str = "",
    dark: bool = False,
) -> go.Figure:
    """The belief over genres for every moment, stacked to 1.

    Parameters
    ----------
    times : array [shape=(n_steps,), unit=s]
    probabilities : array [shape=(n_steps, n_genres)]
    genres : sequence of str [length n_genres]
    state : sequence of str [shape=(n_steps,)], optional
        `music`, `probable`, `unsure` or `silence`; the latter two are veiled.
    waveform : array [shape=(n,)], optional
        Drawn below, reduced to its envelope.
    """
    t, p = np.asarray(times, dtype=float), np.asarray(probabilities, dtype=float)
    styles = genre_styles(genres)
    rows = 1 if waveform is None else 2
    figure = make_subplots(rows=rows, shared_xaxes=True, vertical_spacing=0.03, row_heights=[1.0, 0.22][:rows])
    for index, genre in enumerate(genres):
        style = styles[genre]
        figure.add_scatter(
            x=t,
            y=p[:, index],
            name=genre,
            stackgroup="belief",
            mode="lines",
            line={"width": 0.8, "color": "#14161c" if dark else "#ffffff"},
            fillcolor=style.colour,
            fillpattern={
                "shape": style.pattern,
                "fgcolor": "rgba(255,255,255,0.45)",
                "bgcolor": style.colour,
                "size": 7,
            },
            hovertemplate=genre + " %{y:.0%}<extra></extra>",
            row=1,
            col=1,
        )
    for name, start, stop in _runs(t, state):
        figure.add_vrect(
            x0=start,
            x1=stop,
            row=1,
            col=1,
            line_width=0,
            fillcolor=SILENCE if name == "silence" else UNSURE,
            opacity=_VEIL.get(name, 0.5),
            annotation={"text": name if stop - start > 0.06 * np.ptp(t) else "", "font": {"size": 12}},
        )
    if waveform is not None:
        x, low, high = _envelope(np.asarray(waveform), sample_rate)
        shape: dict[str, Any] = {"line": {"width": 0.5, "color": SILENCE}, "hoverinfo": "skip", "showlegend": False}
        shape |= {"row": 2, "col": 1}
        figure.add_scatter(x=x, y=high, **shape)
        figure.add_scatter(x=x, y=low, fill="tonexty", fillcolor=SILENCE, **shape)
        figure.update_yaxes(visible=False, row=2)
    figure.update_yaxes(range=[0, 1], tickformat=".0%", title="belief", row=1)
    figure.update_xaxes(title="seconds", row=rows)
    figure.update_layout(hovermode="x unified", legend_traceorder="normal")
    return finish(figure, title or "Genre curve", "", dark, height=460 + 90 * (rows - 1))


def plot_curve(curve: GenreCurve, *, dark: bool = False) -> go.Figure:
    """The belief of a curve as `genre_curve` draws it, titled with the answer about the whole."""
    belief = curve.belief
    state = np.where(belief.state == "probable", "music", belief.state)
    title = whole_words(curve.answer())
    return genre_curve(belief.times, belief.probabilities, curve.genres, state=state, title=title, dark=dark)


def _runs(times: NDArray[np.float64], state: Sequence[str] | NDArray[np.str_] | None) -> list[tuple[str, float, float]]:
    """Spans (state, start, stop) in which no genre is ahead."""
    if state is None or not len(times):
        return []
    half = float(np.median(np.diff(times))) / 2 if len(times) > 1 else 0.5
    states = np.asarray(state)
    edges = np.flatnonzero(np.append(True, states[1:] != states[:-1]))
    stops = np.append(edges[1:], len(states))
    return [
        (str(states[a]), float(times[a]) - half, float(times[b - 1]) + half)
        for a, b in zip(edges, stops, strict=True)
        if states[a] not in ("music", "probable")
    ]


def _envelope(
    samples: NDArray[np.floating[Any]], sample_rate: int, n_points: int = 1200
) -> tuple[NDArray[np.float64], NDArray[np.floating[Any]], NDArray[np.floating[Any]]]:
    size = max(1, len(samples) // n_points)
    blocks = samples[: len(samples) // size * size].reshape(-1, size)
    return (np.arange(len(blocks)) + 0.5) * size / sample_rate, blocks.min(axis=1), blocks.max(axis=1)
