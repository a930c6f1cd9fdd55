"""Making a network's confidence mean what it says, for each span that is shown.

A step of a third of a second, the smoothed curve and a whole clip need three temperatures: averaging logits makes
them smaller where steps disagree, so a clip is far less overconfident than a step. Every figure reported here is
cross-fitted: the temperature and the `unsure` threshold used on a fold were fitted on the other folds. What goes
into the card is fitted on all of them.

References
----------
C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks", ICML 2017 (temperature
scaling).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from genre_lib.errors import EvaluationError
from genre_lib.evaluation.reliability import (
    EQUAL_MASS,
    N_BINS,
    TARGET,
    Reliability,
    Threshold,
    reliability,
    unsure_threshold,
)

Floats = NDArray[np.float64]

_LOG_T_BOUNDS = (-4.0, 4.0)

# On fewer held-out clips a temperature and a threshold say more of these clips than of the network.
FEWEST_CLIPS = 20

# A threshold that just meets its target on the clips it was fitted on misses it on half of all others.
_MARGIN = 0.015


@dataclass(frozen=True)
class DataSetCalibration:
    """How a calibration that several data sets share fits one of them, cross-fitted.

    Attributes
    ----------
    name : str
        Of the data set.
    ece : float
    precision : float or None
        Share of right answers among the named ones; None if none is named.
    coverage : float in [0, 1]
        Share of answers that are named.
    n_answers : int
    """

    name: str
    ece: float
    precision: float | None
    coverage: float
    n_answers: int


@dataclass(frozen=True)
class SpanCalibration:
    """Calibration of one span of time.

    Attributes
    ----------
    name : str
        `step`, `smoothed` or `clip`.
    seconds : float
        Length of the span; for a clip the median clip.
    temperature : float
        Fitted on every clip: the value for the card.
    threshold : Threshold
        Fitted on every clip: the value for the card.
    held_out : Threshold
        The mean threshold, the precision and the coverage when each fold uses the threshold of the others.
    before, after : Reliability
        With temperature 1, and with each fold's temperature fitted on the others.
    nll_before, nll_after : float [nat]
        Negative log-likelihood, cross-fitted.
    n_clips, n_answers, n_folds : int
    by_data_set : tuple of DataSetCalibration
        Where the clips are of several data sets.
    """

    name: str
    seconds: float
    temperature: float
    threshold: Threshold
    held_out: Threshold
    before: Reliability
    after: Reliability
    nll_before: float
    nll_after: float
    n_clips: int
    n_answers: int
    n_folds: int
    by_data_set: tuple[DataSetCalibration, ...] = ()

    @property
    def ece_before(self) -> float:
        """ECE with temperature 1."""
        return self.before.ece

    @property
    def ece_after(self) -> float:
        """Cross-fitted ECE."""
        return self.after.ece

    @property
    def binning(self) -> str:
        """How the bins of both reliability curves were made."""
        return self.after.binning

    def summary(self) -> dict[str, Any]:
        """The few figures a card shows."""
        return {
            "span": self.name,
            "seconds": self.seconds,
            "temperature": self.temperature,
            "ece_before": self.ece_before,
            "ece_after": self.ece_after,
            "ece_by_chance": self.after.ece_by_chance,
            "unsure_below": self.threshold.value,
            "held_out_precision": self.held_out.precision,
            "held_out_coverage": self.held_out.coverage,
            "n_folds": self.n_folds,
        }


@dataclass(frozen=True)
class Calibration:
    """Calibration of every span that is shown, the share of right answers it aims at, and what it could not do."""

    spans: tuple[SpanCalibration, ...]
    target: float
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> SpanCalibration:
        for span in self.spans:
            if span.name == name:
                return span
        raise KeyError(name)

    def temperatures(self) -> dict[str, float]:
        """The card's `temperatures`."""
        return {span.name: span.temperature for span in self.spans}

    def unsure_below(self) -> dict[str, float]:
        """The card's `unsure_below`."""
        return {span.name: span.threshold.value for span in self.spans}


def fit_temperature(logits: ArrayLike, labels: ArrayLike, weights: ArrayLike | None = None) -> float:
    """The temperature that makes the right genres most likely.

    Parameters
    ----------
    logits : array [shape=(n, n_genres)]
    labels : int array [shape=(n,)]
    weights : array [shape=(n,)], optional

    Returns
    -------
    float in [0.018, 55]
        Divide logits by it before the softmax. The bounds are met only by answers that are all right (or
        worse than chance), for which no finite temperature is best.
    """
    z = np.asarray(logits, dtype=np.float64)
    true = np.asarray(labels, dtype=np.intp)
    if z.ndim != 2 or len(z) != len(true) or not len(z):
        raise EvaluationError(f"Logits of shape {z.shape} cannot be calibrated with {len(true)} labels.")
    found = minimize_scalar(
        lambda log_t: negative_log_likelihood(z / np.exp(log_t), true, weights),
        bounds=_LOG_T_BOUNDS,
        method="bounded",
        options={"xatol": 1e-4},
    )
    return float(np.exp(found.x))


def negative_log_likelihood(logits: Floats, labels: NDArray[np.intp], weights: ArrayLike | None = None) -> float:
    """Mean of -log p(right genre), in nats."""
    right = log_softmax(logits, axis=1)[np.arange(len(labels)), labels]
    return float(-np.average(right, weights=None if weights is None else np.asarray(weights)))


def smoothed_logits(step_logits: NDArray[np.floating[Any]], n_steps: int) -> Floats:
    """Means over windows of `n_steps` steps, every full window of a clip; one mean for a shorter clip.

    Returns
    -------
    array [shape=(max(1, n - n_steps + 1), n_genres)]
    """
    z = np.asarray(step_logits, dtype=np.float64)
    width = min(n_steps, len(z))
    total = np.vstack([np.zeros((1, z.shape[1])), np.cumsum(z, axis=0)])
    return np.asarray((total[width:] - total[:-width]) / width)


def assign_folds(groups: Sequence[Any], *, n_folds: int = 5, seed: int = 0) -> NDArray[np.intp]:
    """A fold for every clip such that no group is in two, and folds are about equally large.

    Returns
    -------
    int array [shape=(n_clips,)]
    """
    names, ids, sizes = np.unique([str(group) for group in groups], return_inverse=True, return_counts=True)
    n_folds = min(n_folds, len(names))
    if n_folds < 2:
        raise EvaluationError("Cross-fitting needs clips of at least 2 groups; all of these are of one.")
    shuffled = np.random.default_rng(seed).permutation(len(names))
    fold_of_group, load = np.empty(len(names), dtype=np.intp), np.zeros(n_folds)
    for group in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        fold_of_group[group] = load.argmin()
        load[load.argmin()] += sizes[group]
    return np.asarray(fold_of_group[ids.reshape(-1)])


def calibrate(
    step_logits: Sequence[NDArray[np.floating[Any]]],
    labels: ArrayLike,
    *,
    step_period_s: float,
    smoothing_s: float,
    groups: Sequence[Any] | None = None,
    folds: ArrayLike | None = None,
    data_sets: Sequence[str] | None = None,
    target: float = TARGET,
    n_bins: int = N_BINS,
    binning: str = EQUAL_MASS,
) -> Calibration:
    """Fit temperature and `unsure` threshold for a step, the smoothed curve and a clip, on held-out clips.

    Parameters
    ----------
    step_logits : sequence of arrays [shape=(n_steps, n_genres)]
        Of clips that the network was NOT trained on.
    labels : int array [shape=(n_clips,)]
    step_period_s : float > 0 [s]
    smoothing_s : float > 0 [s]
        Span of the smoothed curve: `max(1, round(smoothing_s / step_period_s))` steps.
    groups : sequence [shape=(n_clips,)], optional
        Artists; folds never split one.
    folds : int array [shape=(n_clips,)], optional
        Ready folds, such as those of a cross-validation; without them 5 are made from the groups.
    data_sets : sequence of str [shape=(n_clips,)], optional
        Which data set each clip is of. Temperatures then count every data set the same, however many clips it has, and
        a threshold reaches the target in each of them that can reach it.
    target : float in (0, 1)
        Share of right answers that `unsure` is to guarantee on other clips; thresholds are fitted for 0.015 more.

    Returns
    -------
    Calibration

    Notes
    -----
    On fewer than 20 clips, or clips of one artist, nothing is fitted: temperatures are 1 and thresholds 0. A
    temperature that makes the answers of the folds it was not fitted on less likely is not applied.

    Every clip of a data set has the same weight in every span, however many steps it has.
    """
    true = np.asarray(labels, dtype=np.intp)
    if len(step_logits) != len(true):
        raise EvaluationError(f"{len(step_logits)} clips were answered but there are {len(true)} labels.")
    few = _too_few(len(true), groups, folds)
    if few is not None:
        folds = np.zeros(len(true), np.intp)
    of_clip = assign_folds(range(len(true)) if groups is None else groups) if folds is None else np.asarray(folds)
    sets = np.asarray([""] * len(true) if data_sets is None else data_sets, str)
    if len(sets) != len(true):
        raise EvaluationError(f"{len(sets)} data sets were named for {len(true)} clips.")
    clip_weights = 1.0 / np.array([np.count_nonzero(sets == name) for name in sets])
    width = max(1, round(smoothing_s / step_period_s))
    clip_s = float(np.median([len(logits) for logits in step_logits])) * step_period_s
    widths = {"step": (1, step_period_s), "smoothed": (width, width * step_period_s), "clip": (None, clip_s)}
    spans = []
    for name, (n_steps, seconds) in widths.items():
        parts = [smoothed_logits(logits, n_steps or len(logits)) for logits in step_logits]
        clip = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        weights = (clip_weights / np.bincount(clip))[clip]
        span = (_cross_fit if few is None else _uncalibrated)(
            np.vstack(parts),
            true[clip],
            weights,
            of_clip[clip],
            sets[clip],
            min(target + _MARGIN, 1.0),
            n_bins,
            binning,
        )
        spans.append(SpanCalibration(name=name, seconds=seconds, n_clips=len(parts), n_answers=len(clip), **span))
    return Calibration(tuple(spans), target, (few,) if few is not None else _worse(spans))


def _too_few(n_clips: int, groups: Sequence[Any] | None, folds: ArrayLike | None) -> str | None:
    """Why nothing can be fitted, in a sentence."""
    n_groups = n_clips if groups is None else len({str(group) for group in groups})
    if n_clips >= FEWEST_CLIPS and (folds is not None or n_groups > 1):
        return None
    of = "" if groups is None else f" of {n_groups} artist{'' if n_groups == 1 else 's'}"
    clips = "is 1 held-out clip" if n_clips == 1 else f"are {n_clips} held-out clips"
    return (
        f"There {clips}{of} to calibrate on, too few: temperatures stay 1 and there is no threshold for unsure, so "
        "that probabilities do not mean what they say."
    )


def _worse(spans: Sequence[SpanCalibration]) -> tuple[str, ...]:
    kept = [span.name for span in spans if span.temperature == 1.0]
    if not kept:
        return ()
    return (f"No temperature makes held-out answers more likely ({', '.join(kept)}): it stays 1 there.",)


def _uncalibrated(
    logits: Floats,
    labels: NDArray[np.intp],
    weights: Floats,
    folds: NDArray[Any],
    data_sets: NDArray[np.str_],
    target: float,
    n_bins: int,
    binning: str,
) -> dict[str, Any]:
    """As `_cross_fit`, with nothing fitted."""
    curve = reliability(softmax(logits, axis=1), labels, n_bins=n_bins, binning=binning, weights=weights)
    everything = np.ones(len(labels), dtype=bool)
    named = Threshold(0.0, *_named_share(everything, logits.argmax(axis=1) == labels, weights))
    likelihood = negative_log_likelihood(logits, labels, weights)
    return {
        "temperature": 1.0,
        "threshold": named,
        "held_out": named,
        "before": curve,
        "after": curve,
        "nll_before": likelihood,
        "nll_after": likelihood,
        "n_folds": 0,
        "by_data_set": (),
    }


def _cross_fit(
    logits: Floats,
    labels: NDArray[np.intp],
    weights: Floats,
    folds: NDArray[Any],
    data_sets: NDArray[np.str_],
    target: float,
    n_bins: int,
    binning: str,
    fit: Callable[[Floats, NDArray[np.intp], Floats], float] = fit_temperature,
) -> dict[str, Any]:
    if len(np.unique(folds)) < 2:
        raise EvaluationError("Cross-fitting needs at least 2 folds; give more, or the groups to make them from.")
    correct = logits.argmax(axis=1) == labels
    cooled, named, cuts = np.empty_like(logits), np.zeros(len(labels), dtype=bool), []
    for fold in np.unique(folds):
        here, others = folds == fold, folds != fold
        temperature = fit(logits[others], labels[others], weights[others])
        confidence = softmax(logits / temperature, axis=1).max(axis=1)
        cut = _threshold(confidence[others], correct[others], weights[others], data_sets[others], target).value
        cooled[here] = logits[here] / temperature
        named[here] = confidence[here] >= cut
        cuts.append(cut)
    temperature = fit(logits, labels, weights)
    if negative_log_likelihood(cooled, labels, weights) > negative_log_likelihood(logits, labels, weights):
        # What does not help on clips that it was not fitted on is not applied.
        return _cross_fit(logits, labels, weights, folds, data_sets, target, n_bins, binning, fit=_no_temperature)
    confidence = softmax(logits / temperature, axis=1).max(axis=1)
    probabilities = softmax(cooled, axis=1)
    names = np.unique(data_sets)
    return {
        "temperature": temperature,
        "threshold": _threshold(confidence, correct, weights, data_sets, target),
        "held_out": Threshold(float(np.mean(cuts)), *_named_share(named, correct, weights)),
        "before": reliability(softmax(logits, axis=1), labels, n_bins=n_bins, binning=binning, weights=weights),
        "after": reliability(probabilities, labels, n_bins=n_bins, binning=binning, weights=weights),
        "nll_before": negative_log_likelihood(logits, labels, weights),
        "nll_after": negative_log_likelihood(cooled, labels, weights),
        "n_folds": len(np.unique(folds)),
        "by_data_set": tuple(
            _of_data_set(str(name), data_sets == name, probabilities, labels, named, weights, n_bins, binning)
            for name in names
            if len(names) > 1
        ),
    }


def _no_temperature(logits: Floats, labels: NDArray[np.intp], weights: Floats) -> float:
    return 1.0


def _threshold(
    confidence: Floats, correct: NDArray[np.bool_], weights: Floats, data_sets: NDArray[np.str_], target: float
) -> Threshold:
    """The smallest confidence from which on the answers on every data set are right at least `target` of the time.

    A data set that never reaches it, as short spans of hard music may not, has its say only as half of all answers.
    """
    everything = unsure_threshold(confidence, correct, target=target, weights=weights)
    of_each = [
        unsure_threshold(confidence[here], correct[here], target=target, weights=weights[here]).value
        for here in (data_sets == name for name in np.unique(data_sets))
    ]
    if len(of_each) == 1:
        return everything
    value = max([cut for cut in of_each if cut < 1.0] + [everything.value])
    return Threshold(value, *_named_share(confidence >= value, correct, weights))


def _named_share(named: NDArray[np.bool_], correct: NDArray[np.bool_], weights: Floats) -> tuple[float | None, float]:
    precision = float(np.average(correct[named], weights=weights[named])) if named.any() else None
    return precision, float(weights[named].sum() / weights.sum())


def _of_data_set(
    name: str,
    here: NDArray[np.bool_],
    probabilities: Floats,
    labels: NDArray[np.intp],
    named: NDArray[np.bool_],
    weights: Floats,
    n_bins: int,
    binning: str,
) -> DataSetCalibration:
    correct = probabilities.argmax(axis=1) == labels
    curve = reliability(probabilities[here], labels[here], n_bins=n_bins, binning=binning, weights=weights[here])
    precision, coverage = _named_share(named[here], correct[here], weights[here])
    return DataSetCalibration(name, curve.ece, precision, coverage, int(here.sum()))
