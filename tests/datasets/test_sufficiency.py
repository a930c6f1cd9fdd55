"""What stands against training is said with genres and numbers before anything is trained, or refused."""

from pathlib import Path

import pytest

from genre_lib.cli import main
from genre_lib.datasets import check_data_set
from genre_lib.datasets.splits import split_data_set
from genre_lib.datasets.sufficiency import refuse_one_genre, sufficiency
from genre_lib.datasets.table import DataSet, Track
from genre_lib.errors import DataSetError
from genre_lib.runs.pipeline import prepare_data
from genre_lib.runs.run_folder import Run
from tests.conftest import write_song


def data_set(**clips: list[tuple[str | None, int]]) -> DataSet:
    """Genres with their artists and how many clips each of these has."""
    tracks = [
        Track(f"{genre}/{artist}/{i}", genre=genre, group=artist)
        for genre, artists in clips.items()
        for artist, n in artists
        for i in range(n)
    ]
    return DataSet("some music", tuple(tracks), tuple(sorted(clips)))


def found(**clips: list[tuple[str | None, int]]):
    return sufficiency(split_data_set(data_set(**clips)))


def bands(name: str, n: int, each: int = 2) -> list[tuple[str | None, int]]:
    return [(f"{name} {i}", each) for i in range(n)]


def test_nothing_is_said_of_an_even_data_set() -> None:
    even = found(rock=bands("r", 6), jazz=bands("j", 6))
    assert (even.impossible, even.notes) == ((), ())


def test_a_genre_of_one_artist_is_never_tested_and_that_is_said() -> None:
    notes = found(rock=bands("r", 6), jazz=bands("j", 6), classical=[("one orchestra", 12)]).notes
    assert notes == (
        "No clip of classical (12 clips of 1 artist) is in test: no accuracy of this data set says anything of it.",
    )


def test_few_clips_of_a_genre_are_counted() -> None:
    notes = found(rock=[(None, 12)], jazz=[(None, 3)], pop=[(None, 12)]).notes
    assert "There are fewer than 5 clips of jazz (3): too few to learn what a genre is." in notes


def test_a_lopsided_data_set_is_named() -> None:
    notes = found(rock=[(None, 200)], jazz=[(None, 9)]).notes
    assert notes == (
        "There are 200 clips of rock and 9 of jazz: what is uncertain will be called rock, and an accuracy over all "
        "clips hides it.",
    )


@pytest.mark.parametrize(
    ("clips", "which"),
    [({"rock": [(None, 20)]}, "rock"), ({"rock": [(None, 20)], "jazz": []}, "rock"), ({"jazz": []}, "none")],
)
def test_one_genre_is_impossible(clips: dict, which: str) -> None:
    with pytest.raises(DataSetError, match=rf"one genre alone \({which}\)"):
        refuse_one_genre(data_set(**clips))


def test_a_genre_without_a_clip_in_train_is_impossible() -> None:
    tracks = [Track(f"r{i}", genre="rock", split=part) for i, part in enumerate(["train", "train", "valid", "test"])]
    tracks += [Track("j0", genre="jazz", split="test")]
    (sentence,) = sufficiency(DataSet("some music", tuple(tracks), ("jazz", "rock"))).impossible
    assert sentence == "jazz of some music has no clip in train and cannot be learnt: add clips of more artists."


@pytest.fixture
def two_clips_a_genre(tmp_path: Path) -> Path:
    for genre in ("rock", "jazz"):
        for i in range(2):
            (tmp_path / "two" / genre).mkdir(parents=True, exist_ok=True)
            write_song(tmp_path / "two" / genre / f"{i}.wav", 3, seed=i + 5 * (genre == "rock"))
    return tmp_path / "two"


def test_a_check_says_what_a_run_would(capsys, two_clips_a_genre: Path) -> None:
    assert main(["data", "check", str(two_clips_a_genre)]) == 0
    assert "There are fewer than 5 clips of jazz (2) and rock (2)" in capsys.readouterr().out
    (two_clips_a_genre / "rock" / "0.wav").unlink()
    (two_clips_a_genre / "jazz" / "0.wav").write_bytes(b"words")
    assert main(["data", "check", str(two_clips_a_genre)]) == 0
    assert "cannot be trained on: " in capsys.readouterr().out


def test_a_run_is_refused_before_it_trains(two_clips_a_genre: Path, tmp_path: Path) -> None:
    for i in range(2):
        (two_clips_a_genre / "jazz" / f"{i}.wav").write_bytes(b"words")
    with pytest.raises(DataSetError, match="one genre alone"):
        prepare_data(Run.open(tmp_path / "run"), str(two_clips_a_genre))


def test_what_is_said_goes_into_the_run(two_clips_a_genre: Path, tmp_path: Path) -> None:
    features = prepare_data(Run.open(tmp_path / "run"), str(two_clips_a_genre))
    assert any("fewer than 5 clips" in note for note in features.data_set.notes)
    assert check_data_set(str(two_clips_a_genre)).notes == features.data_set.notes
