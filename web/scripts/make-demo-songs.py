"""Make the page's examples: real recordings where they can be had, else synthesised songs, as small mp3 files.

Run from anywhere: `python web/scripts/make-demo-songs.py`. The songs are built, never committed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import soundfile

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "web" / "public" / "demo"

# A megabyte for a minute of stereo; the model hears 22,050 Hz mono.
_COMPRESSION = 0.7
_LONGEST_S = 90
_SYNTHETIC_S = 30.0
_MOST = 3


def main() -> None:
    sys.path.insert(0, str(REPOSITORY))
    FOLDER.mkdir(parents=True, exist_ok=True)
    songs = recordings() or [*single_styles(), medley()]
    (FOLDER / "songs.json").write_text(json.dumps(songs, indent=1) + "\n")
    for old in set(FOLDER.glob("*.mp3")) - {FOLDER / song["file"] for song in songs}:
        old.unlink()
    for song in songs:
        print(f"example: {song['title']} ({(FOLDER / song['file']).stat().st_size / 1000:.0f} kB)")


def recordings() -> list[dict[str, Any]]:
    """librosa's examples that the model has a name for, the surest first."""
    import genre_lib
    from genre_lib.datasets.examples import EXAMPLES, fetch_example

    found = []
    for example in EXAMPLES:
        path = fetch_example(example)
        if path is None:
            continue
        answer = genre_lib.load_model().curve(path).answer()
        if answer.state not in ("music", "probable"):
            continue
        with soundfile.SoundFile(path) as file:
            samples, rate = file.read(_LONGEST_S * file.samplerate, dtype="float32"), file.samplerate
        song = written(f"{example.key}.mp3", samples, rate, title=example.title, credit=example.credit)
        found.append((answer.state == "music", max(answer.probabilities), song))
    found.sort(key=lambda each: each[:2], reverse=True)
    return [song for _, _, song in found[:_MOST]]


def single_styles() -> list[dict[str, Any]]:
    """Synthesised songs of one style each that the model names rightly."""
    import genre_lib
    from genre_lib.audio.synthesis.sound import SAMPLE_RATE
    from genre_lib.datasets.demo import STYLES, synthesise
    from genre_lib.inference.words import spoken

    model = genre_lib.load_model()
    songs = []
    for style in STYLES:
        samples = synthesise(style, seconds=_SYNTHETIC_S)
        answer = model.curve(samples, SAMPLE_RATE).answer()
        if answer.genre == style and answer.state in ("music", "probable") and len(songs) < _MOST:
            title = f"Synthetic {spoken(style)}"
            songs.append(
                written(
                    f"synthetic-{style}.mp3",
                    samples,
                    SAMPLE_RATE,
                    title=title,
                    credit=f"{title}: made by a synthesiser",
                )
            )
    return songs


def medley() -> dict[str, Any]:
    """Everything in a row."""
    from genre_lib.audio.synthesis.sound import SAMPLE_RATE
    from genre_lib.datasets.demo import synthesise_medley

    samples, changes = synthesise_medley()
    credit = "Synthetic medley: ten styles in two minutes, made by a synthesiser"
    song = written("synthetic-medley.mp3", samples, SAMPLE_RATE, title="Synthetic medley", credit=credit)
    return {**song, "changes": [{"from_s": round(float(start), 3), "style": style} for start, style in changes]}


def written(name: str, samples: Any, rate: int, *, title: str, credit: str) -> dict[str, Any]:
    """Write an mp3 beside and rename it, so that a build never picks up half a song."""
    partial = FOLDER / f"{name}.partial"
    soundfile.write(partial, samples, rate, format="MP3", subtype="MPEG_LAYER_III", compression_level=_COMPRESSION)
    partial.rename(FOLDER / name)
    return {"file": name, "title": title, "credit": credit}


if __name__ == "__main__":
    main()
