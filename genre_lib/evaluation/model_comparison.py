"""Two models, several seeds, several folds, two splits: differences with the interval they deserve.

Models are compared on the same clips, artist by artist, because a song that is hard for one is usually hard for the
other: the paired interval is far narrower than the two single ones suggest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.errors import EvaluationError
from genre_lib.evaluation.intervals import Estimate, paired_difference, proportion
from genre_lib.evaluation.scores import Answers, Evaluation


@dataclass(frozen=True)
class FoldAnswers:
    """What the network of one fold and seed said about the clips held out from it."""

    fold: int
    seed: int
    answers: Answers


@dataclass(frozen=True)
class CrossValidation:
    """Accuracy over folds and seeds, every clip answered once per seed by a network that never saw its group.

    Attributes
    ----------
    model : str
    names : tuple of str
        The clips of all folds together, sorted.
    groups : tuple of str, or None
    correct : tuple of tuples of bool [shape=(n_seeds, n_clips)]
    accuracy : Estimate
        Mean over clips and seeds; the interval resamples both.
    by_fold : dict of int to float
        Mean over the seeds.
    by_seed : dict of int to float
        Mean over the clips.
    """

    model: str
    names: tuple[str, ...]
    groups: tuple[str, ...] | None
    correct: tuple[tuple[bool, ...], ...]
    accuracy: Estimate
    by_fold: dict[int, float]
    by_seed: dict[int, float]

    @property
    def sd_over_seeds(self) -> float:
        """Standard deviation of the accuracy from seed to seed; 0 for a single seed."""
        values = list(self.by_seed.values())
        return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


@dataclass(frozen=True)
class Comparison:
    """Two models on the same clips.

    Attributes
    ----------
    model_a, model_b : str
    a, b : Estimate
        Their accuracies.
    difference : Estimate
        A minus B, paired.
    only_a, only_b : int
        Clips that only A, or only B, gets right in more than half of its seeds.
    """

    model_a: str
    model_b: str
    a: Estimate
    b: Estimate
    difference: Estimate
    only_a: int
    only_b: int

    def sentence(self) -> str:
        """The comparison in words, honest about what the interval allows to say."""
        d = self.difference
        points = f"{100 * d.value:+.1f} points, 95 % interval {100 * d.low:+.1f} to {100 * d.high:+.1f}"
        if d.low > 0:
            return f"{self.model_a} is better than {self.model_b} ({points}; {d.method})."
        if d.high < 0:
            return f"{self.model_a} is worse than {self.model_b} ({points}; {d.method})."
        return f"{self.model_a} and {self.model_b} cannot be told apart on these {d.n} clips ({points}; {d.method})."


@dataclass(frozen=True)
class LeakDemonstration:
    """The same training on a random split and on one that keeps artists together.

    Attributes
    ----------
    random, artist_aware : Estimate
        Accuracy on the test part of each.
    shared_random, shared_artist_aware : float in [0, 1]
        Share of test clips whose artist is in the training part.
    seen, unseen : Estimate or None
        Within the random split: accuracy on clips whose artist was, or was not, in training.
    """

    random: Estimate
    artist_aware: Estimate
    shared_random: float
    shared_artist_aware: float
    seen: Estimate | None
    unseen: Estimate | None


def cross_validation(model: str, runs: Sequence[FoldAnswers]) -> CrossValidation:
    """Put the held-out answers of all folds and seeds together.

    Raises
    ------
    EvaluationError
        If there is no run, a clip is held out twice in a seed, or the seeds do not cover the same clips.
    """
    if not runs:
        raise EvaluationError(f"There is no finished fold of {model} to evaluate.")
    seeds = sorted({run.seed for run in runs})
    right: dict[int, dict[str, bool]] = {seed: {} for seed in seeds}
    group_of: dict[str, str] = {}
    fold_of: dict[str, int] = {}
    for run in runs:
        for i, (name, correct) in enumerate(zip(run.answers.names, run.answers.correct, strict=True)):
            if name in right[run.seed]:
                raise EvaluationError(
                    f"Clip {name} is held out in two folds of seed {run.seed}; folds must not overlap."
                )
            right[run.seed][name] = bool(correct)
            fold_of[name] = run.fold
            if run.answers.groups is not None:
                group_of[name] = run.answers.groups[i]
    names = tuple(sorted(right[seeds[0]]))
    for seed in seeds:
        if set(right[seed]) != set(names):
            raise EvaluationError(f"Seed {seed} of {model} covers other clips than seed {seeds[0]}; finish its folds.")
    groups = tuple(group_of[name] for name in names) if len(group_of) == len(names) else None
    matrix = np.array([[right[seed][name] for name in names] for seed in seeds])
    folds = np.array([fold_of[name] for name in names])
    return CrossValidation(
        model=model,
        names=names,
        groups=groups,
        correct=tuple(tuple(bool(value) for value in row) for row in matrix),
        accuracy=proportion(matrix, groups),
        by_fold={int(fold): float(matrix[:, folds == fold].mean()) for fold in np.unique(folds)},
        by_seed={seed: float(row.mean()) for seed, row in zip(seeds, matrix, strict=True)},
    )


def compare(a: Evaluation | CrossValidation, b: Evaluation | CrossValidation) -> Comparison:
    """Two models on the same clips, paired.

    Raises
    ------
    EvaluationError
        If they did not answer the same clips.
    """
    names_a, correct_a, groups = _right_by_name(a)
    names_b, correct_b, _ = _right_by_name(b)
    order_a, order_b = np.argsort(names_a), np.argsort(names_b)
    if not np.array_equal(np.asarray(names_a)[order_a], np.asarray(names_b)[order_b]):
        raise EvaluationError(
            f"{a.model} and {b.model} were not evaluated on the same clips; evaluate both on one split first."
        )
    correct_a, correct_b = correct_a[:, order_a], correct_b[:, order_b]
    sorted_groups = None if groups is None else [groups[i] for i in order_a]
    usually_a, usually_b = correct_a.mean(axis=0) > 0.5, correct_b.mean(axis=0) > 0.5
    return Comparison(
        model_a=a.model,
        model_b=b.model,
        a=a.accuracy,
        b=b.accuracy,
        difference=paired_difference(correct_a, correct_b, sorted_groups),
        only_a=int((usually_a & ~usually_b).sum()),
        only_b=int((usually_b & ~usually_a).sum()),
    )


def leak_demonstration(
    random: Answers,
    artist_aware: Answers,
    *,
    train_groups_random: Sequence[Any],
    train_groups_artist_aware: Sequence[Any],
) -> LeakDemonstration:
    """Set the two splits' results side by side.

    Parameters
    ----------
    random, artist_aware : Answers
        On the test part of each split, with groups.
    train_groups_random, train_groups_artist_aware : sequence
        The artist of every training clip of each split.

    Raises
    ------
    EvaluationError
        If the answers have no groups: without artists there is nothing to show.
    """
    seen, seen_aware = _seen(random, train_groups_random), _seen(artist_aware, train_groups_artist_aware)
    return LeakDemonstration(
        random=proportion(random.correct, random.groups),
        artist_aware=proportion(artist_aware.correct, artist_aware.groups),
        shared_random=float(seen.mean()),
        shared_artist_aware=float(seen_aware.mean()),
        seen=_part(random, seen),
        unseen=_part(random, ~seen),
    )


def _right_by_name(
    result: Evaluation | CrossValidation,
) -> tuple[tuple[str, ...], NDArray[np.bool_], tuple[str, ...] | None]:
    if isinstance(result, Evaluation):
        return result.answers.names, result.answers.correct[None, :], result.answers.groups
    return result.names, np.asarray(result.correct), result.groups


def _seen(answers: Answers, train_groups: Sequence[Any]) -> NDArray[np.bool_]:
    if answers.groups is None:
        raise EvaluationError("The leak can only be shown where the artist of each clip is known.")
    known = {str(group) for group in train_groups}
    return np.array([group in known for group in answers.groups])


def _part(answers: Answers, chosen: NDArray[np.bool_]) -> Estimate | None:
    if not chosen.any() or answers.groups is None:
        return None
    return proportion(answers.correct[chosen], np.asarray(answers.groups)[chosen])
