"""Golden values: a short signal with the log-mel and the outputs that every runtime must reproduce."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from genre_lib.curve import softmax
from genre_lib.errors import BundleError
from genre_lib.front_end import FrontEnd

LOG_MEL_TOLERANCE_DB = 0.02
PROBABILITY_TOLERANCE = 1e-4

_SECONDS = 4.0


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
    """

    signal: NDArray[np.int16]
    log_mel: NDArray[np.float32]
    step_logits: NDArray[np.float32]
    clip_logits: NDArray[np.float32]

    @property
    def samples(self) -> NDArray[np.float32]:
        """The signal at full scale 1.0."""
        return (self.signal / np.float32(32768)).astype(np.float32)

    def to_json(self) -> str:
        """golden.json's content: little-endian arrays in base64."""
        return json.dumps({field.name: _pack(getattr(self, field.name)) for field in fields(self)}, indent=1) + "\n"

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read golden.json; BundleError if it is damaged."""
        try:
            values = json.loads(path.read_text("utf-8"))
            return cls(**{field.name: _unpack(values[field.name]) for field in fields(cls)})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BundleError(f"{path} cannot be read ({error}): make the bundle again.") from error


def golden_signal(sample_rate: int) -> NDArray[np.int16]:
    """A seeded test signal: chords with a beat, a quiet passage, noise, a sweep, and digital silence.

    Returns
    -------
    np.ndarray [shape=(n,), dtype=int16]
        Four seconds; it fills loud and quiet bins, steady and sudden sounds.
    """
    rng = np.random.default_rng(2018)
    t = np.arange(int(_SECONDS * sample_rate)) / sample_rate
    chord = sum(np.sin(2 * np.pi * f * t + phase) for f, phase in ((220.0, 0.0), (277.18, 1.0), (329.63, 2.0)))
    beat = np.exp(-12 * (t % 0.5)) * rng.standard_normal(len(t))
    sweep = np.sin(2 * np.pi * (60 * t + 0.5 * (0.45 * sample_rate / _SECONDS) * t**2))
    signal = 0.12 * chord + 0.15 * beat
    signal = np.where(t > 1.5, 0.1 * sweep + 0.05 * rng.standard_normal(len(t)), signal)
    signal = np.where((t > 2.5) & (t < 3.0), 0.003 * chord, signal)
    signal = np.where(t > 3.8, 0.0, signal)
    return np.asarray(np.round(np.clip(signal, -1, 1) * 32767), np.int16)


def reference_log_mel(samples: NDArray[np.floating], front_end: FrontEnd) -> NDArray[np.float32]:
    """The log-mel by librosa in float64: the reference, slow and independent of ours."""
    import librosa

    mel = librosa.feature.melspectrogram(
        y=np.asarray(samples, np.float64),
        sr=front_end.sample_rate,
        n_fft=front_end.n_fft,
        hop_length=front_end.hop_length,
        n_mels=front_end.n_mels,
        fmin=front_end.f_min,
        fmax=front_end.f_max,
        center=False,
    )
    return np.ascontiguousarray(10 * np.log10(np.maximum(mel, front_end.amin)).T, np.float32)


def make_golden(
    front_end: FrontEnd, network: Callable[[NDArray[np.float32]], tuple[NDArray[np.float32], NDArray[np.float32]]]
) -> Golden:
    """Golden values for a front end and a network that returns step and clip logits for (n_frames, n_mels)."""
    signal = golden_signal(front_end.sample_rate)
    log_mel = reference_log_mel(signal / 32768, front_end)
    step_logits, clip_logits = network(log_mel)
    return Golden(signal, log_mel, step_logits, clip_logits)


def log_mel_error(golden: Golden, front_end: FrontEnd, filter_bank: NDArray[np.float32]) -> float:
    """Largest difference in dB between our front end and the golden log-mel."""
    log_mel = front_end.log_mel(golden.samples, filter_bank=filter_bank)
    return float(np.abs(log_mel - golden.log_mel).max())


def probability_error(golden: Golden, step_logits: NDArray[np.floating]) -> float:
    """Largest difference in step probability from the golden outputs; infinite if the shapes differ."""
    if step_logits.shape != golden.step_logits.shape:
        return float("inf")
    return float(np.abs(softmax(step_logits) - softmax(golden.step_logits)).max())


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
