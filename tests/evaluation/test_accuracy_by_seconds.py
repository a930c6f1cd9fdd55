"""Accuracy against seconds heard."""

import numpy as np

from genre_lib.evaluation.accuracy_by_seconds import accuracy_by_seconds

PERIOD_S, FIRST_S = 0.5, 1.0


def late(n_steps: int, right_from: int) -> np.ndarray:
    """Logits that name genre 0 up to a step and genre 1, ever stronger, from it on."""
    logits = np.zeros((n_steps, 2))
    logits[:right_from, 0] = 1
    logits[right_from:, 1] = 10
    return logits


def test_only_steps_that_are_out_count() -> None:
    # At 2 s the steps of 1.0, 1.5 and 2.0 s are out; the first right one comes at 2.5 s.
    points = accuracy_by_seconds(
        [late(10, 3)], [1], step_period_s=PERIOD_S, first_step_s=FIRST_S, seconds=(2.0, 2.5, 5.0)
    )
    assert [(point.x, point.accuracy.value) for point in points] == [(2.0, 0.0), (2.5, 1.0), (5.0, 1.0)]


def test_a_moment_before_the_first_step_is_left_out() -> None:
    points = accuracy_by_seconds([late(10, 0)], [1], step_period_s=PERIOD_S, first_step_s=FIRST_S, seconds=(0.9, 1.0))
    assert [point.x for point in points] == [1.0]


def test_a_point_counts_only_clips_that_last_so_long() -> None:
    clips = [late(60, 0), late(4, 0), late(4, 0)]
    points = accuracy_by_seconds(clips, [1, 1, 1], step_period_s=PERIOD_S, first_step_s=FIRST_S, seconds=(2, 30, 300))
    assert [(point.x, point.accuracy.n) for point in points] == [(2, 3), (30, 1)]
