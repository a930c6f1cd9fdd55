"""Training on several devices at once: each holds the whole network and learns from its share of every batch.

`keras.distribution` places computations on JAX only: on TensorFlow its module says of itself not to be used (Keras
3.15), and `DataParallel` changes nothing there. Keras's layers and optimizers are made for `tf.distribute` instead,
which is what works here: one process, one machine, the sum of all devices' gradients in every step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.errors import ParameterError
from genre_lib.networks.tensorflow_setup import keras, tf

AUTO = "auto"


class Replicas:
    """Copies of a network on several devices that stay equal.

    Parameters
    ----------
    devices : sequence of str, at least two
        Names of logical devices of this machine.
    """

    def __init__(self, devices: tuple[str, ...]) -> None:
        self.devices = devices
        self._strategy = tf.distribute.MirroredStrategy(list(devices))

    def scope(self) -> Any:
        """Variables that are made in this context lie on every device."""
        return self._strategy.scope()

    def copy(self, model: keras.Model) -> keras.Model:
        """The network on every device, with the same weights.

        Batch norms take their statistics over all devices, so that a batch means what it means on one.
        """
        with self.scope():
            copy = keras.models.clone_model(model, clone_function=_synchronised)
        copy.set_weights(model.get_weights())
        return copy

    def shares(self, batch: dict[str, NDArray[np.float32]]) -> Any:
        """A batch dealt out to the devices, as evenly as it goes."""
        parts = {name: np.array_split(values, len(self.devices)) for name, values in batch.items()}
        return self._strategy.experimental_distribute_values_from_function(
            lambda context: {name: tf.constant(part[context.replica_id_in_sync_group]) for name, part in parts.items()}
        )

    def summed(self, function: Callable[[Any], Any], shares: Any) -> Any:
        """Call a function on every device with its share; each tensor of the answer summed over the devices."""
        answers = self._strategy.run(function, args=(shares,))
        return self._strategy.reduce(tf.distribute.ReduceOp.SUM, answers, axis=None)


def chosen_devices(
    devices: int | str, batch_sizes: tuple[int, ...], report: Callable[[str], None] = print
) -> tuple[str, ...]:
    """Names of the devices to train on; none where one is enough, which needs no distribution.

    Parameters
    ----------
    devices : int >= 1 or "auto"
        A number takes GPUs where there are any, else the logical CPU devices that TensorFlow was told to make; "auto"
        takes all GPUs, and one device without any.
    batch_sizes : tuple of int
        Excerpts of each kind in a batch.
    report : callable
        Gets a sentence where fewer devices are there than asked for.

    Raises
    ------
    ParameterError
        A batch has fewer excerpts than there are devices.
    """
    if devices == 1:
        return ()
    gpus = tf.config.list_logical_devices("GPU")
    there = gpus or (tf.config.list_logical_devices("CPU")[: 1 if devices == AUTO else None])
    wanted = len(there) if devices == AUTO else int(devices)
    if wanted > len(there):
        found = f"{len(there)} of them" if gpus else f"{len(there)} (no GPU was found)"
        report(f"{wanted} devices were asked for, but TensorFlow has {found}: training uses {len(there)}.")
    chosen = tuple(device.name for device in there[:wanted])
    if len(chosen) < 2:
        return ()
    if min(batch_sizes) < len(chosen):
        raise ParameterError(
            f"A batch of {min(batch_sizes)} cannot be shared by {len(chosen)} devices: "
            "raise batch_size of the training, or lower devices."
        )
    return chosen


def device_copies(variable: Any) -> list[Any]:
    """A variable's copy on each device; one that is not distributed is its own."""
    return list(getattr(variable.value, "values", [variable]))


def _synchronised(layer: keras.layers.Layer) -> keras.layers.Layer:
    settings = layer.get_config()
    if isinstance(layer, keras.layers.BatchNormalization):
        settings["synchronized"] = True
    return type(layer).from_config(settings)
