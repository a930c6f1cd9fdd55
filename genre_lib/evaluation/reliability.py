"""Confidence against being right: the reliability curve, its error, and where to say `unsure`.

References
----------
C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks", ICML 2017 (ECE).
K. Nguyen, B. O'Connor, "Posterior calibration and exploratory analysis for natural language processing models",
EMNLP 2015 (bins of equal mass).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from genre_lib.errors import EvaluationError

EQUAL_MASS, EQUAL_WIDTH = "equal-mass", "equal-width"
N_BINS = 10
# Fewer answers a bin than this and the curve shows chance.
MIN_PER_BIN = 30
TARGET = 0.8
# Below this many named answers, or this share of all, a share of right ones is chance and no property of a threshold.
MIN_NAMED, MIN_COVERAGE = 10, 0.01


@dataclass(frozen=True)
class Reliability:
    """A reliability curve: for each bin of confidence, how often the answers were right.

    Attributes
    ----------
    confidence, accuracy : tuple of float
        Mean confidence and share of right answers of each bin that is not empty.
    counts : tuple of int
        Answers in each bin.
    ece : float
        Expected calibration error: mean of ``|confidence - accuracy|`` weighted by the bins' mass.
    ece_by_chance : float
        The ECE that perfectly calibrated answers with these confidences would show, because a bin holds only so
        many; computed as if answers were independent, so too small where they are not (the steps of a clip).
    binning : str
        `equal-mass` (every bin holds as many answers) or `equal-width`.
    """

    confidence: tuple[float, ...]
    accuracy: tuple[float, ...]
    counts: tuple[int, ...]
    ece: float
    ece_by_chance: float
    binning: str


@dataclass(frozen=True)
class Threshold:
    """The confidence below which a model says `unsure`.

    Attributes
    ----------
    value : float in [0, 1]
        Confidence from which a genre is named; 1.0 where no threshold reaches the target.
    precision : float or None
        Share of right answers among the named ones; None if none is named.
    coverage : float in [0, 1]
        Share of answers that are named.
    """

    value: float
    precision: float | None
    coverage: float


def reliability(
    probabilities: ArrayLike,
    labels: ArrayLike,
    *,
    n_bins: int = N_BINS,
    binning: str = EQUAL_MASS,
    weights: ArrayLike | None = None,
) -> Reliability:
    """Confidence against share of right answers, and their mean distance, the ECE.

    Parameters
    ----------
    probabilities : array [shape=(n, n_genres)]
    labels : int array [shape=(n,)]
    n_bins : int >= 1
        Few answers get fewer bins: a bin of equal mass holds at least 30.
    binning : `equal-mass` or `equal-width`
        Equal width (Guo et al.) leaves most bins nearly empty where confidences are alike.
    weights : array [shape=(n,)], optional
    """
    p = np.asarray(probabilities, dtype=np.float64)
    confidence, correct = p.max(axis=1), (p.argmax(axis=1) == np.asarray(labels)).astype(np.float64)
    mass = np.ones(len(p)) if weights is None else np.asarray(weights, dtype=np.float64)
    if binning == EQUAL_MASS:
        n_bins = max(1, min(n_bins, len(p) // MIN_PER_BIN))
        order = np.argsort(confidence, kind="stable")
        share = np.cumsum(mass[order]) / mass.sum()
        bins = np.empty(len(p), dtype=np.intp)
        bins[order] = np.minimum((share * n_bins - 1e-9).astype(np.intp), n_bins - 1)
    elif binning == EQUAL_WIDTH:
        bins = np.minimum((confidence * n_bins).astype(np.intp), n_bins - 1)
    else:
        raise EvaluationError(f"The binning {binning!r} is unknown; choose {EQUAL_MASS!r} or {EQUAL_WIDTH!r}.")
    in_bin = np.bincount(bins, weights=mass, minlength=n_bins)
    kept = np.flatnonzero(in_bin)
    mean_confidence = np.bincount(bins, weights=mass * confidence, minlength=n_bins)[kept] / in_bin[kept]
    accuracy = np.bincount(bins, weights=mass * correct, minlength=n_bins)[kept] / in_bin[kept]
    variance = np.bincount(bins, weights=mass**2 * confidence * (1 - confidence), minlength=n_bins)[kept]
    # The mean of |x| for a centred normal x is sqrt(2/pi) standard deviations.
    noise = np.sqrt(2 / np.pi * variance) / in_bin[kept]
    return Reliability(
        confidence=tuple(mean_confidence.tolist()),
        accuracy=tuple(accuracy.tolist()),
        counts=tuple(np.bincount(bins, minlength=n_bins)[kept].tolist()),
        ece=float(np.average(np.abs(mean_confidence - accuracy), weights=in_bin[kept])),
        ece_by_chance=float(np.average(noise, weights=in_bin[kept])),
        binning=binning,
    )


def unsure_threshold(
    confidence: ArrayLike, correct: ArrayLike, *, target: float = TARGET, weights: ArrayLike | None = None
) -> Threshold:
    """The smallest confidence from which on named answers are right at least `target` of the time.

    Parameters
    ----------
    confidence : array [shape=(n,)]
        Largest probability of each answer.
    correct : array [shape=(n,)]
    target : float in (0, 1)
    weights : array [shape=(n,)], optional

    Returns
    -------
    Threshold
        0.0 where naming everything is good enough; 1.0, naming nothing, where no threshold is that still
        names 10 answers and 1 % of all.
    """
    p = np.asarray(confidence, dtype=np.float64)
    if not len(p):
        return Threshold(1.0, None, 0.0)
    right = np.asarray(correct, dtype=np.float64)
    mass = np.ones(len(p)) if weights is None else np.asarray(weights, dtype=np.float64)
    order = np.argsort(-p, kind="stable")
    named = np.cumsum(mass[order])
    precision = np.cumsum((mass * right)[order]) / named
    # Equal confidences stand or fall together, so only the last of a tie is a place to cut.
    last_of_tie = np.append(p[order][1:] < p[order][:-1], True)
    enough = (np.arange(1, len(p) + 1) >= MIN_NAMED) & (named >= MIN_COVERAGE * named[-1])
    good = np.flatnonzero(last_of_tie & enough & (precision >= target))
    if not len(good):
        return Threshold(1.0, None, 0.0)
    cut = int(good[-1])
    value = 0.0 if cut == len(p) - 1 else float(p[order][cut])
    return Threshold(value, float(precision[cut]), float(named[cut] / named[-1]))
