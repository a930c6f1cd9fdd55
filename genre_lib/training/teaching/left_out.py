"""Which songs are left out together, to find out how right and how sure a head may be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

N_FOLDS = 10


def left_out(groups: Sequence[str], labels: NDArray[np.int64]) -> list[NDArray[np.intp]]:
    """Songs to leave out together: an artist's, and none without which nothing of a genre is left.

    Parameters
    ----------
    groups : sequence of str [length n_songs]
        The artist of each song, or the song itself. In order of size and then of name, each goes into the fold that
        holds the fewest songs.
    labels : np.ndarray of int [shape=(n_songs,)]

    Returns
    -------
    list of np.ndarray of int
        Indices of songs; empty where all are of one group.

    Examples
    --------
    >>> left_out(["a", "b", "c"], np.array([0, 0, 1]))
    [array([0]), array([1])]
    """
    names, ids, sizes = np.unique(list(groups), return_inverse=True, return_counts=True)
    if len(names) < 2:
        return []
    load = np.zeros(min(N_FOLDS, len(names)), int)
    fold_of_group = np.empty(len(names), int)
    for group in np.argsort(-sizes, kind="stable"):
        fold_of_group[group] = load.argmin()
        load[load.argmin()] += sizes[group]
    parts = [np.flatnonzero(fold_of_group[ids] == fold) for fold in range(len(load))]
    counts = np.bincount(labels)
    alone = [np.bincount(labels[part], minlength=len(counts)) == counts for part in parts]
    kept = [part[~last[labels[part]]] for part, last in zip(parts, alone, strict=True)]
    return [part for part in kept if len(part)]
