"""Make the page's demo songs: the synthetic medley as a small mp3, and a list of what there is.

Run from anywhere: `python web/scripts/make-demo-songs.py`. The songs are built, never committed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import soundfile

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "web" / "public" / "demo"

# Half a megabyte for two minutes; plainly good enough for 22,050 Hz mono.
_COMPRESSION = 0.7


def main() -> None:
    sys.path.insert(0, str(REPOSITORY))
    from genre_lib.audio.synthesis.sound import SAMPLE_RATE
    from genre_lib.datasets.demo import synthesise_medley

    samples, changes = synthesise_medley()
    FOLDER.mkdir(parents=True, exist_ok=True)
    # Written beside and renamed, so that a build never picks up half a song.
    partial = FOLDER / "medley.partial"
    soundfile.write(
        partial, samples, SAMPLE_RATE, format="MP3", subtype="MPEG_LAYER_III", compression_level=_COMPRESSION
    )
    partial.rename(FOLDER / "synthetic-medley.mp3")
    songs = [
        {
            "file": "synthetic-medley.mp3",
            "title": "Synthetic medley",
            "changes": [{"from_s": round(float(start), 3), "style": style} for start, style in changes],
        }
    ]
    (FOLDER / "songs.json").write_text(json.dumps(songs, indent=1) + "\n")
    size = (FOLDER / "synthetic-medley.mp3").stat().st_size
    print(
        f"made a medley of {len(changes)} styles, {len(samples) / SAMPLE_RATE:.0f} s, {size / 1000:.0f} kB, in {FOLDER}"
    )


if __name__ == "__main__":
    main()
