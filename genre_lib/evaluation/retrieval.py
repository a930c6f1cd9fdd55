"""How often the songs that sound alike to a network are of the same genre, by other artists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.errors import EvaluationError
from genre_lib.evaluation.intervals import Estimate, proportion


def precision_at(
    k: int,
    vectors: NDArray[np.floating[Any]],
    genres: Sequence[Any] | NDArray[Any],
    groups: Sequence[Any] | NDArray[Any] | None = None,
) -> Estimate:
    """Share of the `k` nearest songs, by cosine, that have the genre of the song they are near.

    Parameters
    ----------
    k : int > 0
    vectors : np.ndarray [shape=(n, n_features)]
    genres : sequence [shape=(n,)]
    groups : sequence [shape=(n,)], optional
        The artist of each song: no song is compared with another of the same one. Without it only with itself not.

    Returns
    -------
    Estimate
        Its interval resamples the groups.

    Raises
    ------
    EvaluationError
        A song has fewer than `k` others to be compared with.

    Examples
    --------
    >>> vectors = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]])
    >>> precision_at(1, vectors, ["jazz", "jazz", "rock", "rock"]).value
    1.0
    """
    n = len(vectors)
    owner = np.arange(n) if groups is None else np.unique([str(group) for group in groups], return_inverse=True)[1]
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions = vectors / np.where(lengths > 0, lengths, 1)
    similarity = directions @ directions.T
    comparable = owner[:, None] != owner[None]
    if comparable.sum(axis=1).min(initial=n) < k:
        raise EvaluationError(f"A song has fewer than {k} others by other artists: choose a smaller k.")
    nearest = np.argsort(np.where(comparable, -similarity, np.inf), axis=1)[:, :k]
    names = np.asarray(genres)
    return proportion((names[nearest] == names[:, None]).mean(axis=1), groups)
