"""Intervals that widen with what is not independent."""

import numpy as np
import pytest

from genre_lib.errors import EvaluationError
from genre_lib.evaluation.intervals import Estimate, paired_difference, proportion, wilson
from genre_lib.utils.serialization import plain, structured


def test_wilson_gives_the_textbook_interval() -> None:
    # Newcombe (Statistics in Medicine 17, 1998), table I: 81 of 263.
    estimate = wilson(81, 263)
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((0.3080, 0.2553, 0.3662), abs=1e-4)


@pytest.mark.parametrize(("successes", "value"), [(0, 0.0), (10, 1.0)])
def test_wilson_is_never_certain(successes: int, value: float) -> None:
    estimate = wilson(successes, 10)
    assert estimate.value == value
    assert estimate.low <= value <= estimate.high
    assert estimate.high - estimate.low > 0.2


def test_clips_without_groups_get_wilson() -> None:
    assert proportion([1, 1, 0, 1]) == wilson(3, 4)


def test_songs_of_one_artist_widen_the_interval(rng: np.random.Generator) -> None:
    # Twenty artists with ten clips each that are all right or all wrong together: 20 trials, not 200.
    right = np.repeat(rng.integers(0, 2, 20), 10)
    alone, grouped = proportion(right), proportion(right, np.repeat(np.arange(20), 10))
    assert grouped.high - grouped.low > 2 * (alone.high - alone.low)
    assert "20 artist groups" in grouped.method


def test_the_bootstrap_covers_the_truth_about_as_often_as_it_says(rng: np.random.Generator) -> None:
    groups = np.repeat(np.arange(60), 4)
    hits = 0
    for trial in range(100):
        skill = rng.beta(6, 4, 60)
        right = rng.random(240) < skill[groups]
        estimate = proportion(right, groups, n_resamples=400, seed=trial)
        hits += estimate.low <= 0.6 <= estimate.high
    assert hits >= 86


def test_all_right_is_not_certain() -> None:
    estimate = proportion(np.ones(30), np.repeat(np.arange(6), 5))
    assert estimate.value == 1.0
    assert estimate.low == pytest.approx(wilson(6, 6).low)


def test_seeds_are_resampled_too(rng: np.random.Generator) -> None:
    groups = np.arange(400)
    steady = np.tile(rng.random(400) < 0.5, (3, 1))
    shaky = np.stack([rng.random(400) < p for p in (0.3, 0.5, 0.7)])
    a, b = proportion(steady, groups), proportion(shaky, groups)
    assert b.high - b.low > a.high - a.low + 0.1
    assert a.n == 400


def test_pairing_cancels_what_is_hard_for_both(rng: np.random.Generator) -> None:
    b = rng.random(300) < 0.6
    a = b.copy()
    a[np.flatnonzero(~b)[:15]] = True
    difference = paired_difference(a, b)
    assert difference.value == pytest.approx(0.05)
    assert difference.low > 0
    width = wilson(int(a.sum()), 300).high - wilson(int(a.sum()), 300).low
    assert difference.high - difference.low < width / 1.5


def test_a_model_does_not_differ_from_itself() -> None:
    right = np.array([1, 0, 1, 1, 0])
    assert paired_difference(right, right).value == paired_difference(right, right).high == 0


def test_an_estimate_survives_json() -> None:
    estimate = wilson(3, 4)
    assert structured(plain(estimate), Estimate) == estimate


@pytest.mark.parametrize(
    "broken",
    [
        lambda: wilson(0, 0),
        lambda: proportion([]),
        lambda: proportion([1, 0], ["a"]),
        lambda: paired_difference([1, 0], [1, 0, 1]),
    ],
)
def test_nonsense_is_refused(broken) -> None:
    with pytest.raises(EvaluationError):
        broken()
