"""A curve put into words: the stretches over which the answer stays the same."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genre_lib.inference.curve import GenreCurve, State

MINIMUM_S = 4.0


@dataclass(frozen=True)
class Segment:
    """A stretch of a recording with one answer.

    Attributes
    ----------
    start_s, stop_s : float [s]
    state : "music", "unsure" or "silence"
    genre : str or None
        The genre named; while unsure the most probable one; None in silence.
    probability : float or None
        Mean probability of that genre over the stretch.
    """

    start_s: float
    stop_s: float
    state: State
    genre: str | None
    probability: float | None

    def __str__(self) -> str:
        span = f"{clock(self.start_s)} to {clock(self.stop_s)}"
        if self.state == "silence":
            return f"{span} silence"
        if self.state == "unsure":
            return f"{span} unsure, perhaps {self.genre} {self.probability:.2f}"
        return f"{span} {self.genre} {self.probability:.2f}"


def segments(curve: GenreCurve, *, span_s: float | None = None, minimum_s: float = MINIMUM_S) -> tuple[Segment, ...]:
    """Cut a recording where the smoothed curve's answer changes.

    Parameters
    ----------
    curve : GenreCurve
    span_s : float [s], optional
        Span of the smoothing; by default the card's.
    minimum_s : float >= 0 [s]
        Stretches shorter than this are joined to the longer of their neighbours, shortest first.

    Returns
    -------
    tuple of Segment
        In order, without gaps, from 0 to the recording's end; none if the curve has no step.
    """
    belief = curve.smoothed(span_s)
    if not len(belief.times):
        return ()
    best = belief.probabilities.argmax(axis=1)
    # Genres by their index, then one number each for the two answers that name none.
    unsure, silence = len(curve.genres), len(curve.genres) + 1
    answers = np.where(belief.state == "music", best, np.where(belief.state == "unsure", unsure, silence))
    edges_s = np.concatenate([[0.0], (belief.times[1:] + belief.times[:-1]) / 2, [curve.duration_s]])
    found = []
    for first, stop, answer in _joined(answers, edges_s, minimum_s):
        # A joined stretch holds other answers too; its own ones speak for it.
        own = answers[first:stop] == answer
        mean = belief.probabilities[first:stop][own].mean(axis=0)
        genre = int(answer) if answer < unsure else int(mean.argmax())
        state: State = "silence" if answer == silence else "unsure" if answer == unsure else "music"
        named = state != "silence"
        found.append(
            Segment(
                start_s=float(edges_s[first]),
                stop_s=float(edges_s[stop]),
                state=state,
                genre=curve.genres[genre] if named else None,
                probability=float(mean[genre]) if named else None,
            )
        )
    return tuple(found)


def clock(seconds: float) -> str:
    """Whole seconds that have passed, as `m:ss`, or `h:mm:ss` from an hour on.

    Examples
    --------
    >>> clock(72.4)
    '1:12'
    """
    minutes, rest = divmod(max(0, math.floor(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _joined(answers: NDArray[np.intp], edges_s: NDArray[np.float64], minimum_s: float) -> list[tuple[int, int, int]]:
    """Runs (first, stop, answer), the short ones given to a neighbour."""
    cuts = [0, *(np.flatnonzero(answers[1:] != answers[:-1]) + 1).tolist(), len(answers)]
    runs = [(a, b, int(answers[a])) for a, b in itertools.pairwise(cuts)]

    def length(run: tuple[int, int, int]) -> float:
        return float(edges_s[run[1]] - edges_s[run[0]])

    while len(runs) > 1:
        shortest = min(range(len(runs)), key=lambda i: length(runs[i]))
        if length(runs[shortest]) >= minimum_s:
            break
        neighbours = [i for i in (shortest - 1, shortest + 1) if 0 <= i < len(runs)]
        winner = runs[max(neighbours, key=lambda i: length(runs[i]))][2]
        runs[shortest] = (*runs[shortest][:2], winner)
        merged: list[tuple[int, int, int]] = []
        for run in runs:
            if merged and merged[-1][2] == run[2]:
                merged[-1] = (merged[-1][0], run[1], run[2])
            else:
                merged.append(run)
        runs = merged
    return runs
