"""Measuring a bundle: whether its network may have learnt the tracks is said."""

import numpy as np
import pytest

import genre_lib
from genre_lib.datasets import DataSet, Track


def two(names: tuple[str, str], name: str, pretrained: genre_lib.GenreModel, split: str | None = None) -> DataSet:
    log_mels = list(np.random.default_rng(0).normal(-40, 9, (2, 80, 128)))
    tracks = tuple(Track(track, genre=genre, split=split) for track, genre in zip(names, ("rock", "jazz"), strict=True))
    return DataSet(name, tracks, ("jazz", "rock"), (), log_mels, pretrained.card.front_end)


@pytest.mark.parametrize(
    ("names", "name", "split", "is_said"),
    [
        (("a", "b"), "my songs", "", False),
        (("a", "b"), "gtzan-mel-709", "", True),
        (("rock.00001", "jazz.00007"), "a folder", "", True),
        (("rock.00001", "jazz.00007"), "a folder", "valid", True),
        (("rock.00001", "jazz.00007"), "a folder", "test", False),
    ],
)
def test_what_the_network_learnt_is_called_no_test(
    names: tuple[str, str], name: str, split: str, is_said: bool, pretrained
) -> None:
    found = genre_lib.evaluate(pretrained, two(names, name, pretrained, split or None), split=split)
    assert any("what it says of them is no test" in note for note in found.evaluation.notes) == is_said
