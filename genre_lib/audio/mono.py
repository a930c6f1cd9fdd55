"""Many channels become one: their mean or, where they cancel each other out, the louder of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import soxr
from numpy.typing import NDArray

from genre_lib.errors import AudioError

# Of the loudest channel's power (20 dB): no music falls so far below its channels but for opposite polarity.
_CANCELLED = 0.01
# Of the loudest channel's power (3 dB): of channels about as loud the first is heard, so that none alternate.
_AS_LOUD = 0.5
# Power below which nothing is heard anyway (-90 dBFS).
_QUIET = 1e-9
# RMS; integers at 32 bits are 2e9, and the square of a spectrum must stay a number.
_BEYOND_ALL_MEASURE = 1e12

CHANNELS_AT_MOST = 64
"""Of a recording that can be heard."""

RATES = range(1_000, 768_001)
"""Samples a second that a recording can have [Hz]."""

NOT_NUMBERS = "holds samples that are not numbers (NaN, infinity) or beyond all measure"


def to_mono(samples: object, sample_rate: int, target_rate: int) -> NDArray[np.float32]:
    """Mean of the channels (the louder one where they cancel each other out), resampled by soxr HQ.

    Parameters
    ----------
    samples : array_like [shape=(n,) or (n, channels)]
        See `as_floats`.
    sample_rate, target_rate : int > 0 [Hz]

    Returns
    -------
    np.ndarray [shape=(m,), dtype=float32]

    Raises
    ------
    AudioError
        There is nothing in the array, or something that is not a number, or the rate is none; see `as_floats`.
    """
    planar = np.atleast_2d(as_floats(samples).T)
    check_rate(sample_rate)
    mixer = Mixer(sample_rate)
    mono = np.concatenate([*mixer.push(planar), *mixer.finish()])
    if not is_finite(mono):
        raise AudioError(f"The array {NOT_NUMBERS}: clean them first.")
    if sample_rate != target_rate:
        mono = soxr.resample(mono, sample_rate, target_rate, quality="HQ")
    return np.ascontiguousarray(mono, dtype=np.float32)


def as_floats(samples: object) -> NDArray[np.float32]:
    """Samples of any common type at full scale 1.0, in the shape that they have.

    Parameters
    ----------
    samples : array_like [shape=(n,) or (n, channels)]
        Floats, or integers of 8 to 32 bits, of which the largest is full scale.

    Raises
    ------
    AudioError
        They are no numbers, nobody can tell their scale, or the array has another shape.

    Examples
    --------
    >>> as_floats(np.array([0, 16384, -32768], np.int16))
    array([ 0. ,  0.5, -1. ], dtype=float32)
    """
    kind = type(samples).__name__
    try:
        samples = np.asarray(samples)
    except ValueError as error:
        raise AudioError(f"No array of samples can be made of {kind}: give (n,) or (n, channels).") from error
    if samples.dtype.kind not in "iuf":
        kind = f"an array of {samples.dtype}" if kind == "ndarray" else kind
        raise AudioError(f"Samples cannot be made of {kind}: give an array of numbers, or the path of one file.")
    if samples.ndim not in (1, 2) or samples.size == 0:
        raise AudioError(f"The samples have shape {samples.shape}: give a non-empty array (n,) or (n, channels).")
    if samples.ndim == 2 and samples.shape[0] <= CHANNELS_AT_MOST < samples.shape[1]:
        raise AudioError(
            f"The samples have shape {samples.shape}, which is (channels, n) by all appearance: transpose them "
            "(samples.T), (n, channels) is heard."
        )
    if samples.dtype.kind == "f":
        return samples.astype(np.float32, copy=False)
    if samples.dtype.itemsize > 4:
        # What numpy makes of Python's integers, at any scale: as integers of 64 bits all music would be silence.
        raise AudioError(
            f"Nobody can tell the full scale of samples of type {samples.dtype}: divide them by it (32768 of 16 bits), "
            "or give int16 or int32."
        )
    half = 2.0 ** (8 * samples.dtype.itemsize - 1)
    return np.asarray(samples / half - (1.0 if samples.dtype.kind == "u" else 0.0), np.float32)


def check_rate(rate: object) -> None:
    """AudioError where a rate is no number of samples a second that a recording can have."""
    if isinstance(rate, bool) or not isinstance(rate, int | float | np.number) or rate not in RATES:
        raise AudioError(f"The sample rate is {rate!r}: give a whole number from {RATES[0]:,} to {RATES[-1]:,} Hz.")


def is_finite(mono: NDArray[np.float32]) -> bool:
    """Whether samples are numbers of which a spectrum can be made; one product tells, at a tenth of looking at each."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.dot(mono, mono) <= _BEYOND_ALL_MEASURE**2 * max(1, len(mono)))


def silenced(mono: NDArray[np.float32]) -> tuple[NDArray[np.float32], int]:
    """The samples with zeros for those of which no spectrum can be made, and how many these are."""
    good = np.abs(mono) < _BEYOND_ALL_MEASURE
    return np.where(good, mono, np.float32(0)), int(len(mono) - np.count_nonzero(good))


class Mixer:
    """Mixes blocks of several channels; what is heard does not depend on where the blocks end.

    Channels are compared over windows of one second, counted from the first sample.

    Parameters
    ----------
    sample_rate : int > 0 [Hz]

    Attributes
    ----------
    cancelled_s : float [s]
        How much of what has passed was heard through one channel because the mean would have cancelled it out.
    """

    def __init__(self, sample_rate: int) -> None:
        self._window = sample_rate
        self._rest: NDArray[np.float32] | None = None
        self.cancelled_s = 0.0

    def push(self, planar: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """Take samples [shape=(channels, n)]; yield mono samples [shape=(m,)] of whole windows."""
        if len(planar) == 1:
            yield planar[0]
            return
        if self._rest is not None:
            planar = np.concatenate([self._rest, planar], axis=1)
        whole = planar.shape[1] // self._window * self._window
        self._rest = planar[:, whole:]
        if whole:
            yield self._mixed(planar[:, :whole])

    def finish(self) -> Iterator[NDArray[np.float32]]:
        """Yield what is left of the last window."""
        if self._rest is not None and self._rest.shape[1]:
            yield self._mixed(self._rest)
        self._rest = None

    def _mixed(self, planar: NDArray[np.float32]) -> NDArray[np.float32]:
        n_channels = len(planar)
        # As a product ten times as fast as a mean.
        with np.errstate(over="ignore", invalid="ignore"):
            mono = np.full(n_channels, 1 / n_channels, np.float32) @ planar
        for start in range(0, planar.shape[1], self._window):
            window = planar[:, start : start + self._window]
            heard = _louder_if_cancelled(window, mono[start : start + self._window])
            if heard is not None:
                mono[start : start + self._window] = window[heard]
                self.cancelled_s += window.shape[1] / self._window
        return mono


def _louder_if_cancelled(window: NDArray[np.float32], mean: NDArray[np.float32]) -> int | None:
    """The channel to hear instead of the mean, or None where the mean is right."""
    # In single precision first: that tells at once for nearly all music.
    n = window.shape[1]
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.array([np.dot(channel, channel) for channel in window]) / n
        offsets = window @ np.ones(n, np.float32) / n
        power = squares - offsets**2
        mixed = np.dot(mean, mean) / n - offsets.mean() ** 2
        loudest = float(squares.max())
    if not (loudest > _QUIET and mixed < 2 * _CANCELLED * power.max() + 1e-5 * loudest):
        return None
    power = window.var(axis=1, dtype=np.float64)
    if power.max() <= _QUIET or float(mean.var(dtype=np.float64)) >= _CANCELLED * power.max():
        return None
    return int(np.flatnonzero(power >= _AS_LOUD * power.max())[0])
