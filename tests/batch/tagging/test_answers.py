"""What a recording's answer means for its tags, with both kinds of card."""

from dataclasses import replace
from pathlib import Path

import pytest

from genre_lib.batch.tagging import Heard, Rules, heard_in
from genre_lib.batch.tagging.formats import Contents, Edit
from genre_lib.batch.tagging.plan import decide
from genre_lib.bundle.card import Card
from tests.batch.tagging.hearing import curve_of
from tests.bundle.test_card import BELIEF


@pytest.fixture(params=["moving mean", "belief"])
def card(request: pytest.FixtureRequest, pretrained) -> Card:
    return replace(pretrained.card, belief=BELIEF if request.param == "belief" else None)


def written(heard: Heard, rules: Rules) -> Edit | None:
    return decide(Path("song.mp3"), Contents("", (), ()), heard, rules).edit


def test_a_song_of_one_genre(card: Card) -> None:
    heard = heard_in(curve_of(card, ("jazz", 30)))
    assert (heard.named, heard.genre) == (True, "jazz")
    assert heard.probability > 0.8
    assert heard.shares["jazz"] == pytest.approx(1, abs=0.01)
    assert heard.duration_s == pytest.approx(30, abs=1)
    assert written(heard, Rules()) == Edit(("Jazz",))


def test_a_song_that_changes_has_the_genres_of_its_long_stretches(card: Card) -> None:
    heard = heard_in(curve_of(card, ("jazz", 40), ("rock", 25), ("pop", 5)))
    assert list(heard.shares)[:2] == ["jazz", "rock"]
    assert heard.shares["jazz"] == pytest.approx(4 / 7, abs=0.05)
    assert written(heard, Rules(multi=True)) == Edit(("Jazz", "Rock"))
    if card.belief is not None:
        assert (heard.named, heard.state, written(heard, Rules())) == (False, "mixed", None)


def test_what_is_unsure_is_never_written(card: Card) -> None:
    heard = heard_in(curve_of(card, (None, 30)))
    assert not heard.named
    assert written(heard, Rules(least=0, multi=True, replace=True)) is None
