"""A model of one's own music is called after it."""

import re

import pytest

from genre_lib.bundle.card import card_schema
from genre_lib.bundle.names import model_name


@pytest.mark.parametrize(
    ("data_set", "name"),
    [
        ("gtzan", "gtzan"),
        ("My Music (2024)", "My-Music-2024"),
        ("Café Müller", "Cafe-Muller"),
        ("音楽", "own-music"),
        ("..hidden", "hidden"),
        ("x" * 100, "x" * 64),
    ],
)
def test_any_folder_gives_a_name_that_a_card_may_bear(data_set: str, name: str) -> None:
    assert model_name(data_set) == name
    assert re.fullmatch(card_schema()["properties"]["name"]["pattern"], name)
