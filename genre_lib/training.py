"""Training: labelled spectrograms, and unlabelled ones with tagger outputs, to a network; killed runs go on."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.augmentation import Augmentation, augment, change
from genre_lib.errors import ParameterError, RunError
from genre_lib.imitation import Imitation, ImitationConfig, excerpt_frames, window_average
from genre_lib.options import unknown_name
from genre_lib.precision import PRECISIONS
from genre_lib.timing import Timing

if TYPE_CHECKING:
    import keras

LogMels = Sequence[NDArray[np.float32]]


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained.

    Attributes
    ----------
    epochs : passes over the labelled clips (over the unlabelled ones where none is labelled)
    batch_size : labelled excerpts in a batch
    excerpt_frames : length of an excerpt; with imitation it is what `imitated_windows` need [frames]
    imitated_windows : windows of tagger outputs in an excerpt
    learning_rate : greatest one of a cosine that rises over `warm_up` of all steps and falls to nothing
    warm_up : share of all steps
    weight_decay : of AdamW
    average : decay of the running average of the weights that is kept in the end; 0 keeps the last weights
    label_smoothing : share of belief spread over all genres
    clip_norm : greatest norm of the gradient
    mixup : Beta parameter of mixing pairs of labelled excerpts in power; 0 mixes none
    precision : float32, bfloat16 (matrices only; about a third faster where the processor has it), or auto: bfloat16
        where there is a GPU
    devices : GPUs of this machine that share each batch; auto takes all of them
    seed : of weights, order and augmentation
    patience : epochs without a better loss on the validation clips after which to stop; null never stops early
    augmentation : changes made to labelled excerpts
    imitation : weights of the imitation, used where tagger outputs are given
    """

    epochs: int = 40
    batch_size: int = 32
    excerpt_frames: int = 129
    imitated_windows: int = 3
    learning_rate: float = 2e-3
    warm_up: float = 0.1
    weight_decay: float = 0.02
    average: float = 0.995
    label_smoothing: float = 0.1
    clip_norm: float = 2.0
    mixup: float = 0.0
    precision: str = "float32"
    devices: int | str = 1
    seed: int = 0
    patience: int | None = None
    augmentation: Augmentation = field(default_factory=Augmentation)
    imitation: ImitationConfig = field(default_factory=ImitationConfig)

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "excerpt_frames", "imitated_windows"):
            if getattr(self, name) < 1:
                raise ParameterError(f"{name} of the training is {getattr(self, name)}: it must be at least 1.")
        if self.precision not in PRECISIONS:
            raise unknown_name("precision", self.precision, PRECISIONS)
        if self.devices != "auto" and (type(self.devices) is not int or self.devices < 1):
            raise ParameterError(
                f"devices of the training is {self.devices!r}: it must be a number from 1 up, or 'auto'."
            )
        for name in ("average", "label_smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise ParameterError(f"{name} of the training must be at least 0 and below 1.")


@dataclass(frozen=True)
class TrainingResult:
    """A trained network and how it came about.

    Attributes
    ----------
    model : keras.Model
    history : one dictionary an epoch
    stopped_early : whether `patience` ended the training
    """

    model: keras.Model
    history: list[dict[str, float]]
    stopped_early: bool


def fit(
    model: keras.Model,
    log_mels: LogMels,
    labels: NDArray[Any],
    *,
    config: TrainingConfig,
    valid_log_mels: LogMels = (),
    valid_labels: NDArray[Any] | None = None,
    imitation: Imitation | None = None,
    run_folder: str | Path | None = None,
    start: str | Path | None = None,
    report: Callable[[str], None] = print,
) -> TrainingResult:
    """Train `model` in place.

    Parameters
    ----------
    model : keras.Model
        From `genre_lib.networks.build`.
    log_mels : sequence of np.ndarray [shape=(frames, n_mels), dB]
        Arrays or memory maps; may be empty where only an imitation is learnt.
    labels : np.ndarray [shape=(n,), int] or [shape=(n, n_genres), float]
        Genres, or beliefs over genres.
    config : TrainingConfig
    valid_log_mels, valid_labels : judged after each epoch, never learnt from
    imitation : Imitation or None
        Unlabelled music with tagger outputs, learnt jointly.
    run_folder : path or None
        Where history and checkpoint go; a run that was killed goes on here after its last finished epoch and ends as
        if it had not been.
    start : path or None
        A checkpoint of an earlier training of the same network (its `checkpoint.npz`) whose weights to start from.
    report : called with one line an epoch, and a sentence where fewer devices are there than asked for

    Raises
    ------
    RunError
        Where `run_folder` holds the checkpoint of another configuration.
    ParameterError
        Where there is nothing to learn from, or a batch is smaller than the number of devices.
    """
    from genre_lib.distribution import chosen_devices
    from genre_lib.trainer import Trainer

    if not len(log_mels) and imitation is None:
        raise ParameterError("There is no clip to train on: give labelled clips or an imitation.")
    folder = None if run_folder is None else Path(run_folder)
    batches = Batches.plan(model, log_mels, labels, imitation, config)
    trainer = Trainer(model, batches, config, chosen_devices(config.devices, batches.sizes, report))
    if start is not None:
        trainer.load_weights(Path(start))
    history: list[dict[str, float]] = []
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        history = trainer.resume(folder / "checkpoint.npz", _digest(model, config, labels))
        if history:
            report(f"going on after epoch {len(history)} of {config.epochs}")
    while len(history) < config.epochs and not _is_stuck(history, config.patience):
        row = trainer.epoch(len(history))
        if len(valid_log_mels) and valid_labels is not None:
            row |= trainer.judge(valid_log_mels, valid_labels)
        history.append(row)
        report(f"epoch {len(history)}/{config.epochs}  " + "  ".join(f"{k} {v:.4g}" for k, v in row.items()))
        if folder is not None:
            trainer.save(folder / "checkpoint.npz", _digest(model, config, labels), history)
            _write_atomically(folder / "history.json", json.dumps(history, indent=1))
    trainer.finish()
    return TrainingResult(model, history, stopped_early=len(history) < config.epochs)


@dataclass(frozen=True)
class Batches:
    """Excerpts of labelled and unlabelled clips, in an order that depends on seed and epoch alone."""

    log_mels: LogMels
    beliefs: NDArray[np.float32]
    imitation: Imitation | None
    config: TrainingConfig
    timing: Timing
    n_frames: int

    @classmethod
    def plan(
        cls,
        model: keras.Model,
        log_mels: LogMels,
        labels: NDArray[Any],
        imitation: Imitation | None,
        config: TrainingConfig,
    ) -> Batches:
        """Decide the length of excerpts and turn labels into smoothed beliefs."""
        timing = Timing.of(model)
        n_frames = config.excerpt_frames
        if imitation is not None:
            n_frames = excerpt_frames(config.imitated_windows, imitation.window_frames, timing)
        n_genres = model.output["clip_logits"].shape[-1]
        return cls(log_mels, _beliefs(labels, n_genres, config.label_smoothing), imitation, config, timing, n_frames)

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        if len(self.log_mels):
            return max(1, round(len(self.log_mels) / self.config.batch_size))
        assert self.imitation is not None
        return max(1, round(len(self.imitation.log_mels) / self.config.imitation.batch_size))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Excerpts of each kind in a batch."""
        labelled = (self.config.batch_size,) if len(self.log_mels) else ()
        return labelled + ((self.config.imitation.batch_size,) if self.imitation is not None else ())

    def window_weights(self) -> NDArray[np.float32]:
        """Weights that average the steps of an excerpt to the windows of the imitation."""
        assert self.imitation is not None
        return window_average(self.config.imitated_windows, self.imitation.window_frames, self.timing, self.n_frames)

    def of_epoch(self, epoch: int) -> Iterator[dict[str, NDArray[np.float32]]]:
        """Batches by name: `labelled`, `beliefs`, and with an imitation `unlabelled`, `tags`, `features`, `genres`."""
        rng = np.random.default_rng([self.config.seed, epoch])
        labelled = _endless_order(len(self.log_mels), rng)
        order = _endless_order(len(self.imitation.log_mels), rng) if self.imitation is not None else None
        for _ in range(self.steps):
            batch: dict[str, NDArray[np.float32]] = {}
            if len(self.log_mels):
                batch |= self._labelled([next(labelled) for _ in range(self.config.batch_size)], rng)
            if order is not None:
                batch |= self._unlabelled([next(order) for _ in range(self.config.imitation.batch_size)], rng)
            yield batch

    def _labelled(self, chosen: list[int], rng: np.random.Generator) -> dict[str, NDArray[np.float32]]:
        clips = [augment(self.log_mels[i], self.n_frames, self.config.augmentation, rng) for i in chosen]
        batch, beliefs = np.stack(clips), self.beliefs[chosen]
        if self.config.mixup:
            batch, beliefs = _mix(batch, beliefs, self.config.mixup, rng)
        return {"labelled": batch, "beliefs": beliefs}

    def _unlabelled(self, chosen: list[int], rng: np.random.Generator) -> dict[str, NDArray[np.float32]]:
        imitation, n_windows = self.imitation, self.config.imitated_windows
        assert imitation is not None
        clips, tags, features, genres = [], [], [], []
        for i in chosen:
            log_mel = imitation.log_mels[i]
            first = int(rng.integers(0, imitation.tags.shape[1] - n_windows + 1))
            start = round(first * imitation.window_frames)
            frames = np.minimum(start + np.arange(self.n_frames), len(log_mel) - 1)
            clips.append(change(log_mel[frames], self.config.imitation.augmentation, rng))
            tags.append(imitation.tags[i, first : first + n_windows])
            features.append(imitation.features[i, first : first + n_windows])
            if imitation.genres is not None:
                genres.append(imitation.genres[i, first : first + n_windows])
        batch = {"unlabelled": np.stack(clips), "tags": np.stack(tags), "features": np.stack(features)}
        return batch | ({"genres": np.stack(genres)} if genres else {})


def _beliefs(labels: NDArray[Any], n_genres: int, smoothing: float) -> NDArray[np.float32]:
    labels = np.asarray(labels)
    beliefs = np.eye(n_genres)[labels.astype(int)] if labels.ndim == 1 else labels
    return ((1.0 - smoothing) * beliefs + smoothing / n_genres).astype(np.float32)


def _endless_order(n_clips: int, rng: np.random.Generator) -> Iterator[int]:
    while True:
        yield from rng.permutation(n_clips).tolist()


def _mix(
    batch: NDArray[np.float32], beliefs: NDArray[np.float32], strength: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mix each excerpt with another one of the batch, in power as sounds add up, each at its own loudest point."""
    share = rng.beta(strength, strength, size=len(batch)).astype(np.float32)
    share = np.maximum(share, 1.0 - share)
    other = rng.permutation(len(batch))
    level = 10.0 ** ((batch - batch.max(axis=(1, 2), keepdims=True)) / 10.0)
    wide = share[:, None, None]
    mixed = 10.0 * np.log10(wide * level + (1.0 - wide) * level[other] + 1e-12)
    return mixed.astype(np.float32), share[:, None] * beliefs + (1.0 - share[:, None]) * beliefs[other]


def _is_stuck(history: list[dict[str, float]], patience: int | None) -> bool:
    losses = [row["valid_loss"] for row in history if "valid_loss" in row]
    return patience is not None and len(losses) - 1 - int(np.argmin(losses or [0.0])) >= patience


def _digest(model: keras.Model, config: TrainingConfig, labels: NDArray[Any]) -> str:
    """What a checkpoint belongs to: the same network, configuration and labels."""
    settings = dataclasses.asdict(config)
    # Where it was trained does not change what it is: a run may go on with more devices or fewer.
    del settings["devices"]
    if settings["precision"] == "float32":
        # Checkpoints written before there was a choice stay good.
        del settings["precision"]
    described = json.dumps([model.get_config()["name"], model.count_params(), settings])
    return hashlib.sha256(described.encode() + np.ascontiguousarray(labels).tobytes()).hexdigest()


def _write_atomically(path: Path, text: str) -> None:
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)


__all__ = ["Batches", "RunError", "TrainingConfig", "TrainingResult", "fit"]
