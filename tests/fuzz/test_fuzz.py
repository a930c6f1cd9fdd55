"""Damaged recordings and bundles of a fixed seed; `make fuzz N=500` tries more."""

from pathlib import Path

import pytest

from tests.fuzz import bundles, recordings


@pytest.mark.slow
def test_damaged_recordings_are_answered_or_refused_with_a_sentence(tmp_path: Path) -> None:
    outcome = recordings.fuzz(120, 2018, tmp_path)
    assert outcome.ok, outcome.to_text()
    # Most can be heard, and a part of them lacks something that is said.
    assert outcome.answered > 70
    assert outcome.warned > 20


def test_damaged_bundles_are_refused_or_answer_as_the_whole_one(tmp_path: Path) -> None:
    outcome = bundles.fuzz(200, 2018, tmp_path)
    assert outcome.ok, outcome.to_text()
    assert outcome.refused > 150
