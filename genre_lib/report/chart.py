"""The report's chart as SVG and HTML: areas, veils, labels, ribbon, waveform and ticks, readable without script."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from genre_lib.inference.curve import Belief
from genre_lib.inference.segments import Segment, clock
from genre_lib.inference.words import spoken

N_BINS = 720
# A genre that never gets this probable is drawn together with its like.
DRAWN_FROM = 0.2
_TICKS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)


@dataclass(frozen=True)
class Layer:
    """One area of the chart: a genre's share over time, or that of all small ones together (None)."""

    genre: str | None
    share: NDArray[np.float64]


@dataclass(frozen=True)
class Chart:
    """What is drawn, from the bottom up."""

    layers: tuple[Layer, ...]
    states: NDArray[np.str_]
    colours: dict[str, str]


def binned(belief: Belief, duration_s: float) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    """Belief and state on an even grid from 0 to the end, at most `N_BINS` wide.

    A bin holds the mean of its steps, or where there are fewer steps than bins the nearest one.
    """
    n_steps, n_genres = belief.probabilities.shape
    if not n_steps:
        return np.full((1, n_genres), 1 / n_genres), np.array(["silence"])
    n = min(N_BINS, max(2, 2 * n_steps))
    centres = (np.arange(n) + 0.5) * duration_s / n
    nearest = np.abs(belief.times[None, :] - centres[:, None]).argmin(axis=1)
    bins = belief.probabilities[nearest].copy()
    if n_steps > n:
        of_step = np.minimum((belief.times * n / duration_s).astype(int), n - 1)
        counts = np.bincount(of_step, minlength=n)
        for genre in range(n_genres):
            sums = np.bincount(of_step, weights=belief.probabilities[:, genre], minlength=n)
            bins[counts > 0, genre] = (sums / np.maximum(counts, 1))[counts > 0]
    return bins, belief.state[nearest]


def build_chart(
    bins: NDArray[np.float64], states: NDArray[np.str_], genres: Sequence[str], colours: dict[str, str]
) -> Chart:
    """Layers in order of how much there is of each genre; the small ones together on top."""
    heard = bins[states != "silence"]
    if not len(heard):
        return Chart((), states, colours)
    order = np.argsort(-heard.mean(axis=0), kind="stable")
    drawn = [i for rank, i in enumerate(order) if rank < 2 or heard[:, i].max() >= DRAWN_FROM]
    layers = [Layer(genres[i], bins[:, i]) for i in drawn]
    if len(drawn) < len(genres):
        layers.append(Layer(None, np.delete(bins, drawn, axis=1).sum(axis=1)))
    return Chart(tuple(layers), states, colours)


def areas(chart: Chart) -> str:
    """Stacked areas in a box of 1000 x 100, the most present genre at the bottom."""
    n = len(chart.states)
    x = np.concatenate([[0], (np.arange(n) + 0.5) * 1000 / n, [1000]])
    below = np.full(len(x), 100.0)
    paths = []
    for layer in chart.layers:
        above = below - 100 * np.concatenate([layer.share[:1], layer.share, layer.share[-1:]])
        edge = [f"{a:.1f} {b:.1f}" for a, b in zip(x, above, strict=True)]
        base = [f"{a:.1f} {b:.1f}" for a, b in zip(x[::-1], below[::-1], strict=True)]
        look = f'fill="{chart.colours[layer.genre]}"' if layer.genre else 'class="others"'
        paths.append(f'<path {look} d="M{"L".join(edge + base)}Z"/>')
        below = above
    return "".join(paths)


def labels(chart: Chart, named: set[str | None]) -> list[str]:
    """The name of a genre where its area is thickest, unless the ribbon above says it already."""
    n = len(chart.states)
    width = max(1, n // 10)
    top = np.zeros(n)
    found = []
    for layer in chart.layers:
        top = top + layer.share
        clear = np.where(np.isin(chart.states, ("music", "probable")), layer.share, 0.0)
        # The thinnest place within a label's width decides whether it fits.
        room = np.array([clear[i : i + width].min() for i in range(n - width + 1)])
        best = int(room.argmax())
        if layer.genre is None or layer.genre in named or room[best] < 0.14:
            continue
        middle = best + width // 2
        x, y = 100 * (middle + 0.5) / n, 100 * (1 - top[middle] + layer.share[middle] / 2)
        on = _on(chart.colours[layer.genre])
        look = f"left:{x:.1f}%;top:{y:.1f}%;--on:{on}"
        found.append(f'<span class="label" style="{look}">{escape(spoken(layer.genre))}</span>')
    return found


def veils(states: NDArray[np.str_]) -> list[str]:
    """Silent and unsure stretches, laid over the areas."""
    n = len(states)
    cuts = [0, *(np.flatnonzero(states[1:] != states[:-1]) + 1).tolist(), n]
    found = []
    for first, stop in itertools.pairwise(cuts):
        state = str(states[first])
        if state in ("music", "probable"):
            continue
        left, width = 100 * first / n, 100 * (stop - first) / n
        found.append(f'<span class="veil {state}" style="left:{left:.2f}%;width:{width:.2f}%"></span>')
        if state == "silence" and width > 7:
            found.append(f'<span class="label quiet" style="left:{left + width / 2:.2f}%;top:50%">silence</span>')
    return found


def ribbon(segment: Segment, duration_s: float, colours: dict[str, str]) -> str:
    """One segment in the strip above the areas."""
    left, width = 100 * segment.start_s / duration_s, 100 * (segment.stop_s - segment.start_s) / duration_s
    # The strip is a list of names; how sure each is stands in the table.
    named = segment.state in ("music", "probable")
    name = spoken(segment.genre) if named and segment.genre else segment.state
    look = f"left:{left:.2f}%;width:{width:.2f}%"
    if named and segment.genre:
        look += f";--c:{colours[segment.genre]};--on:{_on(colours[segment.genre])}"
    return f'<i class="{segment.state}" style="{look}">{escape(name)}</i>'


def wave(envelope: NDArray[np.float64]) -> str:
    """Path of the waveform, mirrored about the middle of a box of 1000 x 100."""
    if not len(envelope):
        return ""
    height = 49 * envelope / max(float(envelope.max()), 1e-9)
    x = (np.arange(len(height)) + 0.5) * 1000 / len(height)
    upper = [f"{a:.1f} {50 - b:.1f}" for a, b in zip(x, height, strict=True)]
    lower = [f"{a:.1f} {50.4 + b:.1f}" for a, b in zip(x[::-1], height[::-1], strict=True)]
    return f"M{'L'.join(upper + lower)}Z"


def ticks(duration_s: float) -> list[str]:
    """Marks of the time axis, at most eight."""
    step = next((step for step in _TICKS_S if duration_s / step <= 8), _TICKS_S[-1])
    marks = np.arange(0, duration_s * 0.985, step)
    return [f'<span style="left:{100 * mark / duration_s:.2f}%">{clock(mark)}</span>' for mark in marks]


def _on(colour: str) -> str:
    """Black or white, whichever is readable on `colour`."""
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    luminance = 0.2126 * r**2.2 + 0.7152 * g**2.2 + 0.0722 * b**2.2
    # Equal contrast with black and white lies at this luminance (WCAG 2).
    return "#12141a" if luminance > 0.179 else "#ffffff"
