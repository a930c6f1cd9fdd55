"""Models, seeds, folds and splits side by side."""

import json

import numpy as np
import pytest

from genre_lib.errors import EvaluationError
from genre_lib.evaluation.model_comparison import (
    CrossValidation,
    FoldAnswers,
    LeakDemonstration,
    compare,
    cross_validation,
    leak_demonstration,
)
from genre_lib.evaluation.scores import Answers, evaluate
from genre_lib.utils.serialization import plain, structured


def answers(right: list[bool], names: list[str] | None = None, groups: list[str] | None = None) -> Answers:
    return Answers(
        names=tuple(names or [f"clip{i}" for i in range(len(right))]),
        labels=(1,) * len(right),
        groups=None if groups is None else tuple(groups),
        clip_logits=tuple((0.0, 1.0) if r else (1.0, 0.0) for r in right),
    )


def runs(seeds: dict[int, list[bool]]) -> list[FoldAnswers]:
    """Two folds: the first half of the clips, and the second."""
    out = []
    for seed, right in seeds.items():
        half = len(right) // 2
        names = [f"clip{i}" for i in range(len(right))]
        out.append(FoldAnswers(0, seed, answers(right[:half], names[:half])))
        out.append(FoldAnswers(1, seed, answers(right[half:], names[half:])))
    return out


def test_folds_and_seeds_are_put_together() -> None:
    result = cross_validation("net", runs({0: [True, True, True, False], 7: [True, False, False, False]}))
    assert result.accuracy.value == pytest.approx(0.5)
    assert result.by_seed == {0: 0.75, 7: 0.25}
    assert result.by_fold == {0: 0.75, 1: 0.25}
    assert result.sd_over_seeds == pytest.approx(np.std([0.75, 0.25], ddof=1))
    assert result.accuracy.method == "bootstrap over 4 clips and 2 seeds"


def test_a_clip_held_out_twice_is_refused() -> None:
    doubled = [FoldAnswers(0, 0, answers([True])), FoldAnswers(1, 0, answers([True]))]
    with pytest.raises(EvaluationError, match=r"clip0 .* two folds"):
        cross_validation("net", doubled)


def test_an_unfinished_seed_is_refused() -> None:
    unfinished = runs({0: [True] * 4, 1: [True] * 4})[:-1]
    with pytest.raises(EvaluationError, match="Seed 1"):
        cross_validation("net", unfinished)


def test_nothing_is_refused() -> None:
    with pytest.raises(EvaluationError, match="no finished fold"):
        cross_validation("net", [])


def test_comparison_pairs_by_name_not_by_place(rng: np.random.Generator) -> None:
    right = (rng.random(60) < 0.7).tolist()
    better = [r or i % 3 == 0 for i, r in enumerate(right)]
    a = cross_validation("a", runs({0: better}))
    shuffled = rng.permutation(60)
    names = [f"clip{i}" for i in shuffled]
    b = cross_validation("b", [FoldAnswers(0, 0, answers([right[i] for i in shuffled], names))])
    result = compare(a, b)
    assert result.only_b == 0
    assert result.only_a == sum(better) - sum(right) > 0
    assert result.difference.low > 0
    assert "a is better than b" in result.sentence()
    assert "b is worse than a" in compare(b, a).sentence()


def test_what_cannot_be_told_apart_is_called_so(rng: np.random.Generator) -> None:
    a = cross_validation("a", runs({0: (rng.random(40) < 0.6).tolist()}))
    b = cross_validation("b", runs({0: (rng.random(40) < 0.6).tolist()}))
    assert "cannot be told apart" in compare(a, b).sentence()


def test_models_on_different_clips_are_not_compared() -> None:
    with pytest.raises(EvaluationError, match="same clips"):
        compare(cross_validation("a", runs({0: [True] * 4})), cross_validation("b", runs({0: [True] * 6})))


def test_evaluations_compare_too() -> None:
    logits = [np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]])]
    options = {"genres": ("x", "y"), "data_set": "d", "split": "s", "step_period_s": 1.0, "first_step_s": 1.0}
    a = evaluate(logits, [1, 0], model="a", **options)
    b = evaluate(logits, [1, 1], model="b", **options)
    assert compare(a, b).difference.value == 0.5


def test_the_leak_counts_whose_artist_was_seen() -> None:
    groups = ["a", "a", "b", "c"]
    leak = leak_demonstration(
        answers([True, True, True, False], groups=groups),
        answers([True, False, False, False], groups=groups),
        train_groups_random=["a", "b", "z"],
        train_groups_artist_aware=["y", "z"],
    )
    assert leak.shared_random == 0.75
    assert leak.shared_artist_aware == 0.0
    assert (leak.random.value, leak.artist_aware.value) == (0.75, 0.25)
    assert leak.seen is not None
    assert leak.unseen is not None
    assert (leak.seen.value, leak.unseen.value) == (1.0, 0.0)


def test_no_leak_is_shown_without_artists() -> None:
    with pytest.raises(EvaluationError, match="artist"):
        leak_demonstration(answers([True]), answers([True]), train_groups_random=["a"], train_groups_artist_aware=["a"])


def test_results_survive_json() -> None:
    groups = ["a", "b"]
    leak = leak_demonstration(
        answers([True, False], groups=groups),
        answers([True, False], groups=groups),
        train_groups_random=["a", "b"],
        train_groups_artist_aware=["z"],
    )
    assert structured(json.loads(json.dumps(plain(leak))), LeakDemonstration) == leak
    result = cross_validation("net", runs({0: [True, True, False, False], 1: [True] * 4}))
    assert structured(json.loads(json.dumps(plain(result))), CrossValidation) == result
