"""Keras networks in files: opened in safe mode, and asked for their logits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.errors import BundleError


def load_keras(path: Path) -> Any:
    """Open model.keras in safe mode; BundleError if it asks for code of its own."""
    from genre_lib.networks.tensorflow_setup import keras

    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    # Keras raises whatever the damaged part happens to trip over.
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise BundleError(f"{path} cannot be opened safely ({reason}): get or make the bundle again.") from error


def keras_logits(model: Any, log_mel: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Step logits (n_steps, n_genres) and clip logits (n_genres,) of one log-mel (n_frames, n_mels)."""
    outputs = model(np.asarray(log_mel, np.float32)[None], training=False)
    values = [
        np.asarray(output, np.float32)[0] for output in (outputs.values() if isinstance(outputs, dict) else outputs)
    ]
    by_rank = {value.ndim: value for value in values}
    return by_rank[2], by_rank[1]
