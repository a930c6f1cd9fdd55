"""The page stores weights in 16 bits; every other runtime gets the same numbers, so that all give the same answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Weight types that change no answer by as much as the networks differ from run to run: all runtimes may have them.
SHARED_TYPES = ("uint16", "float16")


def take_stored_weights(model: Any, tfjs: str | Path) -> int:
    """Round the weights of a network to those that its TensorFlow.js copy has stored.

    Of a batch norm the copy has gain and offset alone: its scale and centre are chosen to give the same. A weight that
    the converter has merged with another one stays as it is.

    Parameters
    ----------
    model : keras.Model
        Changed in place.
    tfjs : str or Path
        The folder of model.json, made from this network.

    Returns
    -------
    int
        How many tensors were taken.

    Examples
    --------
    >>> from genre_lib.bundle.resources import pretrained_folder
    >>> from genre_lib.networks.keras_files import load_keras
    >>> folder = pretrained_folder()
    >>> take_stored_weights(load_keras(folder / "model.keras"), folder / "tfjs")
    28
    """
    from genre_lib.networks.tensorflow_setup import keras

    stored = stored_weights(tfjs)
    taken = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization) and layer.center and layer.scale:
            spread = np.sqrt(np.asarray(layer.moving_variance, np.float64) + layer.epsilon)
            mean = np.asarray(layer.moving_mean, np.float64)
            gain = np.asarray(layer.gamma, np.float64) / spread
            near_gain = _nearest(gain, stored)
            near_offset = _nearest(np.asarray(layer.beta, np.float64) - mean * gain, stored)
            if near_gain is not None and near_offset is not None:
                layer.gamma.assign(near_gain * spread)
                layer.beta.assign(near_offset + mean * near_gain)
                taken += 2
            continue
        for weight in layer.weights:
            near = _nearest(np.asarray(weight, np.float64), stored)
            if near is not None:
                weight.assign(near)
                taken += 1
    return taken


def stored_weights(tfjs: str | Path) -> list[tuple[NDArray[np.float64], float]]:
    """The float tensors of a TensorFlow.js graph model as it uses them, flat, each with the most it was rounded by."""
    folder = Path(tfjs)
    found = []
    for group in json.loads((folder / "model.json").read_text())["weightsManifest"]:
        content = b"".join((folder / path).read_bytes() for path in group["paths"])
        at = 0
        for entry in group["weights"]:
            how = entry.get("quantization", {})
            kind = np.dtype(how.get("dtype", entry["dtype"])).newbyteorder("<")
            count = int(np.prod(entry["shape"], dtype=np.int64))
            values = np.frombuffer(content, kind, count, at).astype(np.float64)
            at += count * kind.itemsize
            if entry["dtype"] != "float32":
                continue
            scale = how.get("scale", 1.0)
            weights = values * scale + how.get("min", 0.0)
            # Where all values are one, the scale is arbitrary: a bias of zeros would be taken for a gain of ones.
            is_stepped = "scale" in how and np.ptp(values) > 0
            found.append((weights, scale if is_stepped else 1e-3 * float(np.abs(weights).max(initial=0.0))))
    return found


def _nearest(
    values: NDArray[np.float64], stored: list[tuple[NDArray[np.float64], float]]
) -> NDArray[np.float64] | None:
    """The stored tensor that these values were rounded to, in their shape; None if there is none."""
    flat = values.ravel()
    alike = [(np.abs(each - flat).max(initial=0.0), n) for n, (each, _) in enumerate(stored) if each.size == flat.size]
    if not alike:
        return None
    error, n = min(alike)
    rounded, step = stored[n]
    return rounded.reshape(values.shape) if error <= step else None
