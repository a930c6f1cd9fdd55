"""Tags in other words: the tree that ships, and one of one's own."""

from pathlib import Path

import pytest

from genre_lib.batch.tagging import GenreTree
from genre_lib.batch.tagging.genre_tree import Meaning, load_names
from genre_lib.errors import ParameterError

GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")


@pytest.mark.parametrize(
    ("tag", "genre"),
    [
        ("Death Metal", "metal"),
        ("Melodic Death Metal", "metal"),
        ("Delta Blues", "blues"),
        ("Hip-Hop", "hiphop"),
        ("hip hop", "hiphop"),
        ("Rap/Hip Hop", "hiphop"),
        ("R & B", None),
        ("Rhythm and Blues", "blues"),
        ("Rock & Roll", "rock"),
        ("rock'n'roll", "rock"),
        ("Synth-Pop", "pop"),
        ("String Quartet", "classical"),
        ("Bossa Nova", "jazz"),
        ("Techno", None),
    ],
)
def test_the_tree_that_ships(tag: str, genre: str | None) -> None:
    meaning = GenreTree.load().meaning([tag], GENRES)
    assert meaning.genres == (() if genre is None else (genre,))
    assert not meaning.unknown


def test_several_genres_in_one_tag_or_in_several() -> None:
    tree = GenreTree.load()
    assert tree.meaning(["Rock; Delta Blues"], GENRES).genres == ("rock", "blues")
    assert tree.meaning(["Jazz/Soul"], GENRES) == Meaning(("jazz",), ("Soul",), ())
    assert tree.meaning(["Rock", "Polka", "Techno"], GENRES) == Meaning(("rock",), ("Techno",), ("Polka",))


def test_a_model_with_genres_of_its_own() -> None:
    tree = GenreTree.load()
    # The nearest above that the model knows.
    assert tree.meaning(["Death Metal"], ("death metal", "metal")).genres == ("death metal",)
    assert tree.meaning(["Brutal Death Metal"], ("metal",)).genres == ("metal",)
    assert tree.meaning(["House"], ("techno", "house")).genres == ("house",)
    # A genre of the model need not be in the tree.
    assert tree.meaning(["Polka"], ("polka", "waltz")).genres == ("polka",)


def test_every_genre_of_the_model_that_ships_has_a_spelling(pretrained) -> None:
    tree = GenreTree.load()
    for genre in pretrained.card.genres:
        assert tree.meaning([tree.spelling(genre)], pretrained.card.genres).genres == (genre,)
    assert tree.spelling("hiphop") == "Hip-Hop"
    assert tree.spelling("drum_and bass") == "Drum And Bass"


def test_a_tree_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "tree.yaml"
    path.write_text("spellings: {rock: Rock music}\ntree:\n  rock:\n    - polka: [speed polka]\n")
    tree = GenreTree.load(path)
    assert tree.meaning(["Speed-Polka"], GENRES).genres == ("rock",)
    assert tree.spelling("rock") == "Rock music"
    for text, sentence in (
        ("- a\n- b\n", "is no genre tree"),
        ("tree:\n  rock: [polka]\n  jazz: [polka]\n", "names polka twice"),
        ("tree:\n  rock: polka\n", "a list of styles is needed"),
    ):
        path.write_text(text)
        with pytest.raises(ParameterError, match=sentence):
            GenreTree.load(path)


def test_spellings_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "names.yaml"
    path.write_text("hiphop: Rap\n")
    assert GenreTree.load().renamed(load_names(path, GENRES)).spelling("hiphop") == "Rap"
    for text, sentence in (("polka: Polka\n", "does not know"), ("hiphop: 3\n", "no list of spellings")):
        path.write_text(text)
        with pytest.raises(ParameterError, match=sentence):
            load_names(path, GENRES)
