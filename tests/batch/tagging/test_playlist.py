"""Playlists by what is heard."""

from pathlib import Path

import numpy as np
import pytest

from genre_lib.batch.tagging import Heard
from genre_lib.batch.tagging.playlist import Song, by_genre, like, path_between, to_m3u8
from genre_lib.errors import ParameterError

GENRES = ("jazz", "metal", "pop")


def song(name: str, jazz: float, metal: float, share: float = 1.0) -> Song:
    probabilities = {"jazz": jazz, "metal": metal, "pop": 1 - jazz - metal}
    genre = max(probabilities, key=lambda one: probabilities[one])
    return Song(Path(name), Heard(True, "music", genre, probabilities, {genre: share}, 61.4))


def test_by_share_of_time() -> None:
    songs = [song("short", 0.9, 0, 0.6), song("most", 0.9, 0, 0.8), song("all", 0.7, 0.1, 1.0), song("other", 0, 0.9)]
    assert [str(one.path) for one in by_genre(songs, "jazz", least_share=0.7)] == ["all", "most"]
    with pytest.raises(ParameterError, match="did you mean 'jazz'"):
        by_genre(songs, "jaz")
    with pytest.raises(ParameterError, match="share"):
        by_genre(songs, "jazz", least_share=0)


def test_a_way_leads_from_one_genre_to_the_other_through_what_lies_between() -> None:
    songs = [song(f"{i}", i / 10, 1 - i / 10) for i in range(11)] + [song("pop", 0, 0), song("pop too", 0.1, 0.1)]
    way = path_between(songs, "jazz", "metal", length=5)
    names = [one.path.name for one in way]
    assert names[0] == "10"
    assert names[-1] == "0"
    assert [int(name) for name in names] == sorted(map(int, names), reverse=True)
    assert len(set(names)) == 5
    for arguments, sentence in (
        (("jazz", "jazz"), "goes nowhere"),
        (("jazz", "polka"), "Unknown genre"),
    ):
        with pytest.raises(ParameterError, match=sentence):
            path_between(songs, *arguments)
    with pytest.raises(ParameterError, match="no song that is named metal"):
        path_between(songs[6:], "jazz", "metal")


def test_songs_like_another() -> None:
    heard = song("x", 1, 0).heard
    vectors = {"far": (-1.0, 0.0), "near": (1.0, 0.1), "nearer": (1.0, 0.05), "silent": (0.0, 0.0)}
    songs = [Song(Path(name), heard, np.array(vector, np.float32)) for name, vector in vectors.items()]
    first = Song(Path("this"), heard, np.array([1.0, 0.0], np.float32))
    assert [one.path.name for one in like(songs, first, length=3)] == ["this", "nearer", "near"]
    assert [one.path.name for one in like([*songs, first], first)] == ["this", "nearer", "near", "far"]
    with pytest.raises(ParameterError, match="silent is silent"):
        like(songs, songs[-1])


def test_a_list_that_players_read(tmp_path: Path) -> None:
    inside = Song(tmp_path / "Ænima #1.mp3", song("x", 1, 0).heard)
    comment = Song(tmp_path / "#1.mp3", song("x", 1, 0).heard)
    lines = list(to_m3u8([inside, comment, song("/elsewhere/b.mp3", 1, 0)], tmp_path))
    assert lines == [
        "#EXTM3U",
        "#EXTINF:61,Ænima #1",
        "Ænima #1.mp3",
        "#EXTINF:61,#1",
        "./#1.mp3",
        "#EXTINF:61,b",
        "/elsewhere/b.mp3",
    ]
    with pytest.raises(ParameterError, match="line break"):
        list(to_m3u8([song("a\nb.mp3", 1, 0)], tmp_path))
