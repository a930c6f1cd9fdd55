"""How soon a model can be believed: accuracy against the seconds of sound it has heard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genre_lib.errors import EvaluationError
from genre_lib.intervals import Estimate, proportion

SECONDS = (2.0, 3.0, 5.0, 10.0, 30.0)

Predict = Callable[[NDArray[np.float32]], NDArray[np.floating[Any]]]
"""From what a model hears, log-mel (n_frames, n_mels) or samples (n,), to step logits (n_steps, n_genres)."""


@dataclass(frozen=True)
class Point:
    """Accuracy at one value of what is varied: seconds heard, or dB of gain."""

    x: float
    accuracy: Estimate

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Point:
        """From what `dataclasses.asdict` and JSON made of it."""
        return cls(data["x"], Estimate(**data["accuracy"]))


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


def accuracy_of_excerpts(
    predict: Predict,
    log_mels: Sequence[NDArray[np.float32]],
    labels: ArrayLike,
    *,
    frame_period_s: float,
    seconds: Sequence[float] = SECONDS,
    groups: Sequence[Any] | None = None,
    n_excerpts: int = 3,
    seed: int = 0,
) -> tuple[Point, ...]:
    """Accuracy of excerpts that start anywhere in a clip, each heard with nothing before it.

    Parameters
    ----------
    predict : callable
        From log-mel [shape=(n_frames, n_mels)] to step logits [shape=(n_steps, n_genres)].
    frame_period_s : float > 0 [s]
    n_excerpts : int >= 1
        Excerpts per clip; their mean is the clip's share of right answers.

    Returns
    -------
    tuple of Point
        As `accuracy_by_seconds`.
    """
    true = np.asarray(labels)
    rng = np.random.default_rng(seed)
    points = []
    for length_s in seconds:
        n_frames = max(1, round(length_s / frame_period_s))
        chosen = np.flatnonzero([len(log_mel) >= 0.95 * n_frames for log_mel in log_mels])
        if not len(chosen):
            continue
        shares = []
        for i in chosen:
            n_starts = max(0, len(log_mels[i]) - n_frames) + 1
            starts = rng.choice(n_starts, size=min(n_excerpts, n_starts), replace=False)
            named = [_clip_answer(predict(np.asarray(log_mels[i][s : s + n_frames]))) for s in starts]
            shares.append(float(np.mean([name == true[i] for name in named])))
        points.append(Point(float(length_s), proportion(shares, _pick(groups, chosen))))
    return tuple(points)


def _clip_answer(step_logits: NDArray[np.floating[Any]]) -> int:
    if not len(step_logits):
        raise EvaluationError("An excerpt was too short for a single step; measure longer ones only.")
    return int(step_logits.mean(axis=0).argmax())


def _pick(groups: Sequence[Any] | None, chosen: NDArray[np.intp]) -> list[Any] | None:
    return None if groups is None else [groups[i] for i in chosen]
