"""How soon a model can be believed: accuracy against the seconds of sound it has heard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genre_lib.evaluation.intervals import Estimate, proportion

SECONDS = (2.0, 3.0, 5.0, 10.0, 30.0)

Predict = Callable[[NDArray[np.float32]], NDArray[np.floating[Any]]]
"""From what a model hears, log-mel (n_frames, n_mels) or samples (n,), to step logits (n_steps, n_genres)."""


@dataclass(frozen=True)
class Point:
    """Accuracy at one value of what is varied: seconds heard, or dB of gain."""

    x: float
    accuracy: Estimate


def accuracy_by_seconds(
    step_logits: Sequence[NDArray[np.floating[Any]]],
    labels: ArrayLike,
    *,
    step_period_s: float,
    first_step_s: float,
    seconds: Sequence[float] = SECONDS,
    groups: Sequence[Any] | None = None,
) -> tuple[Point, ...]:
    """Accuracy after the first seconds of each clip, from the steps that are out by then in a live stream.

    Parameters
    ----------
    step_logits : sequence of arrays [shape=(n_steps, n_genres)]
        Of a causal network: what a step says must not depend on sound after its end.
    step_period_s, first_step_s : float > 0 [s]
        Step i is out when `first_step_s + i * step_period_s` seconds of sound have been heard. For a bundle
        the first is `((first_frame + receptive_field_frames - 1) * hop_length + n_fft) / sample_rate`.
    seconds : sequence of float [s]

    Returns
    -------
    tuple of Point
        A point counts the clips that last at least 95 % of its seconds; a point that no clip reaches, or at
        which no step is out, is left out.
    """
    true = np.asarray(labels)
    points = []
    for limit in seconds:
        n_out = int(np.floor((limit - first_step_s) / step_period_s + 1e-9)) + 1
        lasts = [first_step_s + len(logits) * step_period_s >= 0.95 * limit for logits in step_logits]
        chosen = np.flatnonzero(lasts)
        if n_out < 1 or not len(chosen):
            continue
        right = [int(step_logits[i][:n_out].mean(axis=0).argmax() == true[i]) for i in chosen]
        points.append(Point(float(limit), proportion(right, _pick(groups, chosen))))
    return tuple(points)


def _pick(groups: Sequence[Any] | None, chosen: NDArray[np.intp]) -> list[Any] | None:
    return None if groups is None else [groups[i] for i in chosen]
