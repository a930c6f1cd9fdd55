"""Playlists by what is heard: songs of a genre, songs like another, or a way from one genre to another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genre_lib.batch.similarity import SongCollection
from genre_lib.batch.tagging.answers import Heard
from genre_lib.errors import ParameterError
from genre_lib.utils.options import unknown_name


@dataclass(frozen=True)
class Song:
    """A recording, what was heard in it, and its vector where that is needed."""

    path: Path
    heard: Heard
    vector: NDArray[np.float32] | None = None


def by_genre(songs: Iterable[Song], genre: str, *, least_share: float = 0.7) -> list[Song]:
    """Songs in which a genre is named for at least a share of the time, the longest share first.

    Parameters
    ----------
    songs : iterable of Song
    genre : str
    least_share : float in (0, 1]
        Of a song's length.

    Raises
    ------
    ParameterError
        There is no such share or genre.
    """
    if not 0 < least_share <= 1:
        raise ParameterError(f"--min is {least_share:g}: give a share of a song's time, above 0 and at most 1.")
    known = list(songs)
    _check_genre(genre, known)
    chosen = [song for song in known if song.heard.shares.get(genre, 0.0) >= least_share]
    return sorted(
        chosen, key=lambda song: (-song.heard.shares[genre], -song.heard.probabilities[genre], str(song.path))
    )


def path_between(songs: Iterable[Song], first: str, last: str, *, length: int = 20) -> list[Song]:
    """A row of songs that leads from one genre to another, each once.

    The belief about each song is a point; so are `length` stages, from all in the first genre to all in the last, in
    equal steps. Songs are given to stages so that the sum of all distances is least (Hellinger's distance; the
    assignment problem).

    Parameters
    ----------
    songs : iterable of Song
        Those without sound are left out.
    first, last : str
        Two genres.
    length : int >= 2
        How many songs; fewer where there are not as many.

    Raises
    ------
    ParameterError
        There are no such genres, or fewer than two songs.
    """
    from scipy.optimize import linear_sum_assignment

    known = [song for song in songs if song.heard.genre is not None]
    for genre in (first, last):
        _check_genre(genre, known)
    if first == last:
        raise ParameterError(f"A way from {first} to {last} goes nowhere: name two genres.")
    for genre in (first, last):
        if not any(song.heard.named and song.heard.genre == genre for song in known):
            raise ParameterError(f"There is no song that is named {genre}: a way cannot begin or end there.")
    if length < 2 or len(known) < 2:
        raise ParameterError(f"A way needs two songs or more: there are {len(known)}, and --length is {length}.")
    genres = list(known[0].heard.probabilities)
    points = np.array([[song.heard.probabilities[genre] for genre in genres] for song in known])
    n = min(length, len(known))
    stages = np.zeros((n, len(genres)))
    stages[:, genres.index(last)] = np.linspace(0, 1, n)
    stages[:, genres.index(first)] = 1 - stages[:, genres.index(last)]
    rows, columns = linear_sum_assignment(_hellinger(stages, points))
    return [known[column] for _, column in sorted(zip(rows.tolist(), columns.tolist(), strict=True))]


def like(songs: Iterable[Song], song: Song, *, length: int = 20) -> list[Song]:
    """A song, and those that sound most like it, the nearest first.

    Parameters
    ----------
    songs : iterable of Song
        With their vectors; those without sound, or without one, are left out.
    song : Song
        Need not be among them.
    length : int > 0
        How many songs, this one included.

    Raises
    ------
    ParameterError
        The song is silent.
    """
    if song.vector is None or not song.vector.any():
        raise ParameterError(f"{song.path} is silent: there is nothing that another song could be like.")
    known = {str(one.path): one for one in songs if one.vector is not None and one.vector.any()}
    if not known or length < 2:
        return [song]
    vectors = np.stack([one.vector for one in known.values() if one.vector is not None])
    collection = SongCollection(list(known), vectors, [None] * len(known))
    return [song, *(known[near.path] for near in collection.nearest(song.vector, length - 1, but=song.path))]


def to_m3u8(songs: Iterable[Song], folder: Path) -> Iterator[str]:
    """Lines of an extended M3U in UTF-8; paths below `folder`, where the playlist will lie, are relative to it.

    Raises
    ------
    ParameterError
        A name has a line break, which such a list cannot hold.
    """
    base = folder.resolve()
    yield "#EXTM3U"
    for song in songs:
        path = song.path.resolve()
        shown = path.relative_to(base) if path.is_relative_to(base) else path
        text = shown.as_posix()
        if "\n" in text or "\r" in text:
            raise ParameterError(f"{song.path} has a line break in its name, which a playlist cannot hold: rename it.")
        yield f"#EXTINF:{round(song.heard.duration_s)},{song.path.stem}"
        # A name that begins like a comment would be taken for one.
        yield f"./{text}" if text.startswith("#") else text


def _check_genre(genre: str, songs: Sequence[Song]) -> None:
    if songs and genre not in songs[0].heard.probabilities:
        raise unknown_name("genre", genre, songs[0].heard.probabilities)


def _hellinger(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distances between distributions [shape=(n_a, n_b)], from 0 to 1."""
    overlap = np.sqrt(np.maximum(a, 0)) @ np.sqrt(np.maximum(b, 0)).T
    return np.sqrt(np.maximum(0.0, 1 - overlap))
