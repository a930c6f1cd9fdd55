"""The front end: samples become a log-mel spectrogram, by one frozen definition that every runtime obeys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any, Self

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from genre_lib.errors import ParameterError

# Frames per transform: the working set stays in the processor's cache.
_FRAMES_AT_ONCE = 64
# Neighbouring bands hear neighbouring bins: a product with all bins would mostly multiply by zero.
_BANDS_AT_ONCE = 16


@dataclass(frozen=True)
class FrontEnd:
    """Definition of a log-mel spectrogram: periodic Hann, power, Slaney mel bands with Slaney norm, no centring.

    Equal to `librosa.feature.melspectrogram(center=False)` followed by ``10 * log10(max(S, amin))``.

    Attributes
    ----------
    sample_rate : int > 0 [Hz]
    n_fft : int [samples]
        A power of two.
    hop_length : int > 0 [samples]
    n_mels : int > 0
    f_min, f_max : float [Hz]
    amin : float > 0
        Floor of the mel power; 1e-12 is -120 dB, low enough that a quiet recording keeps its shape.

    Examples
    --------
    >>> FrontEnd().log_mel(np.zeros(22050, np.float32)).shape
    (12, 128)
    """

    sample_rate: int = 22050
    n_fft: int = 2048
    hop_length: int = 1708
    n_mels: int = 128
    f_min: float = 0.0
    f_max: float = 11025.0
    amin: float = 1e-12

    def __post_init__(self) -> None:
        if self.n_fft < 16 or self.n_fft & (self.n_fft - 1):
            raise ParameterError(f"n_fft is {self.n_fft}: use a power of two from 16 up.")
        if min(self.sample_rate, self.hop_length, self.n_mels) < 1 or self.amin <= 0:
            raise ParameterError("sample_rate, hop_length, n_mels and amin of a front end must be greater than 0.")
        if self.hop_length > self.n_fft:
            raise ParameterError(
                f"hop_length {self.hop_length} is above n_fft {self.n_fft}: sound between frames would be lost."
            )
        if not 0 <= self.f_min < self.f_max <= self.sample_rate / 2:
            raise ParameterError(
                f"f_min {self.f_min} and f_max {self.f_max} must lie in order between 0 and half the sample rate."
            )

    @property
    def frame_period_s(self) -> float:
        """Seconds from one frame to the next."""
        return self.hop_length / self.sample_rate

    def n_frames(self, n_samples: int) -> int:
        """Number of frames that `n_samples` samples give."""
        return max(0, (n_samples - self.n_fft) // self.hop_length + 1)

    def n_samples(self, n_frames: int) -> int:
        """Fewest samples that give `n_frames` frames."""
        return (n_frames - 1) * self.hop_length + self.n_fft if n_frames > 0 else 0

    def filter_bank(self) -> NDArray[np.float32]:
        """Mel filter bank [shape=(n_mels, n_fft // 2 + 1)], as `librosa.filters.mel` gives it."""
        return _filter_bank(self)

    def log_mel(
        self, samples: NDArray[np.float32], *, filter_bank: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Log-mel spectrogram.

        Parameters
        ----------
        samples : np.ndarray [shape=(n,)]
            Mono at `sample_rate`, full scale 1.0.
        filter_bank : np.ndarray [shape=(n_mels, n_fft // 2 + 1)], optional
            The bank of a model's bundle; by default this definition's own.

        Returns
        -------
        np.ndarray [shape=(n_frames, n_mels), dtype=float32]
            In dB; no frame if `samples` is shorter than `n_fft`.
        """
        bank = self.filter_bank() if filter_bank is None else filter_bank
        frames = self._frames(samples)
        window = _hann(self.n_fft)
        groups = _groups(bank)
        out = np.zeros((len(frames), len(bank)), np.float32)
        for start in range(0, len(frames), _FRAMES_AT_ONCE):
            spectrum = scipy.fft.rfft(frames[start : start + _FRAMES_AT_ONCE] * window, axis=1, overwrite_x=True)
            parts = spectrum.view(np.float32)
            parts *= parts
            power = parts[:, 0::2] + parts[:, 1::2]
            for bands, bins, weights in groups:
                out[start : start + _FRAMES_AT_ONCE, bands] = power[:, bins] @ weights
        np.maximum(out, np.float32(self.amin), out=out)
        np.log10(out, out=out)
        out *= 10
        return out

    def frame_power(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Variance of the samples of each frame [shape=(n_frames,)]: their power, but for an offset."""
        # Without the mean of all, small differences of large squares would be left of a constant.
        frames = self._frames(samples - samples.mean(dtype=np.float64).astype(np.float32) if len(samples) else samples)
        squares = np.einsum("ij,ij->i", frames, frames) / np.float32(self.n_fft)
        return np.maximum(squares - frames.mean(axis=1) ** 2, 0).astype(np.float32)

    def stream(
        self, blocks: Iterable[NDArray[np.float32]], *, filter_bank: NDArray[np.float32] | None = None
    ) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Frames of consecutive blocks of samples, equal to those of the whole.

        Yields
        ------
        log_mel : np.ndarray [shape=(n_frames, n_mels)]
        power : np.ndarray [shape=(n_frames,)]
        """
        rest = np.zeros(0, np.float32)
        for block in blocks:
            samples = np.concatenate([rest, block])
            n_frames = self.n_frames(len(samples))
            rest = samples[n_frames * self.hop_length :]
            if n_frames:
                used = samples[: self.n_samples(n_frames)]
                yield self.log_mel(used, filter_bank=filter_bank), self.frame_power(used)

    def to_dict(self) -> dict[str, Any]:
        """The definition as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The definition from `to_dict`'s values; an unknown key is a ParameterError."""
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            raise ParameterError(f"The front end has no parameter {unknown[0]!r}: it was made by a newer version.")
        return cls(**values)

    def digest(self) -> str:
        """Hash of the definition [64 hexadecimal digits]: what a feature cache is keyed by."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()

    def _frames(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        if np.ndim(samples) != 1:
            raise ParameterError(f"The samples have shape {np.shape(samples)}: give mono samples (n,).")
        if np.asarray(samples).dtype.kind != "f":
            raise ParameterError(
                f"The samples are of type {np.asarray(samples).dtype}: give floats of full scale 1.0 (int16 / 32768)."
            )
        samples = np.ascontiguousarray(samples, np.float32)
        if self.n_frames(len(samples)) == 0:
            return np.empty((0, self.n_fft), np.float32)
        return np.lib.stride_tricks.sliding_window_view(samples, self.n_fft)[:: self.hop_length]


def _groups(bank: NDArray[np.float32]) -> list[tuple[slice, slice, NDArray[np.float32]]]:
    """Bands in groups, each with the bins that any of it hears and its weights [shape=(n_bins, n_bands)]."""
    groups = []
    for first in range(0, len(bank), _BANDS_AT_ONCE):
        bands = slice(first, first + _BANDS_AT_ONCE)
        heard = np.flatnonzero(bank[bands].any(axis=0))
        if len(heard):
            bins = slice(heard[0], heard[-1] + 1)
            groups.append((bands, bins, np.ascontiguousarray(bank[bands, bins].T)))
    return groups


@lru_cache(maxsize=8)
def _hann(n: int) -> NDArray[np.float32]:
    # Periodic: the symmetric window of n + 1 points without its last.
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)).astype(np.float32)


@lru_cache(maxsize=8)
def _filter_bank(front_end: FrontEnd) -> NDArray[np.float32]:
    """Triangles evenly spaced on Slaney's mel scale, each of unit area in Hz.

    Source: M. Slaney, Auditory Toolbox version 2, Interval Research TR 1998-010.
    """
    bins = np.arange(front_end.n_fft // 2 + 1) * front_end.sample_rate / front_end.n_fft
    low, high = _hz_to_mel(np.array([front_end.f_min, front_end.f_max]))
    edges = _mel_to_hz(np.linspace(low, high, front_end.n_mels + 2))
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    bank = (triangles * (2 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)
    bank.setflags(write=False)
    return bank


# Slaney's scale: linear, 200/3 Hz a mel, below 1 kHz; above, logarithmic, 27 mels for a factor of 6.4.
_HZ_PER_MEL = 200.0 / 3
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27.0


def _hz_to_mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK_MEL + np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(hz < _BREAK_HZ, hz / _HZ_PER_MEL, above)


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _BREAK_MEL) - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _HZ_PER_MEL, above)
