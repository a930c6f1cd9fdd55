"""Batches: excerpts of labelled and unlabelled clips, changed at random, in an order that only depends on the seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.timing import Timing
from genre_lib.networks.receptive_field import timing_of
from genre_lib.training.augmentation import augment, change
from genre_lib.training.config import LogMels, TrainingConfig
from genre_lib.training.distillation import DistillationTargets, excerpt_frames, window_average

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Batches:
    """Excerpts of labelled and unlabelled clips, in an order that depends on seed and epoch alone."""

    log_mels: LogMels
    soft_labels: NDArray[np.float32]
    distillation: DistillationTargets | None
    config: TrainingConfig
    timing: Timing
    n_frames: int

    @classmethod
    def plan(
        cls,
        model: keras.Model,
        log_mels: LogMels,
        labels: NDArray[Any],
        distillation: DistillationTargets | None,
        config: TrainingConfig,
    ) -> Batches:
        """Decide the length of excerpts and turn labels into smoothed soft_labels."""
        timing = timing_of(model)
        n_frames = config.excerpt_frames
        if distillation is not None:
            n_frames = excerpt_frames(config.teacher_windows, distillation.window_frames, timing)
        n_genres = model.output["clip_logits"].shape[-1]
        return cls(
            log_mels, _soft_labels(labels, n_genres, config.label_smoothing), distillation, config, timing, n_frames
        )

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        if len(self.log_mels):
            return max(1, round(len(self.log_mels) / self.config.batch_size))
        assert self.distillation is not None
        return max(1, round(len(self.distillation.log_mels) / self.config.distillation.batch_size))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Excerpts of each kind in a batch."""
        labelled = (self.config.batch_size,) if len(self.log_mels) else ()
        return labelled + ((self.config.distillation.batch_size,) if self.distillation is not None else ())

    def window_weights(self) -> NDArray[np.float32]:
        """Weights that average the steps of an excerpt to the windows of the distillation."""
        assert self.distillation is not None
        return window_average(self.config.teacher_windows, self.distillation.window_frames, self.timing, self.n_frames)

    def of_epoch(self, epoch: int) -> Iterator[dict[str, NDArray[np.float32]]]:
        """Batches by name: `labelled`, `soft_labels`; with distillation `unlabelled` and what is learnt from it."""
        rng = np.random.default_rng([self.config.seed, epoch])
        labelled = _endless_order(len(self.log_mels), rng)
        order = None
        if self.distillation is not None:
            order = _endless_order(len(self.distillation.log_mels), rng, self.distillation.draw_weights)
        for _ in range(self.steps):
            batch: dict[str, NDArray[np.float32]] = {}
            if len(self.log_mels):
                batch |= self._labelled([next(labelled) for _ in range(self.config.batch_size)], rng)
            if order is not None:
                batch |= self._unlabelled([next(order) for _ in range(self.config.distillation.batch_size)], rng)
            yield batch

    def _labelled(self, chosen: list[int], rng: np.random.Generator) -> dict[str, NDArray[np.float32]]:
        clips = [augment(self.log_mels[i], self.n_frames, self.config.augmentation, rng) for i in chosen]
        batch, soft_labels = np.stack(clips), self.soft_labels[chosen]
        if self.config.mixup:
            batch, soft_labels = _mix(batch, soft_labels, self.config.mixup, rng)
        return {"labelled": batch, "soft_labels": soft_labels}

    def _unlabelled(self, chosen: list[int], rng: np.random.Generator) -> dict[str, NDArray[np.float32]]:
        distillation, n_windows = self.distillation, self.config.teacher_windows
        assert distillation is not None
        clips, targets = [], []
        for i in chosen:
            log_mel = distillation.log_mels[i]
            first = int(rng.integers(0, distillation.features.shape[1] - n_windows + 1))
            start = round(first * distillation.window_frames)
            frames = np.minimum(start + np.arange(self.n_frames), len(log_mel) - 1)
            clips.append(change(log_mel[frames], self.config.distillation.augmentation, rng))
            targets.append(distillation.of_window(i, first, n_windows))
        return {"unlabelled": np.stack(clips)} | {name: np.stack([t[name] for t in targets]) for name in targets[0]}


def _soft_labels(labels: NDArray[Any], n_genres: int, smoothing: float) -> NDArray[np.float32]:
    labels = np.asarray(labels)
    soft_labels = np.eye(n_genres)[labels.astype(int)] if labels.ndim == 1 else labels
    return ((1.0 - smoothing) * soft_labels + smoothing / n_genres).astype(np.float32)


def _endless_order(n_clips: int, rng: np.random.Generator, weights: NDArray[np.float32] | None = None) -> Iterator[int]:
    while True:
        if weights is None:
            yield from rng.permutation(n_clips).tolist()
        else:
            shares = weights / weights.sum(dtype=np.float64)
            yield from rng.choice(n_clips, size=n_clips, p=shares).tolist()


def _mix(
    batch: NDArray[np.float32], soft_labels: NDArray[np.float32], strength: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mix each excerpt with another one of the batch, in power as sounds add up, each at its own loudest point."""
    share = rng.beta(strength, strength, size=len(batch)).astype(np.float32)
    share = np.maximum(share, 1.0 - share)
    other = rng.permutation(len(batch))
    level = 10.0 ** ((batch - batch.max(axis=(1, 2), keepdims=True)) / 10.0)
    wide = share[:, None, None]
    mixed = 10.0 * np.log10(wide * level + (1.0 - wide) * level[other] + 1e-12)
    return mixed.astype(np.float32), share[:, None] * soft_labels + (1.0 - share[:, None]) * soft_labels[other]
