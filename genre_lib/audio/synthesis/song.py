"""A song in the making: a clock with swing and human timing, a mixer, and a little harmony."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from genre_lib.audio.synthesis.sound import SAMPLE_RATE, Sound, high_pass, low_pass, n_samples, reverb

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)
BLUES = (0, 3, 5, 6, 7, 10)
PENTATONIC = (0, 2, 4, 7, 9)
PHRYGIAN = (0, 1, 3, 5, 7, 8, 10)

CHORDS = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "9": (0, 4, 10, 14),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "min9": (0, 3, 10, 14),
    "dim": (0, 3, 6, 9),
    "5": (0, 7, 12),
}
"""Semitones over the root."""

Chord = tuple[int, str]
"""Semitones of the root over the key, and the kind of chord."""

_ACCENT = {"X": 1.0, "x": 0.75, "o": 0.35}


@dataclass
class Song:
    """Collects notes on a line of beats.

    Attributes
    ----------
    tempo : float [beats a minute]
    seconds : float
        Length of the finished clip.
    rng : np.random.Generator
    key : int
        MIDI note of the tonic, in the octave of the bass.
    swing : float in [0, 0.34]
        How much later than half way the second of two eighths comes, as a share of the beat.
    loose : float [s]
        Standard deviation of human timing.
    """

    tempo: float
    seconds: float
    rng: np.random.Generator
    key: int
    swing: float = 0.0
    loose: float = 0.006
    _tracks: dict[str, Sound] = field(default_factory=dict)

    @property
    def beat_s(self) -> float:
        """Seconds a beat."""
        return 60 / self.tempo

    @property
    def n_bars(self) -> int:
        """Bars of four beats that have begun when the clip ends."""
        return int(np.ceil(self.seconds / (4 * self.beat_s)))

    def bars(self) -> Iterator[tuple[int, float]]:
        """Number and first beat of every bar."""
        for bar in range(self.n_bars):
            yield bar, 4.0 * bar

    def play(self, track: str, beat: float, sound: Sound, gain: float = 1.0) -> None:
        """Put a sound at a beat; what lies outside the clip is cut off."""
        within = beat % 1
        late = self.swing * (1 - abs(2 * within - 1))
        start = round((beat + late) * self.beat_s * SAMPLE_RATE + self.rng.normal(0, self.loose) * SAMPLE_RATE)
        line = self._tracks.setdefault(track, np.zeros(n_samples(self.seconds), np.float32))
        start = max(0, start)
        length = min(len(sound), len(line) - start)
        if length > 0:
            line[start : start + length] += np.float32(gain * self.rng.uniform(0.88, 1.0)) * sound[:length]

    def pattern(
        self, track: str, strokes: str, sound: Callable[[], Sound], gain: float = 1.0, step: float = 0.25
    ) -> None:
        """Repeat a line of strokes to the end: ``X`` loud, ``x`` normal, ``o`` soft, anything else a rest.

        One stroke every `step` beats.
        """
        for i in range(int(self.n_bars * 4 / step)):
            stroke = strokes[i % len(strokes)]
            if stroke in _ACCENT:
                self.play(track, i * step, sound(), gain * _ACCENT[stroke])

    def track(self, name: str) -> Sound:
        """What has been played on a track so far."""
        return self._tracks.setdefault(name, np.zeros(n_samples(self.seconds), np.float32))

    def process(self, name: str, effect: Callable[[Sound], Sound]) -> None:
        """Send a whole track through an effect."""
        self._tracks[name] = effect(self.track(name))

    def mix(self, gains: Mapping[str, float], *, room_s: float, room: float) -> Sound:
        """All tracks, each brought to its level [dB, relative to the others] and put into one room.

        Levels are set by what is heard, so that a loud instrument does not bury the others by its nature.
        """
        total = np.zeros(n_samples(self.seconds), np.float32)
        for name, line in self._tracks.items():
            loud = _loudness(line)
            if loud > 0:
                total += line * np.float32(10 ** (gains.get(name, 0.0) / 20) / loud)
        return reverb(total, room_s, room, self.rng)


def chord_notes(key: int, chord: Chord, *, low: int = 52) -> list[int]:
    """MIDI notes of a chord, voiced closely from `low` up."""
    root, kind = chord
    notes = [key + root + interval for interval in CHORDS[kind]]
    return sorted(low + (note - low) % 12 for note in notes)


def melody(
    rng: np.random.Generator, scale: tuple[int, ...], n: int, *, leap: float = 0.2, centre: int = 7, reach: int = 7
) -> list[int]:
    """Semitones of a line that mostly steps through a scale and is drawn back to its centre."""
    steps = len(scale)
    place = centre
    line = []
    for _ in range(n):
        move = int(rng.choice([-1, 1])) if rng.random() > leap else int(rng.integers(-3, 4))
        if abs(place + move - centre) > reach:
            move = -move
        place += move
        octave, degree = divmod(place, steps)
        line.append(12 * octave + scale[degree])
    return line


def recording(
    sound: Sound, rng: np.random.Generator, *, low: float = 40.0, high: float = 10500.0, press: float = 1.5
) -> Sound:
    """Master: the band's equipment limits what is heard; loudness is pressed together and set to a usual level."""
    shaped = low_pass(high_pass(sound, low), high) if high < 10000 else high_pass(sound, low)
    loud = float(np.sqrt(np.mean(shaped**2))) or 1.0
    pressed = np.tanh(shaped / loud * np.float32(0.25 * press)) / np.float32(0.25 * press)
    level = 10 ** (rng.uniform(-21, -15) / 20) / (float(np.sqrt(np.mean(pressed**2))) or 1.0)
    return np.clip(pressed * np.float32(level), -0.99, 0.99).astype(np.float32)


def _loudness(sound: Sound) -> float:
    """Root mean square where something sounds: rests must not make a sparse track loud."""
    frame = 1024
    power = np.mean(sound[: len(sound) // frame * frame].reshape(-1, frame) ** 2, axis=1)
    heard = power[power > 0.03 * power.max(initial=0.0)]
    return float(np.sqrt(heard.mean())) if len(heard) else 0.0
