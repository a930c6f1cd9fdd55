"""The most probable path of genres through a recording, none of them shorter than a least length.

References
----------
A. J. Viterbi, "Error bounds for convolutional codes and an asymptotically optimum decoding algorithm", IEEE
Transactions on Information Theory 13(2), 1967.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.belief_settings import PathSettings


def most_probable_path(
    evidence: NDArray[np.floating[Any]], silent: NDArray[np.bool_], settings: PathSettings, *, step_period_s: float
) -> NDArray[np.intp]:
    """Index of the genre at each step [shape=(n_steps,)].

    Parameters
    ----------
    evidence : np.ndarray [shape=(n_steps, n_genres)]
        Logits, or logarithms of beliefs.
    silent : np.ndarray of bool [shape=(n_steps,)]
        Steps that say nothing.
    settings : PathSettings
    step_period_s : float > 0 [s]
    """
    n_steps, n_genres = evidence.shape
    if not n_steps:
        return np.empty(0, np.intp)
    logits = np.where(silent[:, None], 0.0, np.asarray(evidence, np.float64))
    score = settings.evidence_weight * (logits - logits.max(axis=1, keepdims=True))
    sums = np.concatenate([np.zeros((1, n_genres)), np.cumsum(score, axis=0)])
    least = max(1, math.floor(settings.least_s / step_period_s + 0.5))
    if n_steps <= least:
        return np.full(n_steps, sums[-1].argmax())

    # A change to a genre brings its least stay with it. best[g]: the score of the best path that ends at this step with
    # genre g after at least that; changed_from[t, g]: the genre before, where the best path enters g so that its least
    # stay ends at step t. No change can come from g itself: that would cost, and staying would not.
    cost = cost_of_change(settings.mean_duration_s, n_genres, step_period_s)
    least_stay = sums[least:] - sums[:-least]
    changed_from = np.full((n_steps, n_genres), -1)
    best = least_stay[0]
    tops: list[tuple[float, int]] = []
    for step in range(least, n_steps):
        tops.append((float(best.max()), int(best.argmax())))
        stayed = best + score[step]
        best = stayed
        if step >= 2 * least - 1:
            top, genre = tops[step - 2 * least + 1]
            changed = least_stay[step - least + 1] + (top - cost)
            better = changed > stayed
            changed_from[step, better] = genre
            best = np.maximum(stayed, changed)
    return _traced(changed_from, int(best.argmax()), least)


def cost_of_change(mean_duration_s: float, n_genres: int, step_period_s: float) -> float:
    """By how much evidence must speak for another genre before a change is believed [nat]; never below 0."""
    change = -math.expm1(-step_period_s / mean_duration_s)
    return max(0.0, math.log((1 - change) * (n_genres - 1) / change)) if change < 1 else 0.0


def _traced(changed_from: NDArray[np.intp], genre: int, least: int) -> NDArray[np.intp]:
    path = np.empty(len(changed_from), np.intp)
    step = len(changed_from) - 1
    while step >= 0:
        previous = int(changed_from[step, genre])
        if previous < 0:
            path[step] = genre
            step -= 1
        else:
            path[step - least + 1 : step + 1] = genre
            step -= least
            genre = previous
    return path
