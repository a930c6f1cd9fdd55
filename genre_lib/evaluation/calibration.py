"""Making a network's confidence mean what it says, for each span that is shown.

A step of a third of a second, the smoothed curve and a whole clip need three temperatures: averaging logits makes
them smaller where steps disagree, so a clip is far less overconfident than a step. Music of another world than the
training's has smaller logits with as much right in them, so that no temperature is right for both: where it makes
held-out answers more likely, logits are divided by their size first. Every figure reported here is
cross-fitted: the temperature and the `unsure` threshold used on a fold were fitted on the other folds. What goes
into the card is fitted on all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genre_lib.bundle.card import BySize, BySpan
from genre_lib.errors import EvaluationError
from genre_lib.evaluation.reliability import EQUAL_MASS, N_BINS, TARGET
from genre_lib.evaluation.span_calibration import Floats, SpanAnswers, SpanCalibration, cross_fit, uncalibrated

# On fewer held-out clips a temperature and a threshold say more of these clips than of the network.
FEWEST_CLIPS = 20

# Logits are divided by their size, or at least by this: what no genre fits has small ones, and is to be unsure.
LEAST_SIZE = 1.5

_NO_TEMPERATURE = "No temperature makes held-out answers more likely"
_TOO_FEW = "to calibrate on, too few: temperatures stay 1"

# A threshold that just meets its target on the clips it was fitted on misses it on half of all others.
_MARGIN = 0.015


@dataclass(frozen=True)
class Calibration:
    """Calibration of every span that is shown.

    Attributes
    ----------
    spans : tuple of SpanCalibration
    target : float in (0, 1)
        The share of right answers that thresholds aim at.
    notes : tuple of str
        What it could not do.
    least_size : float or None
        Where it goes by the size of logits, the least that they are divided by.
    undivided : tuple of SpanCalibration
        Where it does: the spans as they would be otherwise, for what goes on from undivided logits, such as teaching.
    """

    spans: tuple[SpanCalibration, ...]
    target: float
    notes: tuple[str, ...] = ()
    least_size: float | None = None
    undivided: tuple[SpanCalibration, ...] = ()

    def __getitem__(self, name: str) -> SpanCalibration:
        for span in self.spans:
            if span.name == name:
                return span
        raise KeyError(name)

    def for_card(self) -> dict[str, Any]:
        """A card's `temperatures`, `unsure_below` and `by_size`."""
        undivided = _values(self.undivided or self.spans)
        by_size = None if self.least_size is None else BySize(self.least_size, **_values(self.spans))
        return {**undivided, "by_size": by_size}

    def card_metrics(self) -> list[dict[str, Any]]:
        """Of each data set it was fitted for: its error, and the share of named answers that is right."""
        metrics: list[dict[str, Any]] = []
        for span in self.spans:
            for part in span.by_data_set:
                common = {"data_set": part.name, "split": "held out", "n": part.n_answers}
                metrics.append({"name": f"ece_{span.name}", "value": part.ece, **common})
                if part.precision is not None:
                    note = f"{100 * part.coverage:.0f} % are named"
                    named = {"name": f"named_right_{span.name}", "value": part.precision, **common}
                    metrics.append(named | {"note": note})
        return metrics


def _values(spans: Sequence[SpanCalibration]) -> dict[str, BySpan]:
    return {
        "temperatures": BySpan(**{span.name: span.temperature for span in spans}),
        "unsure_below": BySpan(**{span.name: span.threshold.value for span in spans}),
    }


def smoothed_logits(step_logits: NDArray[np.floating[Any]], n_steps: int, *, least_size: float | None = None) -> Floats:
    """Means over windows of `n_steps` steps, every full window of a clip; one mean for a shorter clip.

    Parameters
    ----------
    step_logits : array [shape=(n, n_genres)]
    n_steps : int >= 1
    least_size : float, optional
        Divide each mean by the size of its window's logits, the root of the mean of their variances, at least by this.

    Returns
    -------
    array [shape=(max(1, n - n_steps + 1), n_genres)]
    """
    z = np.asarray(step_logits, dtype=np.float64)
    means = _windowed(z, n_steps)
    if least_size is None:
        return means
    squares = _windowed(z.var(axis=1, keepdims=True), n_steps)
    # Rounding may leave a hair less than nothing of them.
    return means / np.sqrt(np.maximum(squares, least_size**2))


def _windowed(values: Floats, n_steps: int) -> Floats:
    width = min(n_steps, len(values))
    total = np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
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
    temperature that makes the answers of the folds it was not fitted on less likely is not applied. Logits are divided
    by their size, at least `LEAST_SIZE`, where that makes the answers of the three spans together more likely.

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
    aim = min(target + _MARGIN, 1.0)

    def fitted(least_size: float | None) -> tuple[SpanCalibration, ...]:
        spans = []
        for name, (n_steps, seconds) in widths.items():
            parts = [smoothed_logits(logits, n_steps or len(logits), least_size=least_size) for logits in step_logits]
            clip = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
            weights = (clip_weights / np.bincount(clip))[clip]
            answers = SpanAnswers(np.vstack(parts), true[clip], weights, of_clip[clip], sets[clip])
            if few is None:
                span = cross_fit(answers, target=aim, n_bins=n_bins, binning=binning)
            else:
                span = uncalibrated(answers, n_bins=n_bins, binning=binning)
            spans.append(SpanCalibration(name=name, seconds=seconds, n_clips=len(parts), n_answers=len(clip), **span))
        return tuple(spans)

    undivided = fitted(None)
    if few is not None:
        return Calibration(undivided, target, (few,))
    divided = fitted(LEAST_SIZE)
    if sum(span.nll_after for span in divided) < sum(span.nll_after for span in undivided):
        return Calibration(divided, target, _worse(divided), least_size=LEAST_SIZE, undivided=undivided)
    return Calibration(undivided, target, _worse(undivided))


def _too_few(n_clips: int, groups: Sequence[Any] | None, folds: ArrayLike | None) -> str | None:
    """Why nothing can be fitted, in a sentence."""
    n_groups = n_clips if groups is None else len({str(group) for group in groups})
    if n_clips >= FEWEST_CLIPS and (folds is not None or n_groups > 1):
        return None
    of = "" if groups is None else f" of {n_groups} artist{'' if n_groups == 1 else 's'}"
    clips = "is 1 held-out clip" if n_clips == 1 else f"are {n_clips} held-out clips"
    return (
        f"There {clips}{of} {_TOO_FEW} and there is no threshold for unsure, so that probabilities do not mean what "
        "they say."
    )


def is_note(sentence: str) -> bool:
    """Whether a sentence is one of `Calibration.notes`: it goes when another calibration comes."""
    return sentence.startswith(_NO_TEMPERATURE) or _TOO_FEW in sentence


def _worse(spans: Sequence[SpanCalibration]) -> tuple[str, ...]:
    kept = [span.name for span in spans if span.temperature == 1.0]
    if not kept:
        return ()
    return (f"{_NO_TEMPERATURE} ({', '.join(kept)}): it stays 1 there.",)
