"""How far accuracy holds when a recording is quieter, duller, noisier or compressed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genre_lib.audio.front_end import FrontEnd
from genre_lib.errors import EvaluationError
from genre_lib.evaluation import degradation
from genre_lib.evaluation.accuracy_by_seconds import Point, Predict
from genre_lib.evaluation.intervals import paired_difference, proportion
from genre_lib.evaluation.scores import Condition

GAINS_DB = (-40.0, -30.0, -20.0, -10.0, 0.0, 6.0)

Treatment = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def accuracy_by_gain(
    predict: Predict,
    log_mels: Sequence[NDArray[np.float32]],
    labels: ArrayLike,
    *,
    front_end: FrontEnd,
    gains_db: Sequence[float] = GAINS_DB,
    groups: Sequence[Any] | None = None,
) -> tuple[Point, ...]:
    """Accuracy when every recording is louder or quieter.

    Parameters
    ----------
    predict : callable
        From log-mel [shape=(n_frames, n_mels)] to step logits [shape=(n_steps, n_genres)].
    log_mels : sequence of arrays [shape=(n_frames, n_mels)]
        In dB.
    labels : int array [shape=(n_clips,)]
    front_end : FrontEnd
        Its floor (`amin`) swallows what a quiet recording loses.
    gains_db : sequence of float [dB]
    groups : sequence [shape=(n_clips,)], optional

    Returns
    -------
    tuple of Point
        In the order of `gains_db`. Clipping is not simulated: log-mel has no waveform to clip.
    """
    points = []
    for gain in gains_db:
        treatment = partial(degradation.gain_log_mel, gain_db=gain, front_end=front_end)
        points.append(Point(float(gain), proportion(_right(predict, log_mels, labels, treatment), groups)))
    return tuple(points)


def accuracy_under(
    predict: Predict | Sequence[Predict],
    inputs: Sequence[NDArray[np.float32]],
    labels: ArrayLike,
    treatments: Mapping[str, Treatment],
    *,
    groups: Sequence[Any] | None = None,
) -> tuple[Condition, ...]:
    """Accuracy under each treatment, and its paired difference from the untreated inputs.

    Parameters
    ----------
    predict : callable, or a sequence of them
        From one of `inputs`, log-mel or samples, to step logits [shape=(n_steps, n_genres)]; a sequence has one for
        each input, such as the network of its fold.
    inputs : sequence of arrays
        All log-mel [shape=(n_frames, n_mels)], or all audio [shape=(n,)].
    treatments : mapping of name to callable
        Such as `log_mel_treatments` or `audio_treatments` give.

    Returns
    -------
    tuple of Condition
        The first is `unchanged`.
    """
    plain = _right(predict, inputs, labels, lambda unchanged: unchanged)
    conditions = [Condition("unchanged", proportion(plain, groups), paired_difference(plain, plain, groups))]
    for name, treatment in treatments.items():
        right = _right(predict, inputs, labels, treatment)
        conditions.append(Condition(name, proportion(right, groups), paired_difference(right, plain, groups)))
    return tuple(conditions)


def log_mel_treatments(front_end: FrontEnd) -> dict[str, Treatment]:
    """The standard set for features: see `genre_lib.evaluation.degradation` for what each stands for."""
    filtered = partial(degradation.filter_log_mel, front_end=front_end)
    return {
        "-30 dB": partial(degradation.gain_log_mel, gain_db=-30, front_end=front_end),
        "low-pass 8 kHz": partial(filtered, response=degradation.low_pass(8000)),
        "low-pass 4 kHz": partial(filtered, response=degradation.low_pass(4000)),
        "microphone": partial(filtered, response=degradation.microphone()),
        "white noise, 20 dB SNR": partial(degradation.noise_log_mel, snr_db=20, front_end=front_end),
        "mp3 64 kbit/s (simulated)": partial(degradation.mp3_log_mel, kbit_per_s=64, front_end=front_end),
        "mp3 32 kbit/s (simulated)": partial(degradation.mp3_log_mel, kbit_per_s=32, front_end=front_end),
    }


def audio_treatments(sample_rate: int) -> dict[str, Treatment]:
    """The standard set for audio, with a real mp3 encoder."""
    filtered = partial(degradation.filter_audio, sample_rate=sample_rate)
    return {
        "-30 dB": partial(degradation.gain_audio, gain_db=-30),
        "low-pass 8 kHz": partial(filtered, response=degradation.low_pass(8000)),
        "low-pass 4 kHz": partial(filtered, response=degradation.low_pass(4000)),
        "microphone": partial(filtered, response=degradation.microphone()),
        "white noise, 20 dB SNR": partial(degradation.noise_audio, snr_db=20),
        "mp3 64 kbit/s": partial(degradation.mp3_audio, kbit_per_s=64, sample_rate=sample_rate),
        "mp3 32 kbit/s": partial(degradation.mp3_audio, kbit_per_s=32, sample_rate=sample_rate),
    }


def _right(
    predict: Predict | Sequence[Predict],
    inputs: Sequence[NDArray[np.float32]],
    labels: ArrayLike,
    treatment: Treatment,
) -> NDArray[np.bool_]:
    true = np.asarray(labels)
    if len(true) != len(inputs):
        raise EvaluationError(f"There are {len(inputs)} clips but {len(true)} labels.")
    predictors = [predict] * len(inputs) if callable(predict) else predict
    answers = []
    for index, (predict_one, heard) in enumerate(zip(predictors, inputs, strict=True)):
        logits = predict_one(treatment(np.asarray(heard)))
        if not len(logits):
            raise EvaluationError(f"Clip {index} is too short for a single step; leave it out.")
        answers.append(int(logits.mean(axis=0).argmax()))
    return np.asarray(np.asarray(answers) == true)
