"""Songs that sound alike to a network: the nearest of a collection by the angle between their vectors.

Plain cosine: on real clips whitening found fewer songs of the same genre, and centring no more (docs/embeddings.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.files import utf8
from genre_lib.batch.embeddings import SongVectors
from genre_lib.bundle.card import Card
from genre_lib.inference.words import name_of


@dataclass(frozen=True)
class Neighbour:
    """A song that is near another.

    Attributes
    ----------
    path : str
    similarity : float [-1 to 1]
        Cosine of the angle between the two vectors.
    genre : str or None
        With the most time, also where it is unsure; None in silence, or where nobody said.
    state : str
        How sure that is, as in `Answer`: music, probable, mixed, unsure or silence.
    """

    path: str
    similarity: float
    genre: str | None
    state: str = "unsure"

    @property
    def name(self) -> str:
        """As `genre predict` calls it: ``jazz``, ``probably jazz``, ``it changes``, ``unsure``."""
        return name_of(self.state, self.genre)


class SongCollection:
    """Vectors of many songs, ready to be searched: 100,000 take 64 MB and some milliseconds.

    Parameters
    ----------
    paths : sequence of str
    vectors : np.ndarray [shape=(n_songs, n_features)]
    genres : sequence of str or None
    states : sequence of str, optional

    Examples
    --------
    >>> songs = SongCollection(["a.mp3", "b.mp3"], np.array([[1.0, 0.0], [0.6, 0.8]]), ["jazz", None])
    >>> [(song.path, round(song.similarity, 2)) for song in songs.nearest(np.array([0.0, 1.0]), 1)]
    [('b.mp3', 0.8)]
    """

    def __init__(
        self,
        paths: list[str],
        vectors: NDArray[np.floating[Any]],
        genres: list[str | None],
        states: list[str] | None = None,
    ) -> None:
        self.paths = paths
        self.genres = genres
        self.states = ["unsure"] * len(paths) if states is None else states
        self._directions = _directions(np.asarray(vectors, np.float32))

    @classmethod
    def load(cls, path: str | Path, card: Card) -> Self:
        """Read what `genre embed` wrote.

        Parameters
        ----------
        path : str or Path
        card : Card
            Of the model that what is searched for was heard by.

        Raises
        ------
        ParameterError
            It is no such file, or another network's: their numbers have nothing to do with each other.
        MissingDependencyError
            There is no pyarrow.
        """
        table = SongVectors.load(path, card)
        return cls(table.paths, table.vectors, table.genres, table.states)

    def __len__(self) -> int:
        return len(self.paths)

    def nearest(
        self, vector: NDArray[np.floating[Any]], n: int = 10, *, but: str | Path | None = None
    ) -> list[Neighbour]:
        """The songs whose vectors point most nearly where `vector` does, nearest first.

        Parameters
        ----------
        vector : np.ndarray [shape=(n_features,)]
        n : int > 0
        but : str or Path, optional
            A song of the collection that is left out: the one that is searched for.
        """
        similarity = self._directions @ _directions(np.asarray(vector, np.float32)[None])[0]
        left_out = None if but is None else _absolute(but)
        if not len(similarity):
            return []
        # One more than asked for: one of them may be left out.
        candidates = np.argpartition(-similarity, min(n, len(similarity) - 1))[: n + 1]
        found = [
            Neighbour(self.paths[i], float(similarity[i]), self.genres[i], self.states[i])
            for i in sorted(candidates, key=lambda i: -similarity[i])
            if left_out is None or _absolute(self.paths[i]) != left_out
        ]
        return found[:n]


def _directions(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors of length 1; silence, which has none, stays zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, np.float32(1))


def _absolute(path: str | Path) -> str:
    return utf8(str(Path(path).absolute()))
