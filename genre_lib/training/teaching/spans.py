"""Songs as spans: means of the step features over a few seconds, which is what a head is fitted on.

A step hears 3 s but is one of many that hear nearly the same; means over as long again are steadier, and a linear head
says of a mean what it says of its steps on average.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

SPAN_STEPS = 10
# More of one song adds nothing: spans of a song are alike.
SPANS_AT_MOST = 20

Floats = NDArray[np.float64]


def spans_of(step_features: NDArray[np.floating[Any]], *, at_most: int = SPANS_AT_MOST) -> Floats:
    """Means over neighbouring steps, evenly from the whole song.

    Parameters
    ----------
    step_features : np.ndarray [shape=(n_steps, n_features)]
        Without silent steps; at least one.
    at_most : int > 0

    Returns
    -------
    np.ndarray [shape=(n_spans, n_features)]

    Examples
    --------
    >>> spans_of(np.arange(40.0)[:, None]).ravel()
    array([ 4.5, 14.5, 24.5, 34.5])
    """
    steps = np.asarray(step_features, np.float64)
    n_spans = max(1, len(steps) // SPAN_STEPS)
    edges = np.linspace(0, len(steps), n_spans + 1).round().astype(int)
    if n_spans > at_most:
        chosen = np.linspace(0, n_spans - 1, at_most).round().astype(int)
        return np.stack([steps[edges[i] : edges[i + 1]].mean(axis=0) for i in chosen])
    return np.stack([steps[a:b].mean(axis=0) for a, b in itertools.pairwise(edges)])
