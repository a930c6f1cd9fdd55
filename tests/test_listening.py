"""Accuracy against seconds heard."""

import numpy as np
import pytest

from genre_lib.listening import accuracy_by_seconds, accuracy_of_excerpts

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


def test_excerpts_hear_nothing_before_their_start(rng: np.random.Generator) -> None:
    lengths = []

    def predict(log_mel: np.ndarray) -> np.ndarray:
        lengths.append(len(log_mel))
        return np.array([[0.0, log_mel.mean()]])

    clips = [np.full((100, 4), 1.0, np.float32), np.full((100, 4), -1.0, np.float32)]
    points = accuracy_of_excerpts(predict, clips, [1, 1], frame_period_s=0.1, seconds=(2.0, 10.0), n_excerpts=4)
    assert [point.accuracy.value for point in points] == [0.5, 0.5]
    # Four excerpts of 2 s each, and one of the whole clip, which has no other start.
    assert lengths == [20] * 8 + [100] * 2


def test_excerpts_come_from_all_over_the_clip() -> None:
    clip = np.zeros((200, 1), np.float32)
    clip[100:] = 1
    points = accuracy_of_excerpts(
        lambda x: np.array([[0.5, x.mean()]]), [clip] * 20, [1] * 20, frame_period_s=0.1, seconds=(2.0,), n_excerpts=5
    )
    assert points[0].accuracy.value == pytest.approx(0.5, abs=0.15)
