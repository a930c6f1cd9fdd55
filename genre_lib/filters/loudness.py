"""How loud an excerpt is to the ear, read from the spectrogram that is there already: nothing is transformed again."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.front_end import FrontEnd

_SILENCE_DBFS = -100.0
# Mean square of a periodic Hann window.
_WINDOW_POWER = 0.375


def weighted_power(log_mel: NDArray[np.floating[Any]], front_end: FrontEnd) -> NDArray[np.float32]:
    """A-weighted mean square of each frame's samples [shape=(n_frames,)]; see `loudness`.

    Parameters
    ----------
    log_mel : np.ndarray [shape=(n_frames, n_mels), unit=dB]

    Notes
    -----
    Source: IEC 61672-1, the weighting's analytic form.
    """
    power = np.exp(np.asarray(log_mel, np.float32) * np.float32(np.log(10) / 10))
    return np.asarray(power @ _band_weights(front_end))


def loudness(power: NDArray[np.float32]) -> float:
    """Level [dBFS] of frames of a `weighted_power`.

    An excerpt of bass and one of cymbals sound equally loud at the same value.
    """
    return max(_SILENCE_DBFS, 10 * float(np.log10(max(float(power.mean()), 1e-30))))


@lru_cache(maxsize=16)
def _band_weights(front_end: FrontEnd) -> NDArray[np.float32]:
    """What each mel band's power adds to the mean square of the samples, as the ear weighs it."""
    bank = front_end.filter_bank().astype(np.float64)
    weights = _a_weighting(np.arange(bank.shape[1]) * front_end.sample_rate / front_end.n_fft)
    # Neighbouring triangles sum up to one where each is as high as one.
    centres = bank @ weights / np.maximum(bank.sum(axis=1), 1e-12)
    heights = np.maximum(bank.max(axis=1), 1e-12)
    # One-sided (Parseval): every bin stands for two.
    return np.asarray(2 * centres / heights / (front_end.n_fft**2 * _WINDOW_POWER), np.float32)


def _a_weighting(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of power; 1 (0 dB) at 1 kHz."""
    f2 = hz**2
    amplitude = 12194.0**2 * f2**2 / ((f2 + 20.6**2) * np.sqrt((f2 + 107.7**2) * (f2 + 737.9**2)) * (f2 + 12194.0**2))
    return (amplitude * 10 ** (2.0 / 20)) ** 2
