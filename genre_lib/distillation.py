"""Distillation: what several trained networks believe about unlabelled music, for one network to learn."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from genre_lib.errors import ParameterError
from genre_lib.imitation import Imitation, window_average
from genre_lib.timing import Timing

if TYPE_CHECKING:
    import keras


def with_teachers(imitation: Imitation, teachers: Sequence[keras.Model]) -> Imitation:
    """Add the teachers' beliefs about genres to each window of the unlabelled music.

    Their logits are averaged over teachers and over the steps of a window. Where accuracy is to be measured, the
    teachers may not have been trained on the tracks it is measured on.

    Parameters
    ----------
    imitation : Imitation
    teachers : sequence of keras.Model, at least one
        From `genre_lib.networks.build`, trained on the same genres.

    Returns
    -------
    Imitation
        With `genres` (n, windows, n_genres); `ImitationConfig.genre_weight` says how much they count.

    Raises
    ------
    ParameterError
        There is no teacher.
    """
    if not teachers:
        raise ParameterError("There is no teacher to distil: give at least one trained network.")
    n_windows = imitation.tags.shape[1]
    believed = []
    for log_mel in imitation.log_mels:
        logits = np.mean([_window_logits(teacher, log_mel, imitation, n_windows) for teacher in teachers], axis=0)
        believed.append(np.exp(logits - logits.max(axis=1, keepdims=True)))
    genres = np.stack(believed)
    return dataclasses.replace(imitation, genres=(genres / genres.sum(axis=2, keepdims=True)).astype(np.float32))


def _window_logits(
    teacher: keras.Model, log_mel: NDArray[np.float32], imitation: Imitation, n_windows: int
) -> NDArray[np.float32]:
    steps = np.asarray(teacher(np.asarray(log_mel, np.float32)[None], training=False)["step_logits"])[0]
    weights = window_average(n_windows, imitation.window_frames, Timing.of(teacher), len(log_mel))
    return weights @ steps
