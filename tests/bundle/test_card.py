"""The card's values by span, and what its schema refuses."""

import json
import math
from dataclasses import replace

import pytest

from genre_lib.bundle.belief_settings import BeliefSettings, LiveAndFile, PathSettings
from genre_lib.bundle.card import BySpan, Card
from genre_lib.errors import BundleError

VALUES = BySpan(step=2.0, smoothed=1.5, clip=1.0)


def at(span_s: float, smoothing_s: float = 3.0) -> float:
    return VALUES.at(span_s, step_period_s=0.3, smoothing_s=smoothing_s)


def test_the_three_spans_have_their_own_values_and_outside_they_stay() -> None:
    assert (at(0.3), at(3.0), at(30.0)) == (2.0, 1.5, 1.0)
    assert (at(0.01), at(300.0)) == (2.0, 1.0)


def test_between_two_spans_the_value_is_linear_in_the_logarithm() -> None:
    assert at(math.sqrt(0.3 * 3.0)) == pytest.approx(1.75)
    assert at(math.sqrt(3.0 * 30.0)) == pytest.approx(1.25)


def test_a_smoothing_span_beyond_the_clip_is_left_out() -> None:
    assert at(3.0, smoothing_s=60.0) == pytest.approx(1.5)


def test_a_card_survives_json(pretrained) -> None:
    assert Card.from_dict(pretrained.card.to_dict()) == pretrained.card


BELIEF = BeliefSettings(
    evidence_weight=LiveAndFile(0.1, 0.05),
    mean_duration_s=10.0,
    stages=2,
    temperatures=LiveAndFile(1.2, 1.0),
    named_from=LiveAndFile(0.6, 0.5),
    whole_named_from=0.5,
    probable_lead=0.15,
    lag_s=20.0,
    path=PathSettings(0.1, 30.0, 4.0),
)


def test_a_card_with_a_belief_is_of_version_2(pretrained) -> None:
    card = replace(pretrained.card, belief=BELIEF)
    values = json.loads(json.dumps(card.to_dict()))
    assert values["schema_version"] == 2
    assert Card.from_dict(values) == card


def test_a_card_without_one_stays_of_version_1_and_opens(pretrained) -> None:
    values = replace(pretrained.card, belief=None).to_dict()
    assert values["schema_version"] == 1
    assert Card.from_dict(values).belief is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema_version": 3}, "newer"),
        ({"schema_version": 2}, "belief"),
        ({"genres": ["one"]}, "genres"),
        ({"surprise": 1}, "surprise"),
        ({"files": {"../outside": {"sha256": "0" * 64, "size": 1}}}, "files"),
    ],
)
def test_what_does_not_fit_the_schema_is_refused(pretrained, change: dict, says: str) -> None:
    with pytest.raises(BundleError, match=says):
        Card.from_dict(replace(pretrained.card, belief=None).to_dict() | change)


def test_a_missing_part_is_named(pretrained) -> None:
    values = pretrained.card.to_dict()
    del values["timing"]
    with pytest.raises(BundleError, match="timing"):
        Card.from_dict(values)


def test_a_contradicting_step_period_is_refused(pretrained) -> None:
    values = pretrained.card.to_dict()
    values["timing"] |= {"step_period_s": 1.0}
    with pytest.raises(BundleError, match="step period"):
        Card.from_dict(values)
