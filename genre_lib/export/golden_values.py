"""Making golden values: the signal, its log-mel by librosa in float64, and the network's answer to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.front_end import FrontEnd
from genre_lib.bundle.golden import Golden

_SECONDS = 4.0


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


def reference_log_mel(samples: NDArray[np.floating[Any]], front_end: FrontEnd) -> NDArray[np.float32]:
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
    front_end: FrontEnd, network: Callable[[NDArray[np.float32]], dict[str, NDArray[np.float32]]]
) -> Golden:
    """Golden values for a front end and a network that returns its outputs by name for (n_frames, n_mels)."""
    signal = golden_signal(front_end.sample_rate)
    log_mel = reference_log_mel(signal / 32768, front_end)
    outputs = network(log_mel)
    return Golden(signal, log_mel, outputs["step_logits"], outputs["clip_logits"], outputs.get("step_features"))
