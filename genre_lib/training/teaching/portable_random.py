"""Random numbers that Python and the page draw alike (docs/bundle.md, "Teaching").

numpy's own generators are sound but long; this one is five lines in any language, and its n-th number needs no other.

References
----------
T. Ettinger, mulberry32 (2017), a Weyl sequence through a hash of 32 bits.
G. E. P. Box, M. E. Muller, "A note on the generation of random normal deviates", Ann. Math. Stat. 29, 1958.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_STEP = np.uint32(0x6D2B79F5)
_SEED = 0x9E3779B9


def uniform(n: int, seed: int) -> NDArray[np.float64]:
    """Numbers from the open interval (0, 1) [shape=(n,)].

    Examples
    --------
    >>> uniform(2, 7).round(6)
    array([0.183782, 0.574205])
    """
    state = np.arange(1, n + 1, dtype=np.uint32) * _STEP + np.uint32(seed * _SEED & 0xFFFFFFFF)
    mixed = (state ^ (state >> 15)) * (state | 1)
    mixed ^= mixed + (mixed ^ (mixed >> 7)) * (mixed | 61)
    return np.asarray(((mixed ^ (mixed >> 14)) + 0.5) / 2**32)


def normal(n: int, seed: int) -> NDArray[np.float64]:
    """Normal numbers of mean 0 and variance 1 [shape=(n,)], two from each two uniform ones."""
    radius, angle = uniform(n + n % 2, seed).reshape(-1, 2).T
    radius, angle = np.sqrt(-2 * np.log(radius)), 2 * np.pi * angle
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).ravel()[:n]
