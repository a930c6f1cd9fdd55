"""A curve put into words: the stretches over which the answer stays the same.

They are read off the most probable path of genres (`path`); of bundles of schema version 1, which have no settings for
one, off the moving mean's answers, short stretches joined to a neighbour.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.inference.curve import Belief, GenreCurve, State
from genre_lib.inference.hindsight import path_evidence
from genre_lib.inference.path import most_probable_path
from genre_lib.inference.words import spoken

# Of bundles of schema version 1; later ones say it in their cards.
MINIMUM_S = 4.0


@dataclass(frozen=True)
class Segment:
    """A stretch of a recording with one answer.

    Attributes
    ----------
    start_s, stop_s : float [s]
    state : "music", "probable", "unsure" or "silence"
    genre : str or None
        The genre named; while not named the most probable one; None in silence.
    probability : float or None
        Mean belief in that genre over the stretch.
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
        perhaps = "unsure, perhaps " if self.state == "unsure" else "probably " if self.state == "probable" else ""
        return f"{span} {perhaps}{spoken(self.genre or '')} {self.probability:.2f}"


def segments(
    curve: GenreCurve,
    *,
    steadiness_s: float | None = None,
    named_from: float | None = None,
    least_s: float | None = None,
) -> tuple[Segment, ...]:
    """Cut a recording where its genre changes.

    Parameters
    ----------
    curve : GenreCurve
    steadiness_s, named_from : float, optional
        As in `GenreCurve.believed`.
    least_s : float >= 0 [s], optional
        The shortest segment; by default the card's.

    Returns
    -------
    tuple of Segment
        In order, without gaps, from 0 to the recording's end; none if the curve has no step.
    """
    belief = curve.believed(steadiness_s=steadiness_s, named_from=named_from)
    if not len(belief.times):
        return ()
    edges_s = np.concatenate([[0.0], (belief.times[1:] + belief.times[:-1]) / 2, [curve.duration_s]])
    settings = curve.card.belief
    if settings is None:
        return _of_answers(curve, belief, edges_s, MINIMUM_S if least_s is None else least_s)
    settings = settings.with_steadiness(steadiness_s).with_names_from(named_from)
    path_settings = settings.path if least_s is None else replace(settings.path, least_s=least_s)
    silent, period_s = curve.silent, curve.card.step_period_s
    evidence = path_evidence(curve.step_logits, belief.probabilities, settings)
    path = most_probable_path(evidence, silent, path_settings, step_period_s=period_s)
    silence = len(curve.genres)
    for first, stop, quiet in _runs(silent):
        if quiet and (stop - first) * period_s >= path_settings.least_s:
            path[first:stop] = silence
    found = []
    for first, stop, genre in _runs(path):
        start_s, stop_s = float(edges_s[first]), float(edges_s[stop])
        heard = ~silent[first:stop]
        if genre == silence or not heard.any():
            found.append(Segment(start_s, stop_s, "silence", None, None))
            continue
        mean = belief.probabilities[first:stop][heard].mean(axis=0)
        lead = float(mean[genre] - np.delete(mean, genre).max())
        state: State = "unsure"
        if lead >= 0 and mean[genre] >= settings.named_from.file:
            state = "music"
        elif lead >= settings.probable_lead:
            state = "probable"
        found.append(Segment(start_s, stop_s, state, curve.genres[genre], float(mean[genre])))
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


def _of_answers(curve: GenreCurve, belief: Belief, edges_s: NDArray[np.float64], least_s: float) -> tuple[Segment, ...]:
    best = belief.probabilities.argmax(axis=1)
    # Genres by their index, then one number each for the two answers that name none.
    unsure, silence = len(curve.genres), len(curve.genres) + 1
    answers = np.where(belief.state == "music", best, np.where(belief.state == "unsure", unsure, silence))
    found = []
    for first, stop, answer in _joined(answers, edges_s, least_s):
        # A joined stretch holds other answers too; its own ones speak for it.
        own = answers[first:stop] == answer
        mean = belief.probabilities[first:stop][own].mean(axis=0)
        genre = answer if answer < unsure else int(mean.argmax())
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


def _runs(values: NDArray[Any]) -> list[tuple[int, int, int]]:
    """First step, one past the last step and value of each stretch of equal values."""
    cuts = [0, *(np.flatnonzero(values[1:] != values[:-1]) + 1).tolist(), len(values)]
    return [(first, stop, int(values[first])) for first, stop in itertools.pairwise(cuts)]


def _joined(answers: NDArray[np.intp], edges_s: NDArray[np.float64], least_s: float) -> list[tuple[int, int, int]]:
    """Runs (first, stop, answer), the short ones given to a neighbour."""
    runs = _runs(answers)

    def length(run: tuple[int, int, int]) -> float:
        return float(edges_s[run[1]] - edges_s[run[0]])

    while len(runs) > 1:
        shortest = min(range(len(runs)), key=lambda i: length(runs[i]))
        if length(runs[shortest]) >= least_s:
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
