"""Building blocks of sound: band-limited oscillators, plucked strings, envelopes, filters and a room.

Everything is mono float32 at `SAMPLE_RATE`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, lfilter, sosfilt

SAMPLE_RATE = 22050

Sound = NDArray[np.float32]
Spectrum = tuple[float, ...]

_TABLE = 2048

SAW: Spectrum = tuple(1 / k for k in range(1, 65))
SQUARE: Spectrum = tuple((k % 2) / k for k in range(1, 65))
SOFT: Spectrum = tuple(1 / k**2 for k in range(1, 33))
ORGAN: Spectrum = (1.0, 0.8, 0.5, 0.45, 0.0, 0.25, 0.0, 0.3)
REED: Spectrum = (1.0, 0.55, 0.75, 0.4, 0.35, 0.2, 0.18, 0.12, 0.08, 0.06, 0.04)
FLUTE: Spectrum = (1.0, 0.25, 0.08, 0.02)
PIANO: Spectrum = tuple(0.75**k for k in range(24))


def hz(midi: float) -> float:
    """Frequency [Hz] of a MIDI note number (69 is 440 Hz)."""
    return float(440.0 * 2 ** ((midi - 69) / 12))


def n_samples(seconds: float) -> int:
    """Samples in a span of time, at least one."""
    return max(1, round(seconds * SAMPLE_RATE))


def oscillator(frequency: float | Sound, seconds: float, spectrum: Spectrum, *, phase: float = 0.0) -> Sound:
    """A periodic tone without aliasing: one cycle is summed from its harmonics, then read at the wanted speed.

    Parameters
    ----------
    frequency : float or np.ndarray [shape=(n,)] [Hz]
    seconds : float
    spectrum : tuple of float
        Amplitude of each harmonic, the fundamental first; those above the band are left out.
    phase : float in [0, 1)
    """
    n = n_samples(seconds)
    highest = float(np.max(frequency))
    table = _one_cycle(spectrum, max(1, int(0.45 * SAMPLE_RATE / highest)))
    cycles = phase + np.cumsum(np.broadcast_to(np.float64(1) * frequency, n)) / SAMPLE_RATE
    position = (cycles % 1.0) * _TABLE
    index = position.astype(np.int64)
    fraction = (position - index).astype(np.float32)
    return table[index] * (1 - fraction) + table[index + 1] * fraction


@lru_cache(maxsize=512)
def _one_cycle(spectrum: Spectrum, n_harmonics: int) -> Sound:
    bins = np.zeros(_TABLE // 2 + 1, complex)
    used = np.array(spectrum[:n_harmonics])
    bins[1 : len(used) + 1] = -0.5j * _TABLE * used
    cycle = np.fft.irfft(bins)
    cycle /= np.abs(cycle).max()
    return np.append(cycle, cycle[0]).astype(np.float32)


def vibrato(frequency: float, seconds: float, *, rate: float = 5.5, depth: float = 0.006, delay: float = 0.15) -> Sound:
    """A frequency that sways by `depth` (a fraction) after `delay` seconds."""
    t = np.arange(n_samples(seconds)) / SAMPLE_RATE
    sway = np.clip((t - delay) / 0.2, 0, 1) * depth
    return (frequency * (1 + sway * np.sin(2 * np.pi * rate * t))).astype(np.float32)


def glide(start: float, end: float, seconds: float, *, over: float) -> Sound:
    """A frequency that slides from `start` to `end` in the first `over` seconds."""
    t = np.arange(n_samples(seconds)) / SAMPLE_RATE
    return (start * (end / start) ** np.clip(t / over, 0, 1)).astype(np.float32)


def pluck(
    frequency: float, seconds: float, rng: np.random.Generator, *, ring: float = 0.996, soft: float = 0.5
) -> Sound:
    """A plucked string: noise circulating in a damped delay line.

    Source: K. Karplus and A. Strong, "Digital synthesis of plucked-string and drum timbres", Computer Music Journal
    7(2), 1983, with the fractional delay of D. Jaffe and J. Smith in the same issue.

    Parameters
    ----------
    frequency : float [Hz]
    seconds : float
    rng : np.random.Generator
    ring : float below 1
        Share of the energy kept each time around.
    soft : float in [0, 1)
        How dull the pick is.
    """
    delay = SAMPLE_RATE / frequency - 0.5
    whole = int(delay)
    part = delay - whole
    feedback = ring * np.convolve([0.5, 0.5], [1 - part, part])
    burst = np.zeros(n_samples(seconds))
    length = min(whole + 1, len(burst))
    burst[:length] = rng.uniform(-1, 1, length)
    burst = lfilter([1 - soft], [1, -soft], burst)
    return lfilter([1.0], np.concatenate([[1.0], np.zeros(whole - 1), -feedback]), burst).astype(np.float32)


def noise(seconds: float, rng: np.random.Generator) -> Sound:
    """White noise of unit variance."""
    return rng.standard_normal(n_samples(seconds), np.float32)


def decay(seconds: float, half_life: float) -> Sound:
    """An exponential fall from 1, halved every `half_life` seconds."""
    return (0.5 ** (np.arange(n_samples(seconds)) / SAMPLE_RATE / half_life)).astype(np.float32)


def swell(seconds: float, *, attack: float = 0.01, release: float = 0.05) -> Sound:
    """A rise from 0 to 1, a plateau, and a fall to 0."""
    t = np.arange(n_samples(seconds)) / SAMPLE_RATE
    return np.clip(np.minimum(t / attack, (seconds - t) / release), 0, 1).astype(np.float32)


def low_pass(sound: Sound, cutoff: float, order: int = 2) -> Sound:
    """Butterworth filter that keeps what is below `cutoff` Hz."""
    return _filtered(sound, "lowpass", (cutoff,), order)


def high_pass(sound: Sound, cutoff: float, order: int = 2) -> Sound:
    """Butterworth filter that keeps what is above `cutoff` Hz."""
    return _filtered(sound, "highpass", (cutoff,), order)


def band_pass(sound: Sound, low: float, high: float, order: int = 1) -> Sound:
    """Butterworth filter that keeps `low` to `high` Hz."""
    return _filtered(sound, "bandpass", (low, high), order)


def drive(sound: Sound, gain: float) -> Sound:
    """A valve amplifier pushed by `gain`: louder, then flattened."""
    return np.tanh(sound * np.float32(gain))


def reverb(sound: Sound, seconds: float, amount: float, rng: np.random.Generator) -> Sound:
    """A room that rings for `seconds`: the sound plus `amount` of itself smeared by dying noise."""
    tail = noise(seconds, rng) * decay(seconds, seconds / 10)
    tail = high_pass(low_pass(tail, 5000, 1), 150, 1)
    tail /= np.sqrt(np.sum(tail**2))
    return sound + np.float32(amount) * fftconvolve(sound, tail)[: len(sound)].astype(np.float32)


def echo(sound: Sound, seconds: float, feedback: float) -> Sound:
    """Repeats every `seconds`, each `feedback` as loud and duller."""
    out, repeat, step = sound.copy(), sound, n_samples(seconds)
    for _ in range(4):
        repeat = low_pass(np.concatenate([np.zeros(step, np.float32), repeat])[: len(sound)], 2500, 1) * feedback
        out += repeat
    return out


def _filtered(sound: Sound, kind: str, cutoffs: tuple[float, ...], order: int) -> Sound:
    return sosfilt(_sections(kind, cutoffs, order), sound).astype(np.float32)


@lru_cache(maxsize=256)
def _sections(kind: str, cutoffs: tuple[float, ...], order: int) -> NDArray[np.float64]:
    limited = [min(cutoff, 0.49 * SAMPLE_RATE) for cutoff in cutoffs]
    return np.asarray(butter(order, limited if len(limited) > 1 else limited[0], kind, fs=SAMPLE_RATE, output="sos"))
