"""Settings: runs that differ in fold and seed alone, taken together, and compared with each other.

Where every run was evaluated, a setting's answers are pooled over folds and seeds and compared clip by clip, with
artists resampled. Otherwise scores are paired by fold and seed. Training parts of different folds overlap, so that
scores of folds are not independent: the t interval is widened as in C. Nadeau and Y. Bengio, "Inference for the
generalization error", Machine Learning 52, 2003.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genre_lib.errors import EvaluationError
from genre_lib.evaluation.intervals import Estimate
from genre_lib.evaluation.model_comparison import CrossValidation, FoldAnswers, compare, cross_validation
from genre_lib.runs.comparison.loading import FinishedRun
from genre_lib.utils.parameters import REPEATS, varied_parameters, word_of
from genre_lib.utils.serialization import plain


@dataclass(frozen=True, eq=False)
class Setting:
    """Runs that differ in fold and seed alone.

    Attributes
    ----------
    name : str
    parameters : mapping
        What tells it from the other settings.
    runs : tuple of FinishedRun
    score : Estimate
        Mean over its runs; the interval is NaN where nothing is known of the spread.
    pooled : CrossValidation or None
        Its answers clip by clip; None where not every run was evaluated on its fold.
    """

    name: str
    parameters: Mapping[str, Any]
    runs: tuple[FinishedRun, ...]
    score: Estimate
    pooled: CrossValidation | None

    def by_repeat(self) -> dict[tuple[int, int], float]:
        """Score of each (fold, seed)."""
        return {(run.fold, run.seed): run.score for run in self.runs if run.score is not None}


@dataclass(frozen=True)
class Difference:
    """How a setting differs from the best one.

    Attributes
    ----------
    best, other : str
    difference : Estimate
        Best minus other, paired.
    by_fold : mapping of fold to float
        The same, fold by fold.
    """

    best: str
    other: str
    difference: Estimate
    by_fold: Mapping[int, float]

    @property
    def real(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.difference.low > 0 or self.difference.high < 0

    def sentence(self) -> str:
        """The difference in words, honest about what the interval allows to say."""
        d = self.difference
        if math.isnan(d.low):
            return f"{self.best} and {self.other}: {100 * d.value:+.1f} points, noise not known ({d.method})."
        points = f"{100 * d.value:+.1f} points, 95 % interval {100 * d.low:+.1f} to {100 * d.high:+.1f}; {d.method}"
        if self.real:
            return f"{self.best} is better than {self.other} ({points})."
        return f"{self.best} and {self.other} cannot be told apart ({points})."


def settings_of(runs: Sequence[FinishedRun]) -> list[Setting]:
    """Runs grouped by setting, best first."""
    names = [name for name in varied_parameters(runs) if name not in REPEATS]
    grouped: dict[str, list[FinishedRun]] = {}
    for run in runs:
        values = [run.parameters.get(name) for name in names]
        words = [word_of(value) for value in values]
        key = " ".join(word if len(names) == 1 else f"{name}={word}" for name, word in zip(names, words, strict=True))
        grouped.setdefault(key or "all runs", []).append(run)
    settings = [_setting(key, names, members) for key, members in grouped.items()]
    return sorted(settings, key=lambda setting: -setting.score.value)


def differences(settings: Sequence[Setting]) -> list[Difference]:
    """The best setting against each of the others."""
    return [_difference(settings[0], other) for other in settings[1:]]


def summary_of_comparison(settings: Sequence[Setting]) -> dict[str, Any]:
    """The comparison's numbers for metrics.json; an interval that is not known is null."""
    return {
        "settings": {setting.name: _plain(setting.score) | {"runs": len(setting.runs)} for setting in settings},
        "differences": [
            {"best": d.best, "other": d.other, **_plain(d.difference), "more_than_noise": d.real}
            for d in differences(settings)
        ],
    }


def _setting(name: str, names: Sequence[str], runs: list[FinishedRun]) -> Setting:
    pooled = _pooled(name, runs)
    scores = {(run.fold, run.seed): run.score for run in runs if run.score is not None}
    score = pooled.accuracy if pooled is not None else _mean_with_interval(scores)
    return Setting(name, {n: runs[0].parameters.get(n) for n in names}, tuple(runs), score, pooled)


def _pooled(name: str, runs: Sequence[FinishedRun]) -> CrossValidation | None:
    answers = [
        FoldAnswers(run.fold, run.seed, run.evaluation.answers)
        for run in runs
        if run.evaluation is not None and run.evaluation.answers is not None
    ]
    if len(answers) < len(runs):
        return None
    try:
        return cross_validation(name, answers)
    except EvaluationError:
        # Such as a fold that is still to come for one of the seeds.
        return None


def _difference(best: Setting, other: Setting) -> Difference:
    here, there = best.by_repeat(), other.by_repeat()
    pairs = {repeat: here[repeat] - there[repeat] for repeat in here if repeat in there}
    folds = sorted({fold for fold, _ in pairs})
    by_fold = {fold: float(np.mean([value for (f, _), value in pairs.items() if f == fold])) for fold in folds}
    estimate = None
    if best.pooled is not None and other.pooled is not None:
        try:
            estimate = compare(best.pooled, other.pooled).difference
        except EvaluationError:
            # Not all folds of both are there: what they have in common is compared by score.
            estimate = None
    if estimate is None:
        estimate = _mean_with_interval(pairs, paired=True) if pairs else _unknown(best.score.value - other.score.value)
    return Difference(best.name, other.name, estimate, by_fold)


def _mean_with_interval(scores: Mapping[tuple[int, int], float], *, paired: bool = False) -> Estimate:
    from scipy.stats import t

    values = np.array(list(scores.values()))
    n, n_folds = len(values), len({fold for fold, _ in scores})
    mean = float(values.mean())
    if n < 2:
        return _unknown(mean)
    if np.ptp(values) == 0.0:
        # No spread in a handful of runs is no proof of certainty.
        return Estimate(mean, math.nan, math.nan, n, f"the same in all {n} runs, spread not known")
    overlap = 1 / (n_folds - 1) if n_folds > 1 else 0.0
    half = float(t.ppf(0.975, n - 1) * math.sqrt(values.var(ddof=1) * (1 / n + overlap)))
    what = "paired t interval" if paired else "t interval"
    n_seeds = len({seed for _, seed in scores})
    over = f"{n_folds} folds x {n_seeds} seeds" if n_folds > 1 else f"{n_seeds} seeds of one split, its clips as given"
    # Shares lie between 0 and 1, their differences between -1 and 1; the t distribution does not know.
    least = -1.0 if paired else 0.0
    return Estimate(mean, max(least, mean - half), min(1.0, mean + half), n, f"{what} over {over}")


def _unknown(value: float) -> Estimate:
    return Estimate(value, math.nan, math.nan, 1, "one run, spread not known")


def _plain(estimate: Estimate) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in plain(estimate).items()
    }
