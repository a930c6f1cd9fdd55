"""Accuracies with the interval they deserve.

Two songs of one artist are not two independent trials, so an interval computed as if they were is too narrow.
Where groups (artists, usually) are known the groups are resampled; where every clip stands for itself the
proportion gets Wilson's interval. `Estimate.method` says in words which of the two a number carries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genre_lib.errors import EvaluationError

N_RESAMPLES = 4000
_Z95 = 1.959963984540054


@dataclass(frozen=True)
class Estimate:
    """A figure, its 95 % interval, and how the interval was made.

    Attributes
    ----------
    value : float
        The estimate itself.
    low, high : float
        Ends of the 95 % interval.
    n : int
        Number of clips (or steps) behind it.
    method : str
        How the interval was made, in words.
    """

    value: float
    low: float
    high: float
    n: int
    method: str

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] (n = {self.n})"


def wilson(successes: int, n: int) -> Estimate:
    """A proportion of independent trials with Wilson's score interval.

    Parameters
    ----------
    successes : int >= 0
    n : int >= 1
        Number of trials.

    References
    ----------
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.

    Examples
    --------
    >>> print(wilson(8, 10))
    0.800 [0.490, 0.943] (n = 10)
    """
    if n < 1:
        raise EvaluationError("No proportion can be formed from 0 clips; give at least one.")
    p, z2 = successes / n, _Z95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 / (1 + z2 / n) * np.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    low, high = max(0.0, float(centre - half)), min(1.0, float(centre + half))
    return Estimate(p, min(low, p), max(high, p), n, "Wilson, clips independent")


def proportion(
    correct: ArrayLike,
    groups: Sequence[Any] | NDArray[Any] | None = None,
    *,
    unit: str = "artist groups",
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """Share of clips answered rightly, with Wilson's interval or, given groups, a cluster bootstrap over them.

    Parameters
    ----------
    correct : array [shape=(n,)] or [shape=(n_seeds, n)]
        Whether each clip is right (0 or 1, or a share between). With several rows the same clips were answered
        by networks from several seeds, and the seeds are resampled too.
    groups : sequence [shape=(n,)], optional
        The artist or group of each clip.
    unit : str
        What the groups are called in `Estimate.method`.

    Returns
    -------
    Estimate
        `n` counts clips, not clips times seeds.

    Notes
    -----
    A bootstrap of clips that are all right (or all wrong) has no width, which would claim certainty. It is
    replaced by Wilson's interval with the number of groups as the number of trials.
    """
    values = np.atleast_2d(np.asarray(correct, dtype=np.float64))
    n_seeds, n = values.shape
    if n == 0:
        raise EvaluationError("No proportion can be formed from 0 clips; give at least one.")
    if groups is None and n_seeds == 1 and np.isin(values, (0.0, 1.0)).all():
        return wilson(int(values.sum()), n)
    ids = _group_ids(groups, n)
    n_groups = int(ids.max()) + 1
    resampled = _resample_mean(values, ids, n_resamples, seed)
    what = f"{n_groups} {unit}" if groups is not None else f"{n} clips"
    method = f"bootstrap over {what}" + (f" and {n_seeds} seeds" if n_seeds > 1 else "")
    value = float(values.mean())
    if np.ptp(resampled) == 0.0:
        exact = wilson(round(value * n_groups), n_groups)
        return Estimate(value, min(exact.low, value), max(exact.high, value), n, f"Wilson, {what} independent")
    low, high = np.quantile(resampled, (0.025, 0.975))
    return Estimate(value, float(low), float(high), n, method)


def paired_difference(
    correct_a: ArrayLike,
    correct_b: ArrayLike,
    groups: Sequence[Any] | NDArray[Any] | None = None,
    *,
    unit: str = "artist groups",
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """How much more often A is right than B on the same clips, with a paired bootstrap interval.

    Parameters
    ----------
    correct_a, correct_b : array [shape=(n,)] or [shape=(n_seeds, n)]
        As in `proportion`; the two may have different numbers of seeds.
    groups : sequence [shape=(n,)], optional

    Returns
    -------
    Estimate
        Accuracy of A minus accuracy of B. The same resampled clips are used for both, so that what is hard
        for both cancels.
    """
    a = np.atleast_2d(np.asarray(correct_a, dtype=np.float64))
    b = np.atleast_2d(np.asarray(correct_b, dtype=np.float64))
    if a.shape[1] != b.shape[1]:
        raise EvaluationError(
            f"A paired comparison needs the same clips, but one model answered {a.shape[1]} and the other {b.shape[1]}."
        )
    ids = _group_ids(groups, a.shape[1])
    difference = _resample_mean(a, ids, n_resamples, seed) - _resample_mean(b, ids, n_resamples, seed, seed_offset=1)
    low, high = np.quantile(difference, (0.025, 0.975))
    what = f"{int(ids.max()) + 1} {unit}" if groups is not None else f"{a.shape[1]} clips"
    seeds = f" and {a.shape[0]} x {b.shape[0]} seeds" if max(a.shape[0], b.shape[0]) > 1 else ""
    value = float(a.mean() - b.mean())
    return Estimate(value, float(low), float(high), a.shape[1], f"paired bootstrap over {what}{seeds}")


def _group_ids(groups: Sequence[Any] | NDArray[Any] | None, n: int) -> NDArray[np.intp]:
    if groups is None:
        return np.arange(n)
    if len(groups) != n:
        raise EvaluationError(f"There are {n} clips but {len(groups)} groups; every clip needs one.")
    return np.unique([str(group) for group in groups], return_inverse=True)[1].reshape(-1)


def _resample_mean(
    values: NDArray[np.float64], ids: NDArray[np.intp], n_resamples: int, seed: int, *, seed_offset: int = 0
) -> NDArray[np.float64]:
    """Means of `values` (n_seeds, n) under resampling of groups, and of rows where there are several.

    Groups are drawn from `seed` alone, so that two calls with one seed see the same clips.
    """
    n_seeds, n_groups = values.shape[0], int(ids.max()) + 1
    counts = np.bincount(ids, minlength=n_groups).astype(np.float64)
    sums = np.stack([np.bincount(ids, weights=row, minlength=n_groups) for row in values], axis=1)
    draws = np.random.default_rng(seed).multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=n_resamples)
    per_seed = (draws @ sums) / (draws @ counts)[:, None]
    if n_seeds == 1:
        return per_seed[:, 0]
    rng = np.random.default_rng((seed, 1 + seed_offset))
    weights = rng.multinomial(n_seeds, np.full(n_seeds, 1 / n_seeds), size=n_resamples) / n_seeds
    return np.asarray((per_seed * weights).sum(axis=1))
