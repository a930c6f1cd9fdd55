"""The report's chart as SVG and HTML, readable without script: what the page draws on its canvas.

One layer for each genre in the order of the card, together always the full height. A layer is bright where its genre is
named, pale where it is only probable, too close to call or not ahead; silence is left blank.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from genre_lib.inference.curve import Belief
from genre_lib.inference.segments import Segment, clock
from genre_lib.inference.words import name_of, spoken

N_BINS = 720
# A genre that never gets this probable is not worth a name in a few lines.
PROMINENT_FROM = 0.2
# Opacity of a layer that is not named: the page's share of paper in it is .66.
PALE = 0.34
# Share of the largest room in a layer from which another place is as good for its name.
_NEARLY = 0.9
_TICKS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)


@dataclass(frozen=True)
class Chart:
    """What is drawn.

    Attributes
    ----------
    genres : tuple of str
        From the top down.
    bins : np.ndarray [shape=(n_bins, n_genres)]
        Belief.
    states : np.ndarray of str [shape=(n_bins,)]
    colours : dict of str to str
    """

    genres: tuple[str, ...]
    bins: NDArray[np.float64]
    states: NDArray[np.str_]
    colours: dict[str, str]

    @property
    def prominent(self) -> list[str]:
        """Genres that are believed in somewhere, at least the two most present."""
        heard = self.bins[self.states != "silence"]
        if not len(heard):
            return []
        first = set(np.argsort(-heard.mean(axis=0), kind="stable")[:2].tolist())
        return [g for i, g in enumerate(self.genres) if i in first or heard[:, i].max() >= PROMINENT_FROM]

    def stretches(self, states: Sequence[str]) -> list[tuple[int, int, int]]:
        """Where one genre leads in one of those states: its index, the first bin and the one after the last."""
        leader = np.where(np.isin(self.states, states), self.bins.argmax(axis=1), -1)
        cuts = [0, *(np.flatnonzero(leader[1:] != leader[:-1]) + 1).tolist(), len(leader)]
        return [(int(leader[a]), a, b) for a, b in itertools.pairwise(cuts) if leader[a] >= 0]


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


def areas(chart: Chart) -> str:
    """Stacked areas in a box of 1000 x 100: every genre pale, and bright where it is named."""
    n = len(chart.bins)
    edges = 100 * np.concatenate([np.zeros((n, 1)), np.cumsum(chart.bins, axis=1)], axis=1)
    pale = [
        f'<path fill="{chart.colours[genre]}" fill-opacity="{PALE}" d="{_layer(edges, i, 0, n)}"/>'
        for i, genre in enumerate(chart.genres)
    ]
    bright = [
        f'<path fill="{chart.colours[chart.genres[i]]}" d="{_layer(edges, i, first, stop)}"/>'
        for i, first, stop in chart.stretches(["music"])
    ]
    return "".join(pale + bright)


def labels(chart: Chart) -> list[str]:
    """The name of a genre where its layer is thickest: large where it is named, small where it is not."""
    n = len(chart.states)
    width = max(1, n // 10)
    top = np.concatenate([np.zeros((n, 1)), np.cumsum(chart.bins, axis=1)], axis=1)
    found = []
    for i, genre in enumerate(chart.genres):
        for kind, states, least in (("named", ["music"], 0.14), ("probable", ["probable"], 0.12), ("", None, 0.09)):
            if states is None:
                here = (chart.bins.argmax(axis=1) != i) & (chart.states != "silence")
            else:
                here = (chart.bins.argmax(axis=1) == i) & np.isin(chart.states, states)
            # The thinnest place within a label's width decides whether it fits.
            clear = np.where(here, chart.bins[:, i], 0.0)
            room = np.array([clear[a : a + width].min() for a in range(n - width + 1)])
            best = int(room.argmax())
            if room[best] < least:
                continue
            middle = _middle(room, best) + width // 2
            x, y = 100 * (middle + 0.5) / n, 50 * (top[middle, i] + top[middle, i + 1])
            on = _on(chart.colours[genre]) if kind == "named" else "var(--ink)"
            name = f"probably {spoken(genre)}" if kind == "probable" else spoken(genre)
            look = f"left:{x:.1f}%;top:{y:.1f}%;--on:{on}"
            found.append(f'<span class="label {kind}" style="{look}">{escape(name)}</span>')
    return found


def _middle(room: NDArray[np.float64], best: int) -> int:
    """The middle of the places about the best one that are nearly as good: at the edge of a layer a name may be cut."""
    good = np.append(room >= _NEARLY * room[best], False)
    stop = best + int(np.argmin(good[best:]))
    first = best - int(np.argmin(np.append(good[best::-1], False))) + 1
    return (first + stop - 1) // 2


def silences(states: NDArray[np.str_]) -> list[str]:
    """What covers the silent stretches."""
    n = len(states)
    cuts = [0, *(np.flatnonzero(states[1:] != states[:-1]) + 1).tolist(), n]
    found = []
    for first, stop in itertools.pairwise(cuts):
        if str(states[first]) != "silence":
            continue
        left, width = 100 * first / n, 100 * (stop - first) / n
        found.append(f'<span class="silent" style="left:{left:.2f}%;width:{width:.2f}%"></span>')
        if width > 7:
            found.append(f'<span class="label quiet" style="left:{left + width / 2:.2f}%;top:50%">silence</span>')
    return found


def ribbon(segment: Segment, duration_s: float, colours: dict[str, str]) -> str:
    """One segment in the strip above the areas."""
    left, width = 100 * segment.start_s / duration_s, 100 * (segment.stop_s - segment.start_s) / duration_s
    look = f"left:{left:.2f}%;width:{width:.2f}%"
    if segment.genre and segment.state != "silence":
        look += f";--c:{colours[segment.genre]};--on:{_on(colours[segment.genre])}"
    return f'<i class="{segment.state}" style="{look}">{escape(name_of(segment.state, segment.genre))}</i>'


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


def _layer(edges: NDArray[np.float64], genre: int, first: int, stop: int) -> str:
    """Outline of a genre's layer between two bins, flat to the ends of the first and the last."""
    n = len(edges)
    x = np.concatenate([[first], np.arange(first, stop) + 0.5, [stop]]) * 1000 / n
    bins = np.concatenate([[first], np.arange(first, stop), [stop - 1]])
    above = [f"{a:.1f} {b:.1f}" for a, b in zip(x, edges[bins, genre], strict=True)]
    below = [f"{a:.1f} {b:.1f}" for a, b in zip(x[::-1], edges[bins[::-1], genre + 1], strict=True)]
    return f"M{'L'.join(above + below)}Z"


def _on(colour: str) -> str:
    """Black or white, whichever is readable on `colour`."""
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    luminance = 0.2126 * r**2.2 + 0.7152 * g**2.2 + 0.0722 * b**2.2
    # Equal contrast with black and white lies at this luminance (WCAG 2).
    return "#12141a" if luminance > 0.179 else "#ffffff"
