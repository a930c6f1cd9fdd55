from collections import Counter

import numpy as np
import pytest

from genre_lib.datasets import DataSet, Track, open_data_set, published_artist_folds
from genre_lib.datasets.gtzan import GENRES, gtzan_facts, gtzan_name
from genre_lib.errors import DataSetError


def test_the_fault_filtered_split_is_the_published_one() -> None:
    facts = gtzan_facts()
    assert len(facts) == 1000
    assert Counter(fact.split for fact in facts.values()) == {"train": 443, "valid": 197, "test": 290, "excluded": 70}
    assert Counter(fact.genre for fact in facts.values()) == dict.fromkeys(GENRES, 100)


def test_no_artist_crosses_it() -> None:
    parts: dict[str, set[str]] = {}
    for fact in gtzan_facts().values():
        if fact.group is not None and fact.split != "excluded":
            parts.setdefault(fact.group, set()).add(fact.split)
    assert len(parts) > 200
    assert all(len(splits) == 1 for splits in parts.values())


def test_published_folds_are_three_thirds() -> None:
    tracks = tuple(Track(name, genre=fact.genre) for name, fact in gtzan_facts().items())
    folds = published_artist_folds(DataSet("gtzan", tracks, GENRES))
    assert np.bincount(folds + 1).tolist() == [52, 315, 316, 317]


def test_some_artists_cross_the_published_folds_as_their_docs_say() -> None:
    folds: dict[str, set[int]] = {}
    for fact in gtzan_facts().values():
        if fact.group is not None and fact.artist_fold is not None:
            folds.setdefault(fact.group, set()).add(fact.artist_fold)
    assert sum(len(found) > 1 for found in folds.values()) == 24


def test_only_gtzan_has_published_folds() -> None:
    with pytest.raises(DataSetError, match="not a track of GTZAN"):
        published_artist_folds(DataSet("other", (Track("song.wav"),), ()))


@pytest.mark.parametrize(
    ("name", "track"),
    [
        ("blues.00000.au", "blues.00000"),
        ("genres/hiphop/hiphop.00099.wav", "hiphop.00099"),
        ("blues.0000.au", None),
        ("polka.00000.au", None),
        ("my blues.00000.au", None),
    ],
)
def test_names_of_tracks(name: str, track: str | None) -> None:
    assert gtzan_name(name) == track


def test_the_real_audio_has_artists_and_splits(shared) -> None:
    data_set = open_data_set(f"gtzan:{shared / 'data' / 'gtzan-audio'}", include_excluded=True)
    assert len(data_set) == 66
    assert data_set.genres == GENRES
    assert {track.split for track in data_set.tracks} <= {"train", "valid", "excluded"}
    assert sum(track.group is None for track in data_set.tracks) < 5
