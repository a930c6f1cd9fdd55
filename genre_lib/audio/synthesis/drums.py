"""A drum kit: each function strikes one piece once."""

from __future__ import annotations

import numpy as np

from genre_lib.audio.synthesis.sound import (
    SAMPLE_RATE,
    Sound,
    band_pass,
    decay,
    high_pass,
    low_pass,
    n_samples,
    noise,
)


def kick(rng: np.random.Generator, *, pitch: float = 50.0, length: float = 0.35, click: float = 0.3) -> Sound:
    """Bass drum: a tone that falls to `pitch` Hz, and the beater's click."""
    t = np.arange(n_samples(length)) / SAMPLE_RATE
    cycles = pitch * t + pitch * 2.2 * 0.03 * (1 - np.exp(-t / 0.03))
    body = np.sin(2 * np.pi * cycles).astype(np.float32) * decay(length, length / 5)
    return body + click * high_pass(noise(length, rng), 2000) * decay(length, 0.004)


def snare(rng: np.random.Generator, *, pitch: float = 190.0, length: float = 0.25, wires: float = 0.8) -> Sound:
    """Snare drum: two modes of the skin under the rattle of its wires."""
    t = np.arange(n_samples(length)) / SAMPLE_RATE
    skin = (np.sin(2 * np.pi * pitch * t) + 0.6 * np.sin(2 * np.pi * 1.72 * pitch * t)).astype(np.float32)
    rattle = high_pass(noise(length, rng), 1200) * decay(length, length / 5)
    return 0.6 * skin * decay(length, 0.025) + wires * 0.5 * rattle


def rim(rng: np.random.Generator) -> Sound:
    """Side stick: a short knock of wood."""
    return 2.5 * band_pass(noise(0.08, rng), 900, 1900, 2) * decay(0.08, 0.008)


def hat(rng: np.random.Generator, *, open_s: float = 0.0) -> Sound:
    """Hi-hat, closed or open for `open_s` seconds."""
    length = 0.06 + open_s
    return 0.6 * high_pass(noise(length, rng), 6500, 4) * decay(length, length / 6)


def ride(rng: np.random.Generator, *, length: float = 0.8) -> Sound:
    """Ride cymbal: a ping over a long wash."""
    t = np.arange(n_samples(length)) / SAMPLE_RATE
    ping = sum(np.sin(2 * np.pi * f * t + p) for f, p in zip(_CYMBAL_MODES, rng.uniform(0, 6, 6), strict=True))
    wash = high_pass(noise(length, rng), 5000, 2) * decay(length, length / 6)
    return 0.35 * wash + np.float32(0.06) * np.asarray(ping, np.float32) * decay(length, 0.09)


def crash(rng: np.random.Generator, *, length: float = 1.6) -> Sound:
    """Crash cymbal."""
    return 0.6 * high_pass(noise(length, rng), 3500, 2) * decay(length, length / 6)


def clap(rng: np.random.Generator) -> Sound:
    """Several hands, not quite together."""
    out = np.zeros(n_samples(0.25), np.float32)
    for start in (0.0, 0.011, 0.022):
        burst = band_pass(noise(0.2, rng), 800, 3500, 2) * decay(0.2, 0.006 if start < 0.02 else 0.035)
        first = n_samples(start)
        out[first : first + len(burst)] += burst
    return 1.2 * out


def tom(rng: np.random.Generator, *, pitch: float = 110.0) -> Sound:
    """Tom-tom."""
    return kick(rng, pitch=pitch, length=0.4, click=0.1)


def brush(rng: np.random.Generator, *, length: float = 0.18) -> Sound:
    """A wire brush swept over the snare."""
    grow = np.minimum(1, np.arange(n_samples(length)) / n_samples(length / 3)).astype(np.float32)
    return 0.5 * band_pass(noise(length, rng), 2500, 7500) * grow * decay(length, length / 4)


def shaker(rng: np.random.Generator) -> Sound:
    """Shaker or tambourine."""
    return 0.5 * high_pass(noise(0.09, rng), 7000, 2) * decay(0.09, 0.018)


def crackle(seconds: float, rng: np.random.Generator) -> Sound:
    """The dust of an old record."""
    clicks = np.zeros(n_samples(seconds), np.float32)
    hits = rng.integers(0, len(clicks), int(seconds * 18))
    clicks[hits] = rng.standard_normal(len(hits)) * rng.exponential(0.3, len(hits))
    return low_pass(clicks, 6000, 1) + 0.004 * noise(seconds, rng)


# Inharmonic, as those of a metal plate.
_CYMBAL_MODES = (3120.0, 3977.0, 4533.0, 5411.0, 6210.0, 7340.0)
