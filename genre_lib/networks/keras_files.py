"""Keras networks in files: opened in safe mode, and asked for their outputs by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.errors import BundleError


def load_keras(path: Path) -> Any:
    """Open model.keras in safe mode; BundleError if there is none, or if it asks for code of its own."""
    if not path.exists():
        raise BundleError(
            f"{path.parent} has no {path.name}, being taught on the page: teach the songs with `genre teach` for this."
        )
    from genre_lib.networks.tensorflow_setup import keras

    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    # Keras raises whatever the damaged part happens to trip over.
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise BundleError(f"{path} cannot be opened safely ({reason}): get or make the bundle again.") from error


def keras_outputs(model: Any, log_mel: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Outputs by name for one log-mel [shape=(n_frames, n_mels)], each without the axis of the batch."""
    outputs = model(np.asarray(log_mel, np.float32)[None], training=False)
    return {name: np.asarray(output, np.float32)[0] for name, output in outputs.items()}


def with_step_features(model: Any) -> Any:
    """The same network, which also tells `step_features` (batch, steps, n_features), what its logits are read from.

    A network without a layer of that name stays as it is.
    """
    from genre_lib.networks.tensorflow_setup import keras

    if "step_features" in model.output or "step_features" not in {layer.name for layer in model.layers}:
        return model
    features = model.get_layer("step_features").output
    return keras.Model(model.input, {**model.output, "step_features": features}, name=model.name)
