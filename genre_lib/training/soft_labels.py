"""Distillation: what several trained networks believe about unlabelled music, for one network to learn."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from genre_lib.errors import ParameterError
from genre_lib.networks.receptive_field import timing_of
from genre_lib.training.distillation import DistillationTargets, window_average

if TYPE_CHECKING:
    import keras


def with_teachers(distillation: DistillationTargets, teachers: Sequence[keras.Model]) -> DistillationTargets:
    """Add the teachers' soft_labels about genres to each window of the unlabelled music.

    Their logits are averaged over teachers and over the steps of a window. Where accuracy is to be measured, the
    teachers may not have been trained on the tracks it is measured on.

    Parameters
    ----------
    distillation : DistillationTargets
    teachers : sequence of keras.Model, at least one
        From `genre_lib.networks.build`, trained on the same genres.

    Returns
    -------
    DistillationTargets
        With `genres` (n, windows, n_genres); `DistillationConfig.genre_weight` says how much they count.

    Raises
    ------
    ParameterError
        There is no teacher.
    """
    if not teachers:
        raise ParameterError("There is no teacher to distil: give at least one trained network.")
    n_windows = distillation.tags.shape[1]
    believed = []
    for log_mel in distillation.log_mels:
        logits = np.mean([_window_logits(teacher, log_mel, distillation, n_windows) for teacher in teachers], axis=0)
        believed.append(np.exp(logits - logits.max(axis=1, keepdims=True)))
    genres = np.stack(believed)
    return dataclasses.replace(distillation, genres=(genres / genres.sum(axis=2, keepdims=True)).astype(np.float32))


def _window_logits(
    teacher: keras.Model, log_mel: NDArray[np.float32], distillation: DistillationTargets, n_windows: int
) -> NDArray[np.float32]:
    steps = np.asarray(teacher(np.asarray(log_mel, np.float32)[None], training=False)["step_logits"])[0]
    weights = window_average(n_windows, distillation.window_frames, timing_of(teacher), len(log_mel))
    return weights @ steps
