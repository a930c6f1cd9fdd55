"""Golden values: a short signal with the log-mel and the outputs that every runtime must reproduce."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from genre_lib.audio.front_end import FrontEnd
from genre_lib.errors import BundleError

LOG_MEL_TOLERANCE_DB = 0.02
# For front ends that compute in float64.
PRECISE_LOG_MEL_TOLERANCE_DB = 1e-3
PROBABILITY_TOLERANCE = 1e-4
EMBEDDING_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class Golden:
    """Expected values of a bundle.

    Attributes
    ----------
    signal : np.ndarray [shape=(n,), dtype=int16]
        Samples times 32768 at the front end's rate.
    log_mel : np.ndarray [shape=(n_frames, n_mels), unit=dB]
        By librosa in float64.
    step_logits : np.ndarray [shape=(n_steps, n_genres)]
    clip_logits : np.ndarray [shape=(n_genres,)]
        By Keras from `log_mel`.
    step_features : np.ndarray [shape=(n_steps, n_features)] or None
        Likewise; None in bundles that were made without.
    """

    signal: NDArray[np.int16]
    log_mel: NDArray[np.float32]
    step_logits: NDArray[np.float32]
    clip_logits: NDArray[np.float32]
    step_features: NDArray[np.float32] | None = None

    @property
    def samples(self) -> NDArray[np.float32]:
        """The signal at full scale 1.0."""
        return (self.signal / np.float32(32768)).astype(np.float32)

    def to_json(self) -> str:
        """golden.json's content: little-endian arrays in base64."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return json.dumps({name: _pack(value) for name, value in values.items() if value is not None}, indent=1) + "\n"

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read golden.json; BundleError if it is damaged."""
        try:
            values = json.loads(path.read_text("utf-8"))
            optional = {field.name for field in fields(cls) if field.default is None}
            names = [field.name for field in fields(cls) if field.name in values or field.name not in optional]
            return cls(**{name: _unpack(values[name]) for name in names})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BundleError(f"{path} cannot be read ({error}): make the bundle again.") from error


def log_mel_error(golden: Golden, front_end: FrontEnd, filter_bank: NDArray[np.float32]) -> float:
    """Largest difference in dB between our front end and the golden log-mel."""
    log_mel = front_end.log_mel(golden.samples, filter_bank=filter_bank)
    return float(np.abs(log_mel - golden.log_mel).max())


def probability_error(
    golden: Golden, step_logits: NDArray[np.floating[Any]], clip_logits: NDArray[np.floating[Any]] | None = None
) -> float:
    """Largest difference in the probability of a step, or of the clip; infinite if the shapes differ."""
    pairs = [(step_logits, golden.step_logits)]
    if clip_logits is not None:
        pairs.append((clip_logits, golden.clip_logits))
    if any(ours.shape != expected.shape for ours, expected in pairs):
        return float("inf")
    return max(float(np.abs(softmax(ours, axis=-1) - softmax(expected, axis=-1)).max()) for ours, expected in pairs)


def embedding_error(golden: Golden, step_features: NDArray[np.floating[Any]]) -> float:
    """Largest difference in a step feature from the golden ones, which it must have, as a share of the largest above 1.

    Infinite if the shapes differ.
    """
    assert golden.step_features is not None
    if step_features.shape != golden.step_features.shape:
        return float("inf")
    return float(np.abs(step_features - golden.step_features).max() / max(1.0, np.abs(golden.step_features).max()))


def _pack(values: NDArray[Any]) -> dict[str, Any]:
    little = values.astype(values.dtype.newbyteorder("<"))
    return {
        "dtype": str(values.dtype),
        "shape": list(values.shape),
        "base64": base64.b64encode(little.tobytes()).decode(),
    }


def _unpack(packed: dict[str, Any]) -> NDArray[Any]:
    if packed["dtype"] not in {"int16", "float32"}:
        raise ValueError(f"unknown dtype {packed['dtype']}")
    dtype = np.dtype(packed["dtype"])
    values = np.frombuffer(base64.b64decode(packed["base64"], validate=True), dtype.newbyteorder("<"))
    return values.reshape(packed["shape"]).astype(dtype)
