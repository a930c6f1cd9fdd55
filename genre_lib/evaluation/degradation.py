"""What happens to a recording on its way to a listener, in audio and, where only features exist, in log-mel.

Gain, low-pass, a microphone's response, white noise and mp3, each in two forms that stand for the same thing. The
log-mel forms are computed from the front end's own filter bank and agree with the audio forms in the mean to within a
decibel; `mp3_log_mel` is a statistical stand-in for the coder, for where there is no audio.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from genre_lib.audio.front_end import FrontEnd
from genre_lib.errors import ParameterError

Floats = NDArray[np.float32]
Response = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""From frequencies in Hz to amplitude, 1.0 = unchanged."""

_TAPS = 1023
_STOP_BAND = 10 ** (-80 / 20)
# libsndfile maps its compression level linearly onto these rates of MPEG-1 and, up to 24 kHz, MPEG-2 [kbit/s].
_MP3_RATES = {True: (160, 8), False: (320, 32)}
# LAME's delay and the decoder's; cut off by the decoder itself unless the frames are too small for LAME's tag.
_MP3_DELAY = 576 + 529
# kbit/s: cut-off [Hz], spread [dB] of the loudest band's level, and its growth per dB below it; as `mp3_audio` showed
# on music at 22,050 Hz mono.
_MP3_MARKS = {24: (5900, 0.9, 0.035), 32: (8400, 0.5, 0.04), 48: (9850, 0.3, 0.03), 64: (10050, 0.25, 0.025)}


def low_pass(cutoff_hz: float) -> Response:
    """Everything above `cutoff_hz` gone (80 dB down), as after resampling."""
    return lambda frequencies: np.where(frequencies <= cutoff_hz, 1.0, _STOP_BAND)


def microphone() -> Response:
    """A small microphone in a room: weak below 150 Hz, a peak of presence at 4 kHz, dull above 8 kHz.

    Points in (Hz, dB), interpolated over log frequency; a made-up but typical response of a phone or laptop.
    """
    points = ((20, -24), (60, -14), (100, -8), (150, -4), (300, 0), (2000, 1), (4000, 5), (6000, 3), (8000, 0))
    hz, db = np.array((*points, (11025, -6), (16000, -14)), dtype=float).T
    return lambda frequencies: 10 ** (np.interp(np.log(np.maximum(frequencies, 1)), np.log(hz), db) / 20)


def gain_audio(samples: Floats, gain_db: float) -> Floats:
    """Louder by `gain_db`; what leaves full scale is clipped, as in a file of 16 bits."""
    return np.clip(samples * np.float32(10 ** (gain_db / 20)), -1, 1)


def gain_log_mel(log_mel: Floats, gain_db: float, *, front_end: FrontEnd) -> Floats:
    """Louder by `gain_db`, down to the front end's floor; nothing clips."""
    return _floored(log_mel + np.float32(gain_db), front_end)


def filter_audio(samples: Floats, response: Response, *, sample_rate: int) -> Floats:
    """Through a linear-phase filter of that response, without delay."""
    hz = np.linspace(0, sample_rate / 2, 512)
    taps = signal.firwin2(_TAPS, hz, response(hz), fs=sample_rate)
    return np.asarray(signal.fftconvolve(samples, taps, mode="same"), np.float32)


def filter_log_mel(log_mel: Floats, response: Response, *, front_end: FrontEnd) -> Floats:
    """As `filter_audio`, taking the spectrum within a mel band as flat."""
    power = response(_bin_frequencies(front_end)) ** 2
    bank = front_end.filter_bank()
    gain = (bank @ power) / np.maximum(bank.sum(axis=1), 1e-12)
    return _floored(log_mel + 10 * np.log10(np.maximum(gain, 1e-12)), front_end)


def noise_audio(samples: Floats, snr_db: float, *, seed: int = 0) -> Floats:
    """White noise added, its power `snr_db` below the whole recording's mean power."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) * 10 ** (-snr_db / 10)
    noise = np.random.default_rng(seed).standard_normal(len(samples)) * np.sqrt(power)
    return np.asarray(samples + noise, np.float32)


def noise_log_mel(log_mel: Floats, snr_db: float, *, front_end: FrontEnd, seed: int = 0) -> Floats:
    """As `noise_audio`: the powers add, and the noise fluctuates from frame to frame as a periodogram does."""
    bank = front_end.filter_bank().astype(np.float64)
    mel = 10 ** (log_mel.astype(np.float64) / 10)
    # Weights that undo the bank, so that a weighted sum of mel bands is the power of the spectrum.
    spectrum_power = float((mel @ _undo_bank(front_end)).mean())
    mean = bank.sum(axis=1) * spectrum_power * 10 ** (-snr_db / 10) / bank.shape[1]
    shape = _degrees_of_freedom(front_end)
    noise = np.random.default_rng(seed).gamma(shape, 1 / shape, size=mel.shape) * mean
    return _floored(10 * np.log10(mel + noise + 1e-30), front_end)


def mp3_audio(samples: Floats, kbit_per_s: int, *, sample_rate: int) -> Floats:
    """Through a real mp3 encoder and decoder (libsndfile's LAME) at a constant bit rate.

    Raises
    ------
    ParameterError
        If mp3 has no such bit rate at this sample rate.
    """
    import soundfile

    best, worst = _MP3_RATES[sample_rate <= 24000]
    if not worst <= kbit_per_s <= best:
        raise ParameterError(f"mp3 at {sample_rate} Hz takes {worst} to {best} kbit/s, not {kbit_per_s}.")
    encoded = io.BytesIO()
    level = (best - kbit_per_s) / (best - worst)
    # The encoder ends the whole process at samples far beyond full scale.
    scale = np.float32(max(1.0, float(np.abs(samples).max(initial=0))))
    soundfile.write(
        encoded,
        samples / scale,
        sample_rate,
        format="MP3",
        subtype="MPEG_LAYER_III",
        compression_level=level,
        bitrate_mode="CONSTANT",
    )
    encoded.seek(0)
    decoded, _ = soundfile.read(encoded, dtype="float32")
    decoded *= scale
    if len(decoded) > len(samples):
        decoded = decoded[_MP3_DELAY:]
    return np.asarray(np.pad(decoded, (0, max(0, len(samples) - len(decoded))))[: len(samples)], np.float32)


def mp3_log_mel(log_mel: Floats, kbit_per_s: int, *, front_end: FrontEnd, seed: int = 0) -> Floats:
    """The two marks a low bit rate leaves: no treble, and noise that grows the quieter a band is.

    Parameters
    ----------
    kbit_per_s : 24, 32, 48 or 64
        Rates that were measured on music at 22,050 Hz mono, by `mp3_audio`.

    Raises
    ------
    ParameterError
        For another rate.
    """
    if kbit_per_s not in _MP3_MARKS:
        raise ParameterError(f"mp3 on log-mel is known at {sorted(_MP3_MARKS)} kbit/s, not at {kbit_per_s}.")
    cutoff_hz, sd_db, growth = _MP3_MARKS[kbit_per_s]
    depth = log_mel.max(axis=1, keepdims=True) - log_mel
    noise = np.random.default_rng(seed).standard_normal(log_mel.shape) * sd_db * np.exp(growth * np.minimum(depth, 80))
    return filter_log_mel((log_mel + noise).astype(np.float32), low_pass(cutoff_hz), front_end=front_end)


def _floored(log_mel: NDArray[Any], front_end: FrontEnd) -> Floats:
    return np.maximum(log_mel, 10 * np.log10(front_end.amin)).astype(np.float32)


def _bin_frequencies(front_end: FrontEnd) -> NDArray[np.float64]:
    return np.fft.rfftfreq(front_end.n_fft, 1 / front_end.sample_rate)


@lru_cache(maxsize=4)
def _undo_bank(front_end: FrontEnd) -> NDArray[np.float64]:
    bank = front_end.filter_bank().astype(np.float64)
    return np.asarray(np.linalg.lstsq(bank.T, np.ones(bank.shape[1]), rcond=None)[0])


@lru_cache(maxsize=4)
def _degrees_of_freedom(front_end: FrontEnd) -> NDArray[np.float64]:
    """Shape of the gamma distribution of a band's white noise; neighbouring bins under a Hann window are correlated."""
    bank = front_end.filter_bank().astype(np.float64)
    squares = (bank**2).sum(axis=1)
    for lag, correlation in ((1, (2 / 3) ** 2), (2, (1 / 6) ** 2)):
        squares += 2 * correlation * (bank[:, lag:] * bank[:, :-lag]).sum(axis=1)
    return np.asarray(np.maximum(bank.sum(axis=1), 1e-12) ** 2 / np.maximum(squares, 1e-24))
