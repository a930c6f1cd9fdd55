"""Sounds that are no music, made by numpy: a network that never met one names a genre for every noise.

Training shows them with equal belief in all genres, so that a room, a crowd or a voice ends as `unsure`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from genre_lib.audio.front_end import FrontEnd

Samples = NDArray[np.float32]

# First three formants of five vowels [Hz], rounded from Peterson and Barney (1952).
_VOWELS = ((270, 2290, 3010), (530, 1840, 2480), (730, 1090, 2440), (570, 840, 2410), (300, 870, 2240))


def non_music(n: int, front_end: FrontEnd, *, duration_s: float = 12.0, seed: int = 0) -> list[NDArray[np.float32]]:
    """Log-mels of `n` sounds: noise of many colours, steady tones, sweeps, clapping, clicks and voices, in turn.

    Parameters
    ----------
    n : int >= 0
    front_end : FrontEnd
    duration_s : float > 0 [s]
    seed : int

    Returns
    -------
    list of np.ndarray [shape=(n_frames, n_mels), dB]
    """
    kinds: tuple[Callable[..., Samples], ...] = (noise, voice, tones, clapping, voice, hum)
    rng = np.random.default_rng(seed)
    length = round(duration_s * front_end.sample_rate)
    made = []
    for number in range(n):
        samples = kinds[number % len(kinds)](length, front_end.sample_rate, rng)
        level = 10 ** (rng.uniform(-40, 0) / 20)
        made.append(front_end.log_mel((samples / (np.abs(samples).max() + 1e-9) * level).astype(np.float32)))
    return made


def soft_labels(labels: NDArray[np.int64], n_sounds: int, n_genres: int) -> NDArray[np.float64]:
    """Certain soft_labels in `labels`, then equal ones for `n_sounds` sounds [shape=(n + n_sounds, n_genres)]."""
    return np.concatenate([np.eye(n_genres)[labels], np.full((n_sounds, n_genres), 1.0 / n_genres)])


def noise(length: int, sample_rate: int, rng: np.random.Generator) -> Samples:
    """Noise whose spectrum falls by 0 to 9 dB an octave, sometimes only a band of it, swelling slowly."""
    spectrum = np.fft.rfft(rng.normal(size=length))
    hz = np.fft.rfftfreq(length, 1 / sample_rate)
    spectrum *= np.maximum(hz, 20.0) ** -rng.uniform(0.0, 1.5)
    if rng.random() < 0.4:
        low = rng.uniform(50, 2000)
        spectrum[(hz < low) | (hz > low * rng.uniform(2, 12))] *= 0.01
    swell = 1.0 + rng.uniform(0, 0.9) * np.sin(2 * np.pi * rng.uniform(0.05, 1.0) * np.arange(length) / sample_rate)
    return (np.fft.irfft(spectrum, length) * swell).astype(np.float32)


def tones(length: int, sample_rate: int, rng: np.random.Generator) -> Samples:
    """One to three steady or sweeping sines over a little noise."""
    time = np.arange(length) / sample_rate
    sound = 10 ** rng.uniform(-5, -2) * rng.normal(size=length)
    for _ in range(rng.integers(1, 4)):
        hz = np.exp(rng.uniform(np.log(60), np.log(8000)))
        sweep = rng.choice([0.0, rng.uniform(-0.15, 0.15)])
        phase = hz * (np.expm1(sweep * time) / sweep if sweep else time)
        sound = sound + rng.uniform(0.2, 1.0) * np.sin(2 * np.pi * phase)
    return sound.astype(np.float32)


def clapping(length: int, sample_rate: int, rng: np.random.Generator) -> Samples:
    """From a few hands to a hall: short bursts of noise at random moments, and the murmur behind them."""
    n_claps = int(np.exp(rng.uniform(np.log(3), np.log(300))) * length / sample_rate)
    sound = np.zeros(length)
    sound[rng.integers(0, length, n_claps)] = rng.lognormal(0, 0.7, n_claps) * rng.choice([-1, 1], n_claps)
    decay = np.arange(int(0.03 * sample_rate)) / sample_rate
    burst = rng.normal(size=len(decay)) * np.exp(-decay / rng.uniform(0.002, 0.01))
    low = rng.uniform(400, 900)
    bands = signal.butter(2, [low, low * rng.uniform(3, 8)], "bandpass", fs=sample_rate, output="sos")
    clap = signal.sosfilt(bands, signal.fftconvolve(sound, burst)[:length])
    murmur = noise(length, sample_rate, rng)
    return (clap / (clap.std() + 1e-9) + rng.uniform(0, 0.3) * murmur / murmur.std()).astype(np.float32)


def voice(length: int, sample_rate: int, rng: np.random.Generator) -> Samples:
    """Something like speech: a gliding voice through changing vowels, hisses and pauses; of one to five people."""
    people = [_one_voice(length, sample_rate, rng) for _ in range(rng.choice([1, 1, 1, 2, 5]))]
    return (np.sum(people, axis=0) + 10 ** rng.uniform(-4, -2) * rng.normal(size=length)).astype(np.float32)


def hum(length: int, sample_rate: int, rng: np.random.Generator) -> Samples:
    """Mains, fans and engines: harmonics of a low tone in noise."""
    time = np.arange(length) / sample_rate
    hz = rng.uniform(30, 150) * (1 + 0.02 * np.sin(2 * np.pi * rng.uniform(0.02, 0.3) * time))
    phase = 2 * np.pi * np.cumsum(hz) / sample_rate
    harmonics = sum(rng.uniform(0, 1) / k * np.sin(k * phase) for k in range(1, 20))
    background = noise(length, sample_rate, rng)
    return (harmonics + rng.uniform(0.1, 2.0) * background / background.std()).astype(np.float32)


def _one_voice(length: int, sample_rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    pitch, tract = rng.uniform(80, 260), rng.uniform(0.9, 1.2)
    sound, at = np.zeros(length), 0
    while at < length:
        n = int(rng.uniform(0.06, 0.28) * sample_rate)
        chance = rng.random()
        if chance < 0.65:
            syllable = _vowel(n, sample_rate, pitch * rng.uniform(0.75, 1.3), tract, rng)
        elif chance < 0.85:
            hiss = signal.butter(2, rng.uniform(2000, 5000), "highpass", fs=sample_rate, output="sos")
            syllable = 0.15 * signal.sosfilt(hiss, rng.normal(size=n)) * np.hanning(n)
        else:
            syllable = np.zeros(n * rng.integers(1, 4))
        kept = min(len(syllable), length - at)
        sound[at : at + kept] += syllable[:kept]
        at += len(syllable)
    return sound


def _vowel(n: int, sample_rate: int, pitch: float, tract: float, rng: np.random.Generator) -> NDArray[np.float64]:
    glide = pitch * np.linspace(1.0, rng.uniform(0.8, 1.2), n)
    pulses = (np.diff(np.floor(np.cumsum(glide) / sample_rate), prepend=0.0) > 0).astype(float)
    sound = pulses + 0.02 * rng.normal(size=n)
    for formant, width in zip(_VOWELS[rng.integers(len(_VOWELS))], (80, 120, 180), strict=True):
        radius = np.exp(-np.pi * width / sample_rate)
        angle = 2 * np.pi * formant * tract / sample_rate
        sound = signal.lfilter([1 - radius], [1, -2 * radius * np.cos(angle), radius**2], sound)
    return np.asarray(sound / (np.abs(sound).max() + 1e-9) * np.hanning(n) ** 0.5)
