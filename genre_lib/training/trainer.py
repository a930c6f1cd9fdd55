"""The machinery of a training: losses, optimizer, running average of the weights, checkpoints."""

from __future__ import annotations

import io
import json
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.errors import ParameterError, RunError
from genre_lib.networks.tensorflow_setup import keras, tf
from genre_lib.training.batches import Batches
from genre_lib.training.config import LogMels, TrainingConfig
from genre_lib.training.devices import Replicas, device_copies
from genre_lib.training.precision import computing_in
from genre_lib.utils.atomic import write_bytes


class Trainer:
    """Trains one network; all of its state goes into one checkpoint file.

    Parameters
    ----------
    model : keras.Model
        Its weights are changed in place.
    batches : Batches
    config : TrainingConfig
    devices : tuple of str
        Several to train on at once, from `genre_lib.training.devices.chosen_devices`; none trains on one.
    """

    def __init__(
        self, model: keras.Model, batches: Batches, config: TrainingConfig, devices: tuple[str, ...] = ()
    ) -> None:
        self._given, self.batches, self.config = model, batches, config
        self._replicas = Replicas(devices) if devices else None
        self.model = self._replicas.copy(model) if self._replicas else model
        # After the copy, which draws weights of its own.
        keras.utils.set_random_seed(config.seed)
        with self._replicas.scope() if self._replicas else nullcontext():
            self._prepare()
        self._averages = [tf.Variable(variable.numpy(), trainable=False) for variable in self._kept]
        self._step = tf.function(self._one_step)

    def _prepare(self) -> None:
        model, batches, config = self.model, self.batches, self.config
        self._network = _with_distillation_head(model, batches)
        n_steps = config.epochs * batches.steps
        warm_up = max(1, round(config.warm_up * n_steps))
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0, max(1, n_steps - warm_up), warmup_target=config.learning_rate, warmup_steps=warm_up
        )
        if config.optimizer == "rmsprop":
            self._optimizer = keras.optimizers.RMSprop(schedule, global_clipnorm=config.clip_norm)
        else:
            self._optimizer = keras.optimizers.AdamW(
                schedule, weight_decay=config.weight_decay, global_clipnorm=config.clip_norm
            )
            _exclude_vectors_from_decay(self._optimizer, self._network)
        self._learning = _learning_variables(self._network, model, batches)
        self._optimizer.build(self._learning)
        self._kept = list(self._network.weights)

    def epoch(self, number: int) -> dict[str, float]:
        """Train for one epoch; the means of its losses, and its seconds."""
        # Dropout is seeded by epoch too, so that a run that goes on draws what an undisturbed one would.
        keras.utils.set_random_seed(self.config.seed * 10_007 + number)
        _reset_seeds(self._network, self.config.seed * 10_007 + number)
        began = time.perf_counter()
        with computing_in(self._network, self.config.precision):
            rows = [self._step(self._on_devices(batch)) for batch in self.batches.of_epoch(number)]
        row = {name: float(np.mean([r[name] for r in rows])) for name in rows[0]}
        if not np.isfinite(row["loss"]):
            raise RunError(f"The loss is {row['loss']} in epoch {number + 1}: lower the learning rate.")
        return row | {"seconds": round(time.perf_counter() - began, 1)}

    def _on_devices(self, batch: dict[str, NDArray[np.float32]]) -> Any:
        if self._replicas is None:
            return {name: tf.constant(values) for name, values in batch.items()}
        return self._replicas.shares(batch)

    def _one_step(self, batch: Any) -> dict[str, Any]:
        if self._replicas is None:
            losses, gradients = self._losses_and_gradients(batch)
        else:
            losses, gradients = self._replicas.summed(self._losses_and_gradients, batch)
        self._optimizer.apply(gradients, self._learning)
        count = tf.cast(self._optimizer.iterations, tf.float32)
        keep = tf.minimum(self.config.average, (1.0 + count) / (10.0 + count)) if self.config.average else 0.0
        for average, variable in zip(self._averages, self._kept, strict=True):
            if average.dtype.is_floating:
                average.assign(keep * average + (1.0 - keep) * variable.value)
        return losses

    def _losses_and_gradients(self, batch: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
        """Of a batch, or of one device's share in it: shares add up to the batch."""
        parts = [batch[name] for name in ("labelled", "unlabelled") if name in batch]
        n_labelled = parts[0].shape[0] if "labelled" in batch else 0
        with tf.GradientTape() as tape:
            outputs = self._network(tf.concat(parts, axis=0), training=True)
            losses = {}
            if n_labelled:
                losses["genre"] = _soft_cross_entropy(batch["soft_labels"], outputs["clip_logits"][:n_labelled])
            if "unlabelled" in batch:
                losses |= self._distillation_losses(batch, outputs, n_labelled)
            if self._replicas is not None:
                losses = {name: self._share(name, batch) * value for name, value in losses.items()}
            weights = {
                "genre": 1.0,
                "tags": self.config.distillation.tag_weight,
                "features": self.config.distillation.feature_weight,
                "genres": self.config.distillation.genre_weight,
                "clip_genres": self.config.distillation.clip_genre_weight,
            }
            if "unlabelled" in batch and n_labelled:
                weights["genre"] = self.config.distillation.label_weight
            loss = tf.add_n([weights[name] * value for name, value in losses.items()])
        return {"loss": loss, **losses}, tape.gradient(loss, self._learning)

    def _share(self, loss: str, batch: dict[str, Any]) -> float:
        if loss == "genre":
            return batch["labelled"].shape[0] / self.config.batch_size
        return batch["unlabelled"].shape[0] / self.config.distillation.batch_size

    def _distillation_losses(self, batch: dict[str, Any], outputs: dict[str, Any], n_labelled: int) -> dict[str, Any]:
        distillation = self.batches.distillation
        assert distillation is not None
        weights = tf.constant(self.batches.window_weights())
        given = tf.einsum("ws,bsc->bwc", weights, outputs["distilled"][n_labelled:])
        tags, features = tf.split(given, [distillation.tags.shape[2], distillation.features.shape[2]], axis=-1)
        losses = {}
        # Means over all pieces, not over those with a target: shares of devices must add up.
        if distillation.tags.shape[2]:
            entropy = tf.nn.sigmoid_cross_entropy_with_logits(batch["tags"], tags)
            losses["tags"] = tf.reduce_mean(batch["tag_weights"] * tf.reduce_mean(entropy, axis=(1, 2)))
        if distillation.features.shape[2]:
            error = tf.reduce_mean(tf.square(batch["features"] - features), axis=1)
            losses["features"] = tf.reduce_mean(tf.reduce_sum(batch["feature_weights"] * error, axis=1))
        if "genres" in batch:
            logits = tf.einsum("ws,bsc->bwc", weights, outputs["step_logits"][n_labelled:])
            losses["genres"] = _soft_cross_entropy(batch["genres"], logits)
        if "clip_genres" in batch:
            losses["clip_genres"] = _soft_cross_entropy(batch["clip_genres"], outputs["clip_logits"][n_labelled:])
        return losses

    def judge(self, log_mels: LogMels, labels: NDArray[Any]) -> dict[str, float]:
        """Loss and accuracy of the averaged weights on clips that are not learnt from."""
        with self._averaged():
            logits = np.stack([clip_logits(self.model, log_mel) for log_mel in log_mels])
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return {
            "valid_loss": float(-log_p[np.arange(len(labels)), labels].mean()),
            "valid_accuracy": float((logits.argmax(axis=1) == labels).mean()),
        }

    def finish(self) -> None:
        """Leave the averaged weights in the network."""
        for average, variable in zip(self._averages, self._kept, strict=True):
            variable.assign(average)
        if self._replicas is not None:
            self._given.set_weights(self.model.get_weights())

    def save(self, path: Path, digest: str, history: list[dict[str, float]]) -> None:
        """Write everything needed to go on, so that a kill at any moment leaves this or the last checkpoint."""
        arrays = {f"weight{i}": variable.numpy() for i, variable in enumerate(self._kept)}
        arrays |= {f"average{i}": variable.numpy() for i, variable in enumerate(self._averages)}
        arrays |= {f"optimizer{i}": variable.numpy() for i, variable in enumerate(self._optimizer.variables)}
        arrays["about"] = np.array(json.dumps({"digest": digest, "history": history}))
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        write_bytes(path, buffer.getvalue(), sync=True)

    def resume(self, path: Path, digest: str) -> list[dict[str, float]]:
        """Take up a checkpoint; the history so far, empty where there is none."""
        if not path.exists():
            return []
        with np.load(path) as stored:
            about = json.loads(str(stored["about"]))
            if about["digest"] != digest:
                raise RunError(f"{path} belongs to another network, configuration or data set: choose another folder.")
            _assign(self._kept, stored, "weight")
            _assign(self._averages, stored, "average")
            _assign(self._optimizer.variables, stored, "optimizer")
        return list(about["history"])

    def load_weights(self, path: Path) -> None:
        """Start from the averaged weights of an earlier training."""
        try:
            with np.load(path) as stored:
                _assign(self._kept, stored, "average")
        except (OSError, KeyError, ValueError) as error:
            raise ParameterError(f"{path} is no checkpoint of this network: {error}.") from error
        for average, variable in zip(self._averages, self._kept, strict=True):
            average.assign(variable.value)

    def _averaged(self) -> Any:
        return _Swapped(self._kept, self._averages)


class _Swapped:
    """The averaged weights in the network, for as long as the context lasts."""

    def __init__(self, variables: list[Any], averages: list[Any]) -> None:
        self._variables, self._averages = variables, averages

    def __enter__(self) -> None:
        self._trained = [variable.numpy() for variable in self._variables]
        for variable, average in zip(self._variables, self._averages, strict=True):
            variable.assign(average)

    def __exit__(self, *_: object) -> None:
        for variable, value in zip(self._variables, self._trained, strict=True):
            variable.assign(value)


def clip_logits(model: keras.Model, log_mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logits of one whole clip [shape=(n_genres,)]."""
    return np.asarray(model(np.asarray(log_mel, np.float32)[None], training=False)["clip_logits"])[0]


def _with_distillation_head(model: keras.Model, batches: Batches) -> keras.Model:
    if batches.distillation is None:
        return model
    features = model.get_layer("step_features").output
    distilled = keras.layers.Dense(batches.distillation.n_targets, name="distilled")(features)
    return keras.Model(model.input, {**model.output, "distilled": distilled})


def _learning_variables(network: keras.Model, model: keras.Model, batches: Batches) -> list[Any]:
    """All but the genre layer where nothing says what genres are."""
    distillation = batches.distillation
    if len(batches.log_mels) or (distillation is not None and distillation.genres is not None):
        return list(network.trainable_variables)
    idle = {id(variable) for variable in model.get_layer("step_logits").trainable_variables}
    return [variable for variable in network.trainable_variables if id(variable) not in idle]


def _exclude_vectors_from_decay(optimizer: keras.optimizers.Optimizer, network: keras.Model) -> None:
    """Decay matrices and kernels only: biases and norms are not what overfits."""
    vectors = [variable for variable in network.trainable_variables if len(variable.shape) < 2]
    optimizer.exclude_from_weight_decay(var_list=vectors)


def _reset_seeds(network: keras.Model, seed: int) -> None:
    """Give every dropout layer a state that depends on the seed alone."""
    for number, layer in enumerate(network.layers):
        generator = getattr(layer, "seed_generator", None)
        if generator is not None:
            # Devices drop different units of their shares; the first one drops what a single device would.
            for device, state in enumerate(device_copies(generator.state)):
                state.assign(np.array([seed % 2**32, number + 1000 * device], generator.state.dtype))


def _soft_cross_entropy(soft_labels: Any, logits: Any) -> Any:
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(soft_labels, logits))


def _assign(variables: list[Any], stored: Any, name: str) -> None:
    for number, variable in enumerate(variables):
        variable.assign(stored[f"{name}{number}"])
