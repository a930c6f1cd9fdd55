"""Pitched instruments: each function plays one note (or chord) of a given length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genre_lib.audio.synthesis.sound import (
    FLUTE,
    ORGAN,
    PIANO,
    REED,
    SAMPLE_RATE,
    SAW,
    SOFT,
    SQUARE,
    Sound,
    Spectrum,
    band_pass,
    decay,
    drive,
    glide,
    high_pass,
    hz,
    low_pass,
    n_samples,
    noise,
    oscillator,
    pluck,
    swell,
    vibrato,
)

VOWELS = {
    "a": (750, 1200, 2500),
    "e": (480, 1850, 2500),
    "i": (300, 2250, 3000),
    "o": (480, 880, 2400),
    "u": (330, 760, 2300),
}
"""First three formants [Hz] of sung vowels (rounded from G. Peterson and H. Barney, JASA 24(2), 1952)."""


def piano(midi: float, seconds: float, rng: np.random.Generator, *, bright: float = 0.6) -> Sound:
    """Struck string: bright at the hammer, darker as it dies."""
    f = hz(midi)
    tone = _darkening(f, seconds, PIANO, SOFT, bright, 0.08)
    knock = low_pass(noise(seconds, rng), 1500, 1) * decay(seconds, 0.008)
    return (tone * decay(seconds, 60 / f) + 0.15 * knock) * swell(seconds, attack=0.002, release=0.06)


def electric_piano(midi: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Tine piano: frequency modulation that fades (J. Chowning, JAES 21(7), 1973)."""
    f = hz(midi)
    t = np.arange(n_samples(seconds)) / SAMPLE_RATE
    index = 1.4 * decay(seconds, 0.25)
    tone = np.sin(2 * np.pi * f * t + index * np.sin(2 * np.pi * f * t)).astype(np.float32)
    tremolo = 1 + 0.15 * np.sin(2 * np.pi * 5 * t + rng.uniform(0, 6)).astype(np.float32)
    return tone * tremolo * decay(seconds, 0.7) * swell(seconds, attack=0.004, release=0.05)


def organ(midi: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Drawbar organ through a turning loudspeaker."""
    tone = oscillator(vibrato(hz(midi), seconds, rate=6.4, depth=0.003, delay=0), seconds, ORGAN, phase=rng.random())
    return tone * swell(seconds, attack=0.006, release=0.02)


def harpsichord(midi: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Plucked by a quill: thin and bright."""
    return high_pass(pluck(hz(midi), seconds, rng, ring=0.997, soft=0.05), 400, 1) * swell(seconds, attack=0.001)


def strings(midi: float, seconds: float, rng: np.random.Generator, *, attack: float = 0.12) -> Sound:
    """A bowed section: several players, none quite in tune."""
    tones = []
    for _ in range(4):
        f = hz(midi + rng.normal(0, 0.06))
        tones.append(oscillator(vibrato(f, seconds, rate=rng.uniform(5, 6.5)), seconds, SAW, phase=rng.random()))
    section = low_pass(np.sum(tones, axis=0) / 3, min(9000.0, 6 * hz(midi) + 1500))
    return section * swell(seconds, attack=attack, release=0.12)


def fiddle(midi: float, seconds: float, rng: np.random.Generator, *, slide: float = 0.0) -> Sound:
    """One bowed string, sliding in from `slide` semitones away."""
    f = vibrato(hz(midi), seconds, depth=0.008) * glide(2 ** (slide / 12), 1.0, seconds, over=0.09)
    scrape = band_pass(noise(seconds, rng), 2000, 6000) * 0.05
    tone = band_pass(oscillator(f, seconds, SAW), 250, 5200) + scrape
    return tone * swell(seconds, attack=0.03, release=0.05)


def steel_guitar(midi: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Pedal steel: a long note that slides up into place."""
    start = hz(midi - rng.choice([1, 2, 3]))
    f = glide(start, hz(midi), seconds, over=min(0.25, seconds / 2)) * vibrato(1.0, seconds, rate=5, delay=0.3)
    tone = oscillator(f, seconds, SOFT) + 0.25 * oscillator(f, seconds, SAW) * decay(seconds, 0.2)
    return tone * decay(seconds, 0.9) * swell(seconds, attack=0.02, release=0.08)


def horn(midi: float, seconds: float, rng: np.random.Generator, *, bite: float = 0.8) -> Sound:
    """Brass: the harder it is blown, the brighter."""
    f = vibrato(hz(midi), seconds, rate=5, depth=0.004, delay=0.25) * glide(0.985, 1.0, seconds, over=0.04)
    blow = swell(seconds, attack=0.035, release=0.06)
    dark, bright = oscillator(f, seconds, SOFT), oscillator(f, seconds, SAW)
    return blow * (dark * (1 - bite * blow) + bright * bite * blow)


def saxophone(midi: float, seconds: float, rng: np.random.Generator, *, scoop: float = 0.7) -> Sound:
    """Reed and breath, scooped into from below."""
    f = vibrato(hz(midi), seconds, depth=0.009, delay=0.2) * glide(2 ** (-scoop / 12), 1.0, seconds, over=0.06)
    breath = band_pass(noise(seconds, rng), 1500, 5000) * 0.06
    return (oscillator(f, seconds, REED) + breath) * swell(seconds, attack=0.02, release=0.04)


def harmonica(midi: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Free reed with a hand tremolo and a bend at the start."""
    f = glide(2 ** (-0.8 / 12), 1.0, seconds, over=0.1) * vibrato(hz(midi), seconds, rate=6, depth=0.004)
    t = np.arange(n_samples(seconds)) / SAMPLE_RATE
    hand = 1 + 0.25 * np.sin(2 * np.pi * 6 * t).astype(np.float32)
    return band_pass(oscillator(f, seconds, SQUARE), 500, 4200) * hand * swell(seconds, attack=0.03, release=0.05)


def flute(midi: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Flute: nearly a sine, with breath."""
    breath = band_pass(noise(seconds, rng), 1000, 4000) * 0.07
    return (oscillator(vibrato(hz(midi), seconds), seconds, FLUTE) + breath) * swell(seconds, attack=0.05, release=0.06)


def acoustic_guitar(midi: float, seconds: float, rng: np.random.Generator, *, mute: bool = False) -> Sound:
    """Steel strings on a wooden body."""
    tone = pluck(hz(midi), seconds, rng, ring=0.93 if mute else 0.996, soft=0.3)
    return (tone + 0.4 * band_pass(tone, 90, 260)) * swell(seconds, attack=0.001, release=0.03)


def electric_guitar(midis: Sequence[float], seconds: float, rng: np.random.Generator, *, gain: float) -> Sound:
    """Strings sounded together through one amplifier: below 2 clean, above 8 distorted."""
    mixed = np.sum([pluck(hz(m), seconds, rng, ring=0.998, soft=0.35) for m in midis], axis=0)
    return _amplifier(mixed, gain) * swell(seconds, attack=0.002, release=0.03)


def palm_mute(midis: Sequence[float], seconds: float, rng: np.random.Generator, *, gain: float) -> Sound:
    """A distorted chug, choked by the hand."""
    mixed = np.sum([pluck(hz(m), seconds, rng, ring=0.96, soft=0.45) for m in midis], axis=0)
    return _amplifier(mixed, gain) * decay(seconds, 0.07) * swell(seconds, attack=0.002, release=0.02)


def lead_guitar(midi: float, seconds: float, rng: np.random.Generator, *, gain: float, bend: float = 0.0) -> Sound:
    """A singing distorted string, bent up by `bend` semitones."""
    f = vibrato(hz(midi), seconds, depth=0.009) * glide(2 ** (-bend / 12), 1.0, seconds, over=0.12)
    return _amplifier(oscillator(f, seconds, SAW) * decay(seconds, 1.2), gain) * swell(seconds, attack=0.008)


def upright_bass(midi: float, seconds: float, rng: np.random.Generator) -> Sound:
    """Plucked double bass: a thud, then wood."""
    tone = low_pass(pluck(hz(midi), seconds, rng, ring=0.994, soft=0.8), 900)
    return (2.5 * tone + 0.5 * oscillator(hz(midi), seconds, SOFT) * decay(seconds, 0.25)) * swell(seconds)


def electric_bass(midi: float, seconds: float, rng: np.random.Generator, *, bright: float = 0.4) -> Sound:
    """Electric bass, fingered (dark) or picked (bright)."""
    tone = _darkening(hz(midi), seconds, SAW, SOFT, bright, 0.06)
    return tone * decay(seconds, 0.5) * swell(seconds, attack=0.004, release=0.03)


def sub_bass(midi: float, seconds: float, rng: np.random.Generator) -> Sound:
    """A saturated sine that falls a little."""
    f = glide(hz(midi) * 1.04, hz(midi), seconds, over=0.05)
    return drive(oscillator(f, seconds, (1.0, 0.1)), 1.6) * swell(seconds, attack=0.006, release=0.05)


def synth(
    midi: float, seconds: float, rng: np.random.Generator, *, wave: Spectrum = SAW, cutoff: float = 3000
) -> Sound:
    """Two detuned oscillators and a filter."""
    pair = [oscillator(hz(midi + d), seconds, wave, phase=rng.random()) for d in (-0.07, 0.07)]
    return low_pass(np.sum(pair, axis=0) / 2, cutoff) * swell(seconds, attack=0.008, release=0.06)


def voice(
    midi: float, seconds: float, rng: np.random.Generator, *, vowel: str = "a", rough: float = 0.0, slide: float = 0.0
) -> Sound:
    """A singer's vowel: a glottal buzz through three formants; `rough` adds growl."""
    f = vibrato(hz(midi), seconds, rate=5.6, depth=0.01) * glide(2 ** (slide / 12), 1.0, seconds, over=0.08)
    source = low_pass(oscillator(f, seconds, SAW), 3000, 1) + (0.02 + rough) * noise(seconds, rng)
    formants = [
        band_pass(source, centre * 0.92, centre * 1.08) * level
        for centre, level in zip(VOWELS[vowel], (1.0, 0.6, 0.3), strict=True)
    ]
    return 3 * np.sum(formants, axis=0, dtype=np.float32) * swell(seconds, attack=0.04, release=0.06)


def _darkening(f: float, seconds: float, bright: Spectrum, dark: Spectrum, amount: float, half_life: float) -> Sound:
    share = amount * decay(seconds, half_life)
    return oscillator(f, seconds, bright) * share + oscillator(f, seconds, dark) * (1 - share)


def _amplifier(sound: Sound, gain: float) -> Sound:
    """Pre-amplifier, distortion, and a loudspeaker that passes 90 Hz to 4.8 kHz."""
    peak = float(np.abs(sound).max()) or 1.0
    pushed = drive(high_pass(sound / peak, 120, 1), gain)
    return low_pass(high_pass(pushed, 90), 4800)
