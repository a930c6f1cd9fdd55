"""What follows what: pieces of one genre in a row are rarer, or more frequent, than chance would have it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def in_turn(
    start: NDArray[np.int64], stop: NDArray[np.int64], probability: Floats, genres: Floats, same_genre: float
) -> Floats:
    """How probable it is that a stretch is a piece, of each genre, given what the pieces beside it may be.

    Parameters
    ----------
    start, stop : np.ndarray of int [shape=(n,)]
        Of stretches that may be pieces of one recording; some begin at its start, some end at its end.
    probability : np.ndarray [shape=(n,)]
        That each is one, whatever the genres.
    genres : np.ndarray [shape=(n, n_genres)]
        What each is by itself.
    same_genre : float in [0, 1]
        That the next piece is of the same genre; all others are alike.

    Returns
    -------
    np.ndarray [shape=(n, n_genres)]
    """
    n_genres = genres.shape[1]
    edge = np.cumsum(np.bincount(start, minlength=stop.max() + 1) + np.bincount(stop) > 0) - 1
    begin, end, n_edges = edge[start], edge[stop], int(edge[-1]) + 1
    # That a piece which begins there ends there.
    ending = probability / np.bincount(begin, probability)[begin]
    weight = (n_genres * ending)[:, None] * genres
    past, past_scale = _messages(begin, end, weight, same_genre, n_edges)
    backwards = n_edges - 1
    future, future_scale = _messages(backwards - end, backwards - begin, weight, same_genre, n_edges)
    scale = past_scale[begin] + future_scale[backwards - end] - past_scale[-1]
    weight *= past[begin]
    weight *= future[backwards - end]
    weight *= n_genres * np.exp(scale)[:, None]
    return weight


def _messages(
    begin: NDArray[np.int64], end: NDArray[np.int64], weight: Floats, same_genre: float, n_edges: int
) -> tuple[Floats, Floats]:
    """At each edge what the past makes of a piece that begins there, summing to 1, and the logarithm of its scale."""
    n_genres = weight.shape[1]
    message, scale = np.zeros((n_edges, n_genres)), np.full(n_edges, -np.inf)
    message[0], scale[0] = 1 / n_genres, 0.0
    order = np.argsort(end, kind="stable")
    first = np.searchsorted(end[order], np.arange(n_edges + 1))
    begin, weight = begin[order], weight[order]
    other = (1 - same_genre) / (n_genres - 1)
    latest = 0.0
    for edge in range(1, n_edges):
        before = begin[first[edge] : first[edge + 1]]
        # Within the longest piece scales differ by little.
        arriving = np.exp(scale[before] - latest) @ (message[before] * weight[first[edge] : first[edge + 1]])
        total = float(arriving.sum())
        if total > 0:
            message[edge] = other + (same_genre - other) / total * arriving
            scale[edge] = latest = latest + math.log(total)
    return message, scale
