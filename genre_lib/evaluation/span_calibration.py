"""One span of time calibrated: its temperature and its threshold for naming, each fold's fitted on the other folds.

References
----------
C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks", ICML 2017 (temperature
scaling).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from genre_lib.errors import EvaluationError
from genre_lib.evaluation.reliability import Reliability, Threshold, reliability, unsure_threshold

Floats = NDArray[np.float64]
Fit = Callable[[Floats, NDArray[np.intp], Floats], float]

_LOG_T_BOUNDS = (-4.0, 4.0)


@dataclass(frozen=True, eq=False)
class SpanAnswers:
    """What a network says about spans of clips that it was not trained on.

    Attributes
    ----------
    logits : np.ndarray [shape=(n_answers, n_genres)]
    labels : int array [shape=(n_answers,)]
    weights : np.ndarray [shape=(n_answers,)]
    folds, data_sets : array [shape=(n_answers,)]
        Of the clip.
    """

    logits: Floats
    labels: NDArray[np.intp]
    weights: Floats
    folds: NDArray[Any]
    data_sets: NDArray[np.str_]

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether the most probable genre is the right one [shape=(n_answers,)]."""
        return np.asarray(self.logits.argmax(axis=1) == self.labels)

    def of(self, here: NDArray[np.bool_]) -> SpanAnswers:
        """Some of them."""
        return SpanAnswers(
            self.logits[here], self.labels[here], self.weights[here], self.folds[here], self.data_sets[here]
        )

    def over(self, temperature: float) -> SpanAnswers:
        """The same at another temperature."""
        return replace(self, logits=self.logits / temperature)

    def reliability(self, n_bins: int, binning: str) -> Reliability:
        """How often they are right, by how probable they say they are."""
        return reliability(
            softmax(self.logits, axis=1), self.labels, n_bins=n_bins, binning=binning, weights=self.weights
        )

    def likelihood(self) -> float:
        """Mean of -log p(right genre) [nat]."""
        return negative_log_likelihood(self.logits, self.labels, self.weights)

    def named_from(self, target: float) -> Threshold:
        """The smallest confidence from which on those of every data set are right at least `target` of the time.

        A data set that never reaches it, as short spans of hard music may not, has its say only as half of all.
        """
        confidence, correct = softmax(self.logits, axis=1).max(axis=1), self.correct
        everything = unsure_threshold(confidence, correct, target=target, weights=self.weights)
        of_each = [
            unsure_threshold(confidence[here], correct[here], target=target, weights=self.weights[here]).value
            for here in (self.data_sets == name for name in np.unique(self.data_sets))
        ]
        if len(of_each) == 1:
            return everything
        value = max([cut for cut in of_each if cut < 1.0] + [everything.value])
        return Threshold(value, *self.named_share(confidence >= value))

    def named_share(self, named: NDArray[np.bool_]) -> tuple[float | None, float]:
        """Of those that are named, the share that is right; and the share of all that is named."""
        precision = float(np.average(self.correct[named], weights=self.weights[named])) if named.any() else None
        return precision, float(self.weights[named].sum() / self.weights.sum())


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


def uncalibrated(answers: SpanAnswers, *, n_bins: int, binning: str) -> dict[str, Any]:
    """As `cross_fit`, with nothing fitted."""
    curve, likelihood = answers.reliability(n_bins, binning), answers.likelihood()
    named = Threshold(0.0, *answers.named_share(np.ones(len(answers.labels), dtype=bool)))
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
    answers: SpanAnswers, *, target: float, n_bins: int, binning: str, fit: Fit = fit_temperature
) -> dict[str, Any]:
    """The fields of `SpanCalibration` that follow from answers of clips in folds."""
    folds = np.unique(answers.folds)
    if len(folds) < 2:
        raise EvaluationError("Cross-fitting needs at least 2 folds; give more, or the groups to make them from.")
    logits, named, cuts = np.empty_like(answers.logits), np.zeros(len(answers.labels), dtype=bool), []
    for fold in folds:
        here = answers.folds == fold
        others = answers.of(~here)
        temperature = fit(others.logits, others.labels, others.weights)
        cut = others.over(temperature).named_from(target).value
        logits[here] = answers.logits[here] / temperature
        named[here] = softmax(logits[here], axis=1).max(axis=1) >= cut
        cuts.append(cut)
    cooled = replace(answers, logits=logits)
    if cooled.likelihood() > answers.likelihood():
        # What does not help on clips that it was not fitted on is not applied.
        return cross_fit(answers, target=target, n_bins=n_bins, binning=binning, fit=_no_temperature)
    temperature, sets = fit(answers.logits, answers.labels, answers.weights), answers.data_sets
    return {
        "temperature": temperature,
        "threshold": answers.over(temperature).named_from(target),
        "held_out": Threshold(float(np.mean(cuts)), *answers.named_share(named)),
        "before": answers.reliability(n_bins, binning),
        "after": cooled.reliability(n_bins, binning),
        "nll_before": answers.likelihood(),
        "nll_after": cooled.likelihood(),
        "n_folds": len(folds),
        "by_data_set": tuple(
            _of_data_set(str(name), cooled.of(sets == name), named[sets == name], n_bins, binning)
            for name in np.unique(sets)
            if name
        ),
    }


def _no_temperature(logits: Floats, labels: NDArray[np.intp], weights: Floats) -> float:
    return 1.0


def _of_data_set(
    name: str, answers: SpanAnswers, named: NDArray[np.bool_], n_bins: int, binning: str
) -> DataSetCalibration:
    precision, coverage = answers.named_share(named)
    return DataSetCalibration(name, answers.reliability(n_bins, binning).ece, precision, coverage, len(answers.labels))
