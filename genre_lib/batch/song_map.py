"""A collection of songs on a plane: those that sound alike lie near each other.

Principal components of the directions of the songs' vectors: some milliseconds for a thousand songs and less than a
second for a hundred thousand, the same map every time, and a stated share of the differences. t-SNE and its kin draw
neater islands, in seconds, whose distances from each other mean nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from genre_lib.batch.embeddings import SongVectors
from genre_lib.batch.predict import Prediction, Result
from genre_lib.errors import ParameterError

# Three points always lie on a plane: fewer songs make no map.
FEWEST_SONGS = 3


@dataclass(frozen=True, eq=False)
class SongMap:
    """Songs as points.

    Attributes
    ----------
    names : tuple of str
        What each song is called.
    genres : tuple of str or None
        What the model names each, or would if it were surer; None in silence.
    states : tuple of str
        music, probable, mixed, unsure.
    points : np.ndarray [shape=(n_songs, 2)]
    indices : tuple of int
        Which of what was given each song is.
    share : float [0 to 1]
        How much of the songs' differences the plane keeps.
    """

    names: tuple[str, ...]
    genres: tuple[str | None, ...]
    states: tuple[str, ...]
    points: NDArray[np.float64]
    indices: tuple[int, ...]
    share: float

    @classmethod
    def of_results(cls, results: Sequence[Result], names: Sequence[str] | None = None) -> Self:
        """Lay out what a batch heard; recordings that have no vector get no point.

        Parameters
        ----------
        results : sequence of Prediction or Unusable
        names : sequence of str, optional
            By default the paths.

        Raises
        ------
        ParameterError
            There are fewer than three songs.
        """
        called = [str(result.path) for result in results] if names is None else names
        kept = [
            (index, result.curve.answer(), result.song_vector)
            for index, result in enumerate(results)
            if isinstance(result, Prediction) and result.song_vector is not None
        ]
        vectors = np.array([vector for *_, vector in kept]).reshape(len(kept), -1)
        indices = [index for index, *_ in kept]
        genres, states = [answer.genre for _, answer, _ in kept], [answer.state for _, answer, _ in kept]
        return cls._of([called[index] for index in indices], vectors, genres, states, indices)

    @classmethod
    def of_table(cls, table: SongVectors) -> Self:
        """Lay out what `genre embed` wrote; a ParameterError where there are fewer than three songs."""
        return cls._of(table.paths, table.vectors, table.genres, table.states, range(len(table.paths)))

    @classmethod
    def _of(
        cls,
        names: Sequence[str],
        vectors: NDArray[np.float32],
        genres: Sequence[str | None],
        states: Sequence[str],
        indices: Sequence[int],
    ) -> Self:
        # Silence sounds like nothing.
        heard = [i for i, vector in enumerate(vectors) if vector.any()]
        if len(heard) < FEWEST_SONGS:
            raise ParameterError(
                f"A map needs {FEWEST_SONGS} songs or more, and {len(heard)} could be heard: add some."
            )
        points, share = on_a_plane(vectors[heard])
        return cls(
            tuple(names[i] for i in heard),
            tuple(genres[i] for i in heard),
            tuple(states[i] for i in heard),
            points,
            tuple(indices[i] for i in heard),
            share,
        )


def on_a_plane(vectors: NDArray[np.floating[Any]]) -> tuple[NDArray[np.float64], float]:
    """The two directions in which vectors, scaled to length 1, differ most.

    Parameters
    ----------
    vectors : np.ndarray [shape=(n, n_features)]
        None of them zero.

    Returns
    -------
    points : np.ndarray [shape=(n, 2)]
        Signs are chosen so that the largest weight of either direction is positive.
    share : float [0 to 1]
        Of the variance that is kept.

    Examples
    --------
    >>> points, share = on_a_plane(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]))
    >>> points.shape, round(share, 6)
    ((3, 2), 1.0)
    """
    directions = np.asarray(vectors, np.float64)
    directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    away = directions - directions.mean(axis=0)
    # Of the features' covariance: its size does not grow with the songs.
    variances, axes = np.linalg.eigh(away.T @ away)
    axes = axes[:, [-1, -2]]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), [0, 1]])
    total = float(variances.sum())
    return away @ axes, float(variances[-2:].sum() / total) if total > 0 else 1.0
