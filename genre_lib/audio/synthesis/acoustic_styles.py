"""Five styles played on acoustic instruments or by a small band: blues, classical, country, jazz, reggae."""

from __future__ import annotations

from functools import partial

import numpy as np

from genre_lib.audio.synthesis import drums
from genre_lib.audio.synthesis import instruments as play
from genre_lib.audio.synthesis.song import BLUES, MAJOR, MINOR, PENTATONIC, Chord, Song, chord_notes, melody, recording
from genre_lib.audio.synthesis.sound import SAMPLE_RATE, Sound, echo, low_pass

Rng = np.random.Generator

_TWELVE_BARS: list[Chord] = [(r, "7") for r in (0, 5, 0, 0, 5, 5, 0, 0, 7, 5, 0, 7)]
_CADENCES: list[list[Chord]] = [
    [(0, "maj"), (5, "maj"), (7, "7"), (0, "maj")],
    [(0, "maj"), (9, "min"), (2, "min"), (7, "7")],
    [(0, "maj"), (7, "maj"), (9, "min"), (5, "maj")],
]
_MINOR_CADENCES: list[list[Chord]] = [
    [(0, "min"), (5, "min"), (7, "7"), (0, "min")],
    [(0, "min"), (8, "maj"), (3, "maj"), (7, "7")],
]
_COUNTRY: list[list[Chord]] = [
    [(0, "maj"), (0, "maj"), (5, "maj"), (0, "maj"), (0, "maj"), (7, "maj")],
    [(0, "maj"), (5, "maj"), (7, "maj"), (0, "maj")],
    [(0, "maj"), (9, "min"), (5, "maj"), (7, "maj")],
]
_TURNAROUNDS: list[list[Chord]] = [
    [(2, "min9"), (7, "9"), (0, "maj7"), (0, "maj7")],
    [(2, "min7"), (7, "9"), (0, "maj7"), (9, "7")],
    [(4, "min7"), (9, "7"), (2, "min9"), (7, "9")],
]
_REGGAE: list[list[Chord]] = [
    [(0, "min"), (5, "min")],
    [(0, "maj"), (5, "maj"), (7, "maj"), (5, "maj")],
    [(0, "min"), (10, "maj")],
    [(0, "maj"), (9, "min")],
]


def blues(band: Rng, rng: Rng, seconds: float) -> Sound:
    """A shuffle over twelve bars: boogie guitar, walking bass, and a wailing lead that answers itself."""
    lead = band.choice(["guitar", "harmonica", "voice"])
    has_piano, old = band.random() < 0.5, band.uniform(4200, 8500)
    song = Song(rng.uniform(72, 112), seconds, rng, int(rng.integers(33, 42)), swing=0.16)
    kick, snare, hat = drums.kick(band, pitch=58), drums.snare(band, wires=0.5), drums.hat(band)
    song.pattern("drums", "x..xx..x", lambda: kick, 0.8, step=0.5)
    song.pattern("drums", "..x...x.", lambda: snare, step=0.5)
    song.pattern("drums", "xoxoxoxo", lambda: hat, 0.5, step=0.5)
    first = int(rng.choice([0, 4, 8]))
    for bar, beat in song.bars():
        root = song.key + _TWELVE_BARS[(first + bar) % 12][0]
        for i, step in enumerate((0, 4, 7, 9)):
            song.play("bass", beat + i, play.upright_bass(root + step - 5 * (root > 40), song.beat_s, rng))
        for i in range(8):
            sixth = 9 if i % 4 in (2, 3) else 7
            notes = [root + 12, root + 12 + sixth]
            song.play("comp", beat + i / 2, play.electric_guitar(notes, 0.45 * song.beat_s, rng, gain=2.5))
        if has_piano:
            for note in chord_notes(song.key, _TWELVE_BARS[(first + bar) % 12], low=60):
                song.play("piano", beat + 1.5, play.piano(note, 0.4, rng), 0.6)
        _blues_lick(song, lead, beat, bar)
    mixed = song.mix({"drums": -2, "bass": -2, "comp": -4, "piano": -7, "lead": 1}, room_s=0.8, room=0.25)
    return recording(mixed, rng, low=60, high=old, press=2.0)


def _blues_lick(song: Song, lead: str, beat: float, bar: int) -> None:
    rng = song.rng
    # Call in one half of each two bars, answer in the other.
    count = 5 if bar % 2 == 0 else 3
    line = melody(rng, BLUES, count, centre=8)
    starts = np.sort(rng.choice(np.arange(8), count, replace=False)) / 2
    for start, step in zip(starts, line, strict=True):
        length = song.beat_s * float(rng.choice([0.5, 0.9, 1.6]))
        note = song.key + 24 + step
        if lead == "harmonica":
            sound = play.harmonica(note, length, rng)
        elif lead == "voice":
            sound = play.voice(note - 12, length, rng, vowel=str(rng.choice(["a", "e", "o"])), rough=0.12, slide=-1)
        else:
            sound = play.lead_guitar(note, length, rng, gain=4, bend=float(rng.choice([0, 1, 2])))
        song.play("lead", beat + start, sound)


def classical(band: Rng, rng: Rng, seconds: float) -> Sound:
    """No drums: a piano, a quartet, a harpsichord or an orchestra in a hall, with broken chords and a melody."""
    ensemble = band.choice(["piano", "strings", "harpsichord", "orchestra"])
    hall = band.uniform(1.6, 3.2)
    minor = rng.random() < 0.4
    cadences = _MINOR_CADENCES if minor else _CADENCES
    chords = cadences[int(rng.integers(len(cadences)))]
    song = Song(rng.uniform(58, 120), seconds, rng, int(rng.integers(36, 48)), loose=0.018)
    scale = MINOR if minor else MAJOR
    for bar, beat in song.bars():
        chord = chords[bar % len(chords)]
        notes = chord_notes(song.key, chord, low=52)
        bar_s = 4 * song.beat_s
        if ensemble in ("piano", "harpsichord"):
            tone = play.piano if ensemble == "piano" else play.harpsichord
            for i in range(16):
                note = notes[(0, 2, 1, 2)[i % 4] % len(notes)]
                song.play("chords", beat + i / 4, tone(note, 2 * song.beat_s, rng), 0.5)
            song.play("bass", beat, tone(song.key + chord[0], bar_s, rng), 0.8)
        else:
            for note in notes:
                song.play("chords", beat, play.strings(note, bar_s, rng, attack=0.25), 0.5)
            song.play("bass", beat, play.strings(song.key + chord[0], bar_s, rng), 0.9)
        _classical_tune(song, str(ensemble), scale, beat)
    for name in ("chords", "bass", "melody"):
        song.process(name, partial(_phrase, song.beat_s * 8))
    mixed = song.mix({"chords": -5, "bass": -5, "melody": 0}, room_s=hall, room=0.6)
    return recording(mixed, rng, low=35, high=10500, press=0.6)


def _classical_tune(song: Song, ensemble: str, scale: tuple[int, ...], beat: float) -> None:
    rng = song.rng
    lengths = rng.permutation([1.0, 0.5, 0.5, 1.0, 0.5, 0.5])
    line = melody(rng, scale, len(lengths), leap=0.15, centre=9)
    at = beat
    for length, step in zip(lengths, line, strict=True):
        note, span = song.key + 24 + step, 1.15 * length * song.beat_s
        if ensemble == "piano":
            sound = play.piano(note, span + 0.4, rng, bright=0.8)
        elif ensemble == "harpsichord":
            sound = play.harpsichord(note, span + 0.3, rng)
        elif ensemble == "strings":
            sound = play.strings(note, span, rng, attack=0.06)
        else:
            sound = play.flute(note, span, rng) + 0.5 * play.horn(note - 12, span, rng, bite=0.2)
        song.play("melody", at, sound)
        at += length


def _phrase(span_s: float, sound: Sound) -> Sound:
    """Loudness that grows and falls with the phrase."""
    t = np.arange(len(sound)) / (SAMPLE_RATE * span_s)
    return sound * (0.65 - 0.35 * np.cos(2 * np.pi * t)).astype(np.float32)


def country(band: Rng, rng: Rng, seconds: float) -> Sound:
    """Boom-chick: bass on one and three, strummed guitar on two and four, a train beat, and fiddle or pedal steel."""
    lead = band.choice(["fiddle", "steel", "voice"])
    brushes, high = band.random() < 0.6, band.uniform(6000, 10500)
    song = Song(rng.uniform(98, 132), seconds, rng, int(rng.integers(36, 44)))
    sweep, snare, kick = drums.brush(band), drums.snare(band, wires=0.4), drums.kick(band, click=0.1)
    if brushes:
        song.pattern("drums", "ooXoooXo", lambda: sweep, step=0.25)
    else:
        song.pattern("drums", "..x...x.", lambda: snare, 0.7, step=0.5)
    song.pattern("drums", "x...x...", lambda: kick, 0.6, step=0.5)
    chords = _COUNTRY[int(rng.integers(len(_COUNTRY)))]
    for bar, beat in song.bars():
        chord = chords[bar % len(chords)]
        root = song.key + chord[0] - 12 * (chord[0] > 6)
        song.play("bass", beat, play.electric_bass(root, 1.6 * song.beat_s, rng, bright=0.2))
        song.play("bass", beat + 2, play.electric_bass(root - 5, 1.6 * song.beat_s, rng, bright=0.2))
        notes = chord_notes(song.key, chord, low=50) + chord_notes(song.key, chord, low=62)
        for chick in (1.0, 2.5, 3.0):
            for i, note in enumerate(notes):
                sound = play.acoustic_guitar(note, 0.9 * song.beat_s, rng)
                song.play("strum", beat + chick + 0.012 * i, sound, 1.0 if chick != 2.5 else 0.4)
        for start, step in zip((0.0, 1.5, 2.0, 3.0), melody(rng, PENTATONIC, 4, centre=7), strict=True):
            if rng.random() < 0.8:
                _country_note(song, str(lead), beat + start, song.key + 24 + step)
    mixed = song.mix({"drums": -6, "bass": -2, "strum": -1, "lead": 1}, room_s=0.7, room=0.2)
    return recording(mixed, rng, low=60, high=high, press=1.2)


def _country_note(song: Song, lead: str, beat: float, note: int) -> None:
    rng = song.rng
    if lead == "fiddle":
        sound = play.fiddle(note, 1.1 * song.beat_s, rng, slide=-float(rng.choice([0, 1, 2])))
    elif lead == "steel":
        sound = play.steel_guitar(note, 1.8 * song.beat_s, rng)
    else:
        sound = play.voice(note - 12, 1.2 * song.beat_s, rng, vowel=str(rng.choice(["e", "i", "o"])), slide=-1)
    song.play("lead", beat, sound)


def jazz(band: Rng, rng: Rng, seconds: float) -> Sound:
    """Swing: a ride cymbal, a walking bass, sparse seventh chords, and a saxophone or trumpet that improvises."""
    lead = band.choice(["sax", "horn", "piano"])
    comp = play.piano if band.random() < 0.7 else _clean_guitar
    room_s, high = band.uniform(0.6, 1.4), band.uniform(6500, 10500)
    song = Song(rng.uniform(120, 210), seconds, rng, int(rng.integers(33, 43)), swing=0.15, loose=0.010)
    ride, foot, sweep = drums.ride(band), drums.hat(band), drums.brush(band)
    song.pattern("ride", "x.xox.xo", lambda: ride, step=0.5)
    song.pattern("drums", "..x...x.", lambda: foot, step=0.5)
    song.pattern("drums", "o.o.o.oo", lambda: sweep, 0.6, step=0.5)
    chords = _TURNAROUNDS[int(rng.integers(len(_TURNAROUNDS)))]
    for bar, beat in song.bars():
        chord, following = chords[bar % len(chords)], chords[(bar + 1) % len(chords)]
        notes = chord_notes(song.key, chord, low=52)
        root, target = song.key + chord[0] % 12, song.key + following[0] % 12
        walk = [root, root + int(rng.choice([3, 4, 5])), root + 7, target + int(rng.choice([-1, 1]))]
        for i, note in enumerate(walk):
            low = note - 12 if note > 46 else note
            song.play("bass", beat + i, play.upright_bass(low, 0.95 * song.beat_s, rng))
        for start in ((0.0, 1.5), (1.0, 2.5), (1.5, 3.5))[int(rng.integers(3))]:
            for note in notes:
                song.play("comp", beat + start, comp(note, float(rng.choice([0.25, 0.6])), rng), 0.7)
        _jazz_line(song, str(lead), beat, chord)
    gains = {"ride": -7, "drums": -11, "bass": 0, "comp": -5, "lead": 0}
    return recording(song.mix(gains, room_s=room_s, room=0.3), rng, low=45, high=high, press=0.8)


def _clean_guitar(note: float, seconds: float, rng: Rng) -> Sound:
    return low_pass(play.electric_guitar([note], seconds, rng, gain=1.2), 2500)


def _jazz_line(song: Song, lead: str, beat: float, chord: Chord) -> None:
    rng = song.rng
    if rng.random() < 0.2:
        return
    tones = chord_notes(song.key, chord, low=62)
    place = int(rng.integers(len(tones)))
    for i in range(int(rng.integers(0, 3)), int(rng.integers(5, 9))):
        place = int(np.clip(place + rng.integers(-2, 3), 0, len(tones) * 2 - 1))
        note = tones[place % len(tones)] + 12 * (place // len(tones))
        # Off the beat, a neighbour leads into the next tone of the chord.
        note += int(rng.choice([-1, 0, 1])) if i % 2 else 0
        length = song.beat_s * float(rng.choice([0.45, 0.5, 1.2], p=[0.5, 0.4, 0.1]))
        if lead == "sax":
            sound = play.saxophone(note, length, rng)
        elif lead == "horn":
            sound = play.horn(note, length, rng, bite=0.55)
        else:
            sound = play.piano(note, length + 0.2, rng, bright=0.7)
        song.play("lead", beat + i / 2, sound)


def reggae(band: Rng, rng: Rng, seconds: float) -> Sound:
    """Off-beat skank over a bubbling organ, a heavy melodic bass, and a drum that falls on three (one drop)."""
    lead = band.choice(["voice", "horn", "none"])
    dub, steppers = band.random() < 0.5, band.random() < 0.25
    song = Song(rng.uniform(66, 86), seconds, rng, int(rng.integers(33, 41)), swing=0.06)
    kick, stick, hat = drums.kick(band, pitch=52), drums.rim(band), drums.hat(band)
    song.pattern("drums", "x.x.x.x." if steppers else "....X...", lambda: kick, step=0.5)
    song.pattern("rim", "....X...", lambda: stick, step=0.5)
    song.pattern("hat", ".x.x.x.x" if steppers else "oxoxoxox", lambda: hat, 0.8, step=0.5)
    chords = _REGGAE[int(rng.integers(len(_REGGAE)))]
    riff = [(0.0, 0), (1.0, 0), (1.5, 7), (2.5, 5), (3.0, 3), (3.5, 0)]
    kept = [riff[i] for i in np.sort(rng.choice(len(riff), 4, replace=False))]
    for bar, beat in song.bars():
        chord = chords[bar % len(chords)]
        notes = chord_notes(song.key, chord, low=57)
        for start in (0.5, 1.5, 2.5, 3.5):
            song.play("skank", beat + start, play.electric_guitar(notes, 0.09, rng, gain=1.3))
            for note in notes:
                song.play("organ", beat + start + 0.25, play.organ(note - 12, 0.12, rng), 0.6)
                song.play("organ", beat + start, play.organ(note, 0.07, rng), 0.5)
        root = song.key + chord[0] - 12 * (chord[0] > 7)
        for start, step in kept:
            song.play("bass", beat + start, low_pass(play.electric_bass(root + step, 0.8 * song.beat_s, rng), 500))
        if lead != "none":
            scale = MINOR if chord[1] == "min" else PENTATONIC
            for i, step in enumerate(melody(rng, scale, 4, centre=7)):
                if rng.random() < 0.65:
                    _reggae_note(song, str(lead), beat + i, song.key + 24 + step)
    if dub:
        song.process("skank", lambda sound: echo(sound, 0.75 * song.beat_s, 0.45))
        song.process("rim", lambda sound: echo(sound, 0.75 * song.beat_s, 0.4))
    gains = {"drums": 0, "rim": -6, "hat": -12, "skank": -4, "organ": -8, "bass": 4, "lead": -2}
    return recording(song.mix(gains, room_s=1.2, room=0.25), rng, low=35, high=band.uniform(6000, 9500), press=1.2)


def _reggae_note(song: Song, lead: str, beat: float, note: int) -> None:
    if lead == "horn":
        sound = play.horn(note, 0.7 * song.beat_s, song.rng, bite=0.6)
    else:
        vowel = str(song.rng.choice(["a", "o", "e"]))
        sound = play.voice(note - 12, 0.8 * song.beat_s, song.rng, vowel=vowel, slide=-0.5)
    song.play("lead", beat, sound)
