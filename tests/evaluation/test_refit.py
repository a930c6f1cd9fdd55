"""Calibrating a bundle again: what its card says afterwards is of the new calibration alone."""

import numpy as np
import pytest

from genre_lib.bundle.card import Card
from genre_lib.evaluation.calibration import Calibration, calibrate
from genre_lib.evaluation.refit import with_calibration


def calibration(card: Card, rng: np.random.Generator, n: int, *, loudness: float = 3.0) -> Calibration:
    """Of `n` clips of random logits, of which a third is right."""
    labels = rng.integers(0, len(card.genres), n)
    logits = [loudness * rng.normal(0, 1, (12, len(card.genres))) for _ in range(n)]
    for each, label in zip(logits[::3], labels[::3], strict=True):
        each[:, label] += 2 * loudness
    return calibrate(
        logits, labels, step_period_s=card.step_period_s, smoothing_s=card.smoothing_s, data_sets=["new"] * n
    )


def test_nothing_is_left_of_the_calibration_before(pretrained, rng: np.random.Generator) -> None:
    card: Card = pretrained.card
    assert card.by_size is not None
    few = with_calibration(card, calibration(card, rng, 5))
    assert (few.by_size, few.temperatures.clip, few.unsure_below.clip) == (None, 1.0, 0.0)
    assert "too few" in few.limits[0]
    kinds = ("ece_step", "ece_smoothed", "ece_clip", "named_right")
    assert not [entry for entry in few.metrics if entry["name"].startswith(kinds)]
    many = calibration(card, rng, 90)
    again = with_calibration(few, many)
    assert again.limits == (*many.notes, *card.limits)
    assert {entry["data_set"] for entry in again.metrics if entry["name"].startswith(kinds)} == {"new"}
    others = [entry for entry in card.metrics if not entry["name"].startswith(kinds)]
    assert [entry for entry in again.metrics if entry in others] == others
    assert again.temperatures.step == pytest.approx(many.for_card()["temperatures"].step)


def test_a_calibrated_card_is_one_that_can_be_read(pretrained, rng: np.random.Generator) -> None:
    card = with_calibration(pretrained.card, calibration(pretrained.card, rng, 60))
    again = Card.from_dict(card.to_dict())
    assert (again.temperatures, again.by_size) == (card.temperatures, card.by_size)
