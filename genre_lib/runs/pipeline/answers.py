"""What a network says, step by step, about clips that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from genre_lib.datasets import Features
from genre_lib.evaluation.held_out import HeldOut
from genre_lib.evaluation.scores import Answers
from genre_lib.utils.atomic import replaced_file

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, eq=False)
class StepAnswers:
    """Step logits of clips that a network was not trained on."""

    names: tuple[str, ...]
    labels: NDArray[np.int64]
    groups: tuple[str, ...] | None
    step_logits: list[NDArray[np.float32]]

    def answers(self) -> Answers:
        """Each clip's answer: the mean of its steps."""
        means = tuple(tuple(map(float, logits.mean(axis=0))) for logits in self.step_logits)
        return Answers(self.names, tuple(map(int, self.labels)), self.groups, means)

    def held_out(self, name: str, genres: Sequence[str], folds: NDArray[np.int64] | None = None) -> HeldOut:
        """The same as answers to fit and judge a belief on; without folds all clips were answered by one network."""
        return HeldOut(
            name=name,
            genres=tuple(genres),
            names=self.names,
            labels=self.labels,
            groups=self.groups or self.names,
            folds=np.zeros(len(self.names), np.int64) if folds is None else folds,
            step_logits=self.step_logits,
        )

    def save(self, path: Path) -> None:
        """Write the answers as one npz file, whole or not at all."""
        with replaced_file(path) as draft:
            np.savez(
                draft,
                names=np.array(self.names),
                labels=self.labels,
                groups=np.array(self.groups or ()),
                lengths=np.array([len(logits) for logits in self.step_logits]),
                step_logits=np.concatenate(self.step_logits),
            )

    @classmethod
    def load(cls, path: Path) -> StepAnswers:
        """What `save` wrote."""
        with np.load(path) as stored:
            step_logits = np.split(stored["step_logits"], np.cumsum(stored["lengths"])[:-1])
            groups = tuple(map(str, stored["groups"])) or None
            return cls(tuple(map(str, stored["names"])), stored["labels"], groups, step_logits)

    @classmethod
    def together(cls, parts: Sequence[StepAnswers]) -> StepAnswers:
        """The answers of several parts as one."""
        # A clip of unknown artist is an artist of its own.
        known = any(part.groups is not None for part in parts)
        groups = tuple(group for part in parts for group in part.groups or part.names) if known else None
        return cls(
            tuple(name for part in parts for name in part.names),
            np.concatenate([part.labels for part in parts]),
            groups,
            [logits for part in parts for logits in part.step_logits],
        )


def answered(part: Features, predict: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> StepAnswers:
    """The answers of a network to every clip of a part, step by step."""
    names = tuple(track.name for track in part.tracks)
    return StepAnswers(
        names, part.data_set.labels(), known_groups(part), [predict(log_mel) for log_mel in part.log_mels]
    )


def predictor(model: keras.Model) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """A function from log-mel (n_frames, n_mels) to step logits (n_steps, n_genres).

    Compiled once for any length: an evaluation asks thousands of times, and layer by layer is three times slower.
    """
    from genre_lib.networks.tensorflow_setup import tf

    any_clip = tf.TensorSpec((1, None, model.input.shape[-1]), tf.float32)
    steps = tf.function(lambda clip: model(clip, training=False)["step_logits"], input_signature=[any_clip])
    return lambda log_mel: np.asarray(steps(np.asarray(log_mel, np.float32)[None]))[0]


def known_groups(features: Features) -> tuple[str, ...] | None:
    """Group of each track, or None where not a single one is known."""
    if all(track.group is None for track in features.tracks):
        return None
    return features.data_set.groups()
