"""A mask over the log-mel as sound: the song with only some of its regions left, by inverse STFT."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import ShortTimeFFT

from genre_lib.audio.front_end import FrontEnd

# The front end's own frames hardly overlap: too little to put a sound together again.
_HOPS_A_WINDOW = 8


def masked_sound(
    samples: NDArray[np.float32], mask: NDArray[np.floating[Any]] | NDArray[np.bool_], front_end: FrontEnd
) -> NDArray[np.float32]:
    """What is left of a sound when only the cells of a mask may pass.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,)]
        From the first sample of the mask's first frame on.
    mask : np.ndarray [shape=(n_frames, n_mels)]
        0 silences a cell, 1 leaves it; between frames and between bands it fades.
    front_end : FrontEnd

    Returns
    -------
    np.ndarray [shape=(n,), dtype=float32]
    """
    hop = front_end.n_fft // _HOPS_A_WINDOW
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(front_end.n_fft) / front_end.n_fft)
    transform = ShortTimeFFT(window, hop, front_end.sample_rate)
    spectrum = transform.stft(np.asarray(samples, np.float64))
    gains = _by_bin(np.asarray(mask, np.float64), front_end)
    centres = (np.arange(len(gains)) * front_end.hop_length + front_end.n_fft / 2) / front_end.sample_rate
    times = transform.t(len(samples))
    at = np.clip(np.searchsorted(centres, times) - 1, 0, max(0, len(gains) - 2))
    after = np.minimum(at + 1, len(gains) - 1)
    width = np.maximum(centres[after] - centres[at], 1e-9)
    part = np.clip((times - centres[at]) / width, 0, 1)[:, None]
    gain = (1 - part) * gains[at] + part * gains[after]
    sound = transform.istft(spectrum * gain.T, k1=len(samples))
    return np.asarray(np.real(sound), np.float32)


def _by_bin(mask: NDArray[np.float64], front_end: FrontEnd) -> NDArray[np.float64]:
    """A mask over mel bands as one over the bins of a spectrum [shape=(n_frames, n_fft // 2 + 1)]."""
    bank = front_end.filter_bank().astype(np.float64)
    # Each band counts by its height, so that narrow ones are not drowned by wide ones.
    weights = bank / np.maximum(bank.max(axis=1, keepdims=True), 1e-12)
    covered = weights.sum(axis=0)
    nearest = np.abs(np.arange(bank.shape[1])[:, None] - np.flatnonzero(covered > 0)[None]).argmin(axis=1)
    gains = mask @ (weights / np.maximum(covered, 1e-12))
    return np.asarray(gains[:, np.flatnonzero(covered > 0)[nearest]])
