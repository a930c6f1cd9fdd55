"""One span of time calibrated: its temperature and its threshold for naming, each fold's fitted on the other folds.

References
----------
C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks", ICML 2017 (temperature
scaling).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from genre_lib.errors import EvaluationError
from genre_lib.evaluation.reliability import Reliability, Threshold, reliability, unsure_threshold

Floats = NDArray[np.float64]

_LOG_T_BOUNDS = (-4.0, 4.0)


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
        Where the data sets of the clips are named.
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


def uncalibrated(
    logits: Floats,
    labels: NDArray[np.intp],
    weights: Floats,
    folds: NDArray[Any],
    data_sets: NDArray[np.str_],
    target: float,
    n_bins: int,
    binning: str,
) -> dict[str, Any]:
    """As `cross_fit`, with nothing fitted."""
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


def cross_fit(
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
    """The fields of `SpanCalibration` that follow from answers [shape=(n_answers, n_genres)] of clips in folds."""
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
        return cross_fit(logits, labels, weights, folds, data_sets, target, n_bins, binning, fit=_no_temperature)
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
            if name
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
