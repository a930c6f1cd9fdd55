"""Training: labelled spectrograms, and unlabelled ones with tagger outputs, to a network; killed runs go on."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.errors import ParameterError
from genre_lib.training.batches import Batches
from genre_lib.training.config import LogMels, TrainingConfig
from genre_lib.training.distillation import DistillationTargets
from genre_lib.utils.atomic import write_text
from genre_lib.utils.json_files import to_json

if TYPE_CHECKING:
    import keras


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
    distillation: DistillationTargets | None = None,
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
        Arrays or memory maps; may be empty where only distillation is learnt.
    labels : np.ndarray [shape=(n,), int] or [shape=(n, n_genres), float]
        Genres, or soft_labels over genres.
    config : TrainingConfig
    valid_log_mels, valid_labels : judged after each epoch, never learnt from
    distillation : DistillationTargets or None
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
    from genre_lib.training.devices import chosen_devices
    from genre_lib.training.trainer import Trainer

    if not len(log_mels) and distillation is None:
        raise ParameterError("There is no clip to train on: give labelled clips or teacher outputs.")
    folder = None if run_folder is None else Path(run_folder)
    batches = Batches.plan(model, log_mels, labels, distillation, config)
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
            write_text(folder / "history.json", to_json(history, indent=1))
    trainer.finish()
    return TrainingResult(model, history, stopped_early=len(history) < config.epochs)


def _is_stuck(history: list[dict[str, float]], patience: int | None) -> bool:
    losses = [row["valid_loss"] for row in history if "valid_loss" in row]
    return patience is not None and len(losses) - 1 - int(np.argmin(losses or [0.0])) >= patience


def _digest(model: keras.Model, config: TrainingConfig, labels: NDArray[Any]) -> str:
    """What a checkpoint belongs to: the same network, configuration and labels."""
    settings = dataclasses.asdict(config)
    # Where it was trained does not change what it is: a run may go on with more devices or fewer.
    del settings["devices"]
    for name, always in (("precision", "float32"), ("optimizer", "adamw")):
        if settings[name] == always:
            # Checkpoints written before there was a choice stay good.
            del settings[name]
    described = json.dumps([model.get_config()["name"], model.count_params(), settings])
    return hashlib.sha256(described.encode() + np.ascontiguousarray(labels).tobytes()).hexdigest()
