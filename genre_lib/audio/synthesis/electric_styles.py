"""Five styles of amplifiers and studios: disco, hiphop, metal, pop, rock."""

from __future__ import annotations

import numpy as np

from genre_lib.audio.synthesis import drums
from genre_lib.audio.synthesis import instruments as play
from genre_lib.audio.synthesis.song import (
    MAJOR,
    MINOR,
    PENTATONIC,
    PHRYGIAN,
    Chord,
    Song,
    chord_notes,
    melody,
    recording,
)
from genre_lib.audio.synthesis.sound import SQUARE, Sound, drive, high_pass, low_pass, n_samples

Rng = np.random.Generator

_DISCO: list[list[Chord]] = [
    [(0, "min7"), (5, "9")],
    [(0, "min"), (8, "maj7"), (10, "maj"), (0, "min")],
    [(9, "min7"), (2, "min7"), (7, "9"), (0, "maj7")],
]
_POP: list[list[Chord]] = [
    [(0, "maj"), (7, "maj"), (9, "min"), (5, "maj")],
    [(9, "min"), (5, "maj"), (0, "maj"), (7, "maj")],
    [(0, "maj"), (9, "min"), (5, "maj"), (7, "maj")],
]
_LOOPS: list[list[Chord]] = [[(0, "min9"), (0, "min9")], [(0, "min7"), (5, "min9")], [(0, "maj7"), (10, "min7")]]
_ROCK: list[list[int]] = [[0, 10, 5, 0], [0, 5, 7, 5], [0, 0, 3, 5], [0, 7, 5, 5]]
_BREAKS = (
    ("X.x.......x..x..", "....X..o.o..X..o"),
    ("X..x..x...x.....", "....X.......X.o."),
    ("X.....x.x.x.....", "....X..o....X..o"),
)


def disco(band: Rng, rng: Rng, seconds: float) -> Sound:
    """Four on the floor, open hats between, octave bass, string lines, a scratching guitar and brass hits."""
    has_brass, singing = band.random() < 0.6, band.random() < 0.6
    song = Song(rng.uniform(114, 128), seconds, rng, int(rng.integers(33, 42)), loose=0.004)
    kick, snare, clap = drums.kick(band, pitch=55, length=0.25), drums.snare(band), drums.clap(band)
    closed, opened = drums.hat(band), drums.hat(band, open_s=0.16)
    song.pattern("kick", "X...", lambda: kick)
    song.pattern("drums", "....X...", lambda: snare + _fit(clap, len(snare)))
    song.pattern("hats", "..X.", lambda: opened)
    song.pattern("hats", "x..x", lambda: closed, 0.5)
    chords = _DISCO[int(rng.integers(len(_DISCO)))]
    for bar, beat in song.bars():
        chord = chords[bar % len(chords)]
        root = song.key + chord[0] - 12 * (chord[0] > 7)
        notes = chord_notes(song.key, chord, low=57)
        for i in range(8):
            note = root + 12 * (i % 2)
            song.play("bass", beat + i / 2, play.electric_bass(note, 0.45 * song.beat_s, rng, bright=0.6))
        for i, stroke in enumerate("x.xxx.x.x.xxx.xx"):
            if stroke == "x":
                scratch = high_pass(play.electric_guitar(notes, 0.07, rng, gain=1.5), 700)
                song.play("guitar", beat + i / 4, scratch, 0.5 if i % 4 == 2 else 1.0)
        for i, step in enumerate(melody(rng, MINOR if "min" in chord[1] else MAJOR, 4, centre=9)):
            song.play("strings", beat + i, play.strings(song.key + 36 + step, song.beat_s, rng, attack=0.05))
        if has_brass and bar % 2:
            for start in (2.5, 3.0, 3.5):
                for note in notes:
                    song.play("brass", beat + start, play.horn(note + 12, 0.13, rng, bite=1.0))
        if singing:
            _sing(song, beat, PENTATONIC, song.key + 24, "ae", density=0.6)
    gains = {"kick": 1, "drums": -3, "hats": -6, "bass": -1, "guitar": -8, "strings": -4, "brass": -4, "lead": -2}
    return recording(song.mix(gains, room_s=1.0, room=0.25), rng, low=40, high=10500, press=1.8)


def hiphop(band: Rng, rng: Rng, seconds: float) -> Sound:
    """A sampled breakbeat at ninety with a deep bass, a dusty loop of chords, and a voice that speaks in rhythm."""
    dusty, sampled = band.random() < 0.6, band.choice(["epiano", "strings", "guitar"])
    kick_line, snare_line = _BREAKS[int(band.integers(len(_BREAKS)))]
    speaker = band.uniform(42, 54)
    song = Song(rng.uniform(84, 99), seconds, rng, int(rng.integers(29, 38)), swing=0.04, loose=0.008)
    kick = drive(drums.kick(band, pitch=47, length=0.4), 2.0)
    snare, hat = drive(drums.snare(band, pitch=170), 1.8), drums.hat(band)
    song.pattern("kick", kick_line, lambda: kick)
    song.pattern("snare", snare_line, lambda: snare)
    song.pattern("hats", "x.x.x.x.x.x.x.xx", lambda: hat)
    chords = _LOOPS[int(rng.integers(len(_LOOPS)))]
    for bar, beat in song.bars():
        chord = chords[bar % len(chords)]
        for i, stroke in enumerate(kick_line):
            if stroke != "." and rng.random() < 0.8:
                song.play("bass", beat + i / 4, play.sub_bass(song.key + chord[0] % 12, 0.7 * song.beat_s, rng))
        for note in chord_notes(song.key, chord, low=55):
            if sampled == "strings":
                sound = play.strings(note, 3.6 * song.beat_s, rng)
            elif sampled == "guitar":
                sound = play.acoustic_guitar(note, 2.0 * song.beat_s, rng)
            else:
                sound = play.electric_piano(note, 3.0 * song.beat_s, rng)
            song.play("loop", beat, sound)
            song.play("loop", beat + 2.5, sound[: n_samples(0.4)], 0.6)
        _rap(song, beat, speaker)
    song.process("loop", lambda sound: low_pass(sound, 2200))
    if dusty:
        song.play("dust", 0, drums.crackle(seconds, rng))
    gains = {"kick": 2, "snare": 0, "hats": -9, "bass": 2, "loop": -6, "voice": 1, "dust": -24}
    return recording(song.mix(gains, room_s=0.35, room=0.12), rng, low=28, high=band.uniform(7000, 10500), press=2.0)


def _rap(song: Song, beat: float, speaker: float) -> None:
    """Syllables on sixteenths: consonant, vowel, falling pitch."""
    rng = song.rng
    for i in range(16):
        if rng.random() > (0.75 if i < 13 else 0.3):
            continue
        length = 0.24 * song.beat_s
        vowel = str(rng.choice(list(play.VOWELS)))
        syllable = play.voice(speaker + rng.normal(0, 1.5), length, rng, vowel=vowel, rough=0.05, slide=2.0)
        if rng.random() < 0.6:
            hiss = high_pass(rng.standard_normal(n_samples(0.03)).astype(np.float32), 3000) * 0.3
            syllable[: len(hiss)] += hiss[: len(syllable)]
        song.play("voice", beat + i / 4, syllable, 1.0 if i % 4 == 0 else 0.75)


def metal(band: Rng, rng: Rng, seconds: float) -> Sound:
    """Palm-muted riffs through a wall of distortion, double bass drums, and a growl or a screaming lead."""
    gain, growls = band.uniform(25, 60), band.random() < 0.6
    blast = band.random() < 0.35
    song = Song(rng.uniform(130, 195), seconds, rng, int(rng.integers(28, 33)), loose=0.003)
    kick = drums.kick(band, pitch=60, length=0.16, click=1.0)
    snare, crash, hat = drums.snare(band, pitch=210), drums.crash(band), drums.hat(band, open_s=0.1)
    song.pattern("kick", "xxxxxxxx" if not blast else "x.x.x.x.", lambda: kick)
    song.pattern("drums", ".x.x.x.x" if blast else "....X...", lambda: snare)
    song.pattern("cymbals", "x...", lambda: hat, 0.8)
    riff = melody(rng, PHRYGIAN, 4, centre=0, reach=4)
    chug = ["x.xxx.xxx.xxxx..", "xxx.xxx.xxx.xxxx", "x.x.xxxxx.x.xxxx"][int(rng.integers(3))]
    for bar, beat in song.bars():
        if bar % 4 == 0:
            song.play("cymbals", beat, crash, 1.5)
        for i, stroke in enumerate(chug):
            if stroke == "x":
                notes = [song.key + 12, song.key + 19]
                song.play("guitar", beat + i / 4, play.palm_mute(notes, 0.3 * song.beat_s, rng, gain=gain))
        root = song.key + 12 + riff[bar % 4] % 12
        for start in (0.0, 2.5) if bar % 2 else (0.0,):
            held = play.electric_guitar([root, root + 7, root + 12], 1.4 * song.beat_s, rng, gain=gain)
            song.play("guitar", beat + start, held)
        for i in range(8):
            low = play.electric_bass(song.key, 0.45 * song.beat_s, rng, bright=0.9)
            song.play("bass", beat + i / 2, drive(low, 4))
        if growls:
            for start in (0.0, 1.0, 2.0, 3.0):
                if rng.random() < 0.7:
                    growl = play.voice(
                        song.key + 7, 0.8 * song.beat_s, rng, vowel=str(rng.choice(["o", "a"])), rough=1.2
                    )
                    song.play("lead", beat + start, drive(growl, 3))
        else:
            for i, step in enumerate(melody(rng, MINOR, 8, centre=14)):
                solo = play.lead_guitar(song.key + 24 + step, 0.5 * song.beat_s, rng, gain=30)
                song.play("lead", beat + i / 2, solo)
    gains = {"kick": -3, "drums": -1, "cymbals": -5, "guitar": 2, "bass": -3, "lead": -3}
    return recording(song.mix(gains, room_s=0.5, room=0.12), rng, low=45, high=10500, press=3.5)


def pop(band: Rng, rng: Rng, seconds: float) -> Sound:
    """A clean studio: clap and kick, four chords on a synthesizer, broken chords above, and a sung hook."""
    key_sound = band.choice(["synth", "piano", "guitar"])
    low_voice = band.random() < 0.4
    song = Song(rng.uniform(96, 126), seconds, rng, int(rng.integers(36, 46)), loose=0.003)
    kick, clap = drums.kick(band, pitch=50, length=0.28), drums.clap(band)
    snare, hat, shake = drums.snare(band, wires=0.6), drums.hat(band), drums.shaker(band)
    song.pattern(
        "kick", ("X..x..x.X.......", "X.....x.X..x....", "X...x...X...x...")[int(band.integers(3))], lambda: kick
    )
    song.pattern("drums", "....X...", lambda: clap + 0.5 * _fit(snare, len(clap)))
    song.pattern("hats", "x.x.x.x.", lambda: hat)
    song.pattern("hats", "oxoo", lambda: shake, 0.7)
    chords = _POP[int(rng.integers(len(_POP)))]
    hook = melody(rng, PENTATONIC, 6, centre=6)
    for bar, beat in song.bars():
        chord = chords[bar % 4]
        root = song.key + chord[0] - 12 * (chord[0] > 6)
        notes = chord_notes(song.key, chord, low=57)
        for i in range(8):
            song.play("bass", beat + i / 2, play.synth(root, 0.45 * song.beat_s, rng, cutoff=700))
        for note in notes:
            song.play("pad", beat, play.synth(note, 4 * song.beat_s, rng, cutoff=2500), 0.5)
        for i in range(8):
            note = notes[(0, 1, 2, 1)[i % 4]] + 12
            if key_sound == "synth":
                sound = play.synth(note, 0.2, rng, wave=SQUARE, cutoff=5000)
            elif key_sound == "piano":
                sound = play.piano(note, 0.5 * song.beat_s, rng, bright=0.9)
            else:
                sound = play.acoustic_guitar(note, 0.6 * song.beat_s, rng)
            song.play("keys", beat + i / 2, sound)
        for i, step in enumerate(hook):
            start = (0.0, 0.5, 1.5, 2.0, 2.5, 3.0)[i]
            if rng.random() < 0.9:
                note = song.key + (12 if low_voice else 24) + step
                vowel = "aeiou"[(i + bar) % 5]
                sung = play.voice(note, 0.7 * song.beat_s, rng, vowel=vowel, slide=-0.5)
                song.play("lead", beat + start, sung)
                song.play("harmony", beat + start, play.voice(note + 4, 0.7 * song.beat_s, rng, vowel=vowel), 0.5)
    gains = {"kick": 0, "drums": -3, "hats": -10, "bass": -2, "pad": -8, "keys": -6, "lead": 2, "harmony": -6}
    return recording(song.mix(gains, room_s=1.3, room=0.25), rng, low=40, high=10500, press=2.2)


def rock(band: Rng, rng: Rng, seconds: float) -> Sound:
    """A band in a room: backbeat, driven power chords in eighths, picked bass, a shouting voice or a guitar solo."""
    gain, lead = band.uniform(5, 12), band.choice(["voice", "guitar"])
    on_ride = band.random() < 0.4
    song = Song(rng.uniform(106, 152), seconds, rng, int(rng.integers(33, 41)), loose=0.009)
    kick, snare = drums.kick(band, pitch=62, length=0.25), drums.snare(band, length=0.32)
    hat, ride, crash, tom = (
        drums.hat(band, open_s=0.05),
        drums.ride(band, length=0.5),
        drums.crash(band),
        drums.tom(band),
    )
    song.pattern(
        "drums", ("X.....x.X.x.....", "X..x....X.......", "X.x.....X.x.....")[int(band.integers(3))], lambda: kick
    )
    song.pattern("drums", "....X...", lambda: snare)
    song.pattern("cymbals", "X.x.", lambda: ride if on_ride else hat)
    roots = _ROCK[int(rng.integers(len(_ROCK)))]
    for bar, beat in song.bars():
        step = roots[bar % 4]
        root = song.key + step - 12 * (step > 7)
        if bar % 4 == 0:
            song.play("cymbals", beat, crash, 1.4)
        if bar % 4 == 3:
            for i in range(4):
                song.play("drums", beat + 3 + i / 4, tom, 0.7)
        for i in range(8):
            chord = [root + 12, root + 19, root + 24]
            length = (0.8 if i in (0, 3, 6) else 0.42) * song.beat_s
            strum = play.electric_guitar(chord, length, rng, gain=gain)
            song.play("guitar", beat + i / 2, strum, 1.0 if i in (0, 3, 6) else 0.6)
            bass = play.electric_bass(root, 0.48 * song.beat_s, rng, bright=0.8)
            song.play("bass", beat + i / 2, drive(bass, 1.8))
        if lead == "voice":
            _sing(song, beat, PENTATONIC, song.key + 24, "aeo", density=0.7, rough=0.25)
        else:
            for i, above in enumerate(melody(rng, PENTATONIC, 6, centre=7)):
                bend = float(rng.choice([0, 2]))
                solo = play.lead_guitar(song.key + 24 + above, 0.7 * song.beat_s, rng, gain=9, bend=bend)
                song.play("lead", beat + (0, 0.5, 1.5, 2, 3, 3.5)[i], solo)
    gains = {"drums": 0, "cymbals": -6, "guitar": 0, "bass": -3, "lead": -1}
    return recording(song.mix(gains, room_s=0.9, room=0.25), rng, low=50, high=band.uniform(7500, 10500), press=2.2)


def _sing(
    song: Song, beat: float, scale: tuple[int, ...], tonic: int, vowels: str, *, density: float, rough: float = 0.0
) -> None:
    rng = song.rng
    for i, step in enumerate(melody(rng, scale, 6, centre=5)):
        if rng.random() < density:
            start = (0.0, 0.5, 1.0, 2.0, 2.5, 3.0)[i]
            vowel = str(rng.choice(list(vowels)))
            sound = play.voice(tonic + step, 0.8 * song.beat_s, rng, vowel=vowel, rough=rough, slide=-1)
            song.play("lead", beat + start, sound)


def _fit(sound: Sound, length: int) -> Sound:
    return np.pad(sound, (0, max(0, length - len(sound))))[:length]
