"""What a few songs teach: the numbers that Python and the page are both held to.

`python -m tests.training.teaching.teach_reference` writes tests/fixtures/teach.json. Features are made up and few, so
that the file is small; everything that is done with them is what is done with real ones.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from genre_lib.bundle.card import BySpan
from genre_lib.bundle.files import open_bundle
from genre_lib.datasets import DataSet, Track
from genre_lib.export.taught_bundle import LIMITS, NONE, Songs, Taught, learn
from genre_lib.training.teaching.background import Background
from genre_lib.training.teaching.head import Head
from genre_lib.training.teaching.portable_random import normal, uniform
from genre_lib.training.teaching.spans import spans_of

FIXTURE = Path(__file__).parents[2] / "fixtures" / "teach.json"
N_FEATURES = 6
CORRECTED = "salsa/5.mp3"
FEW = [f"{genre}/{i}.mp3" for genre in ("bachata", "salsa") for i in range(3)]
OLD_LIMIT = 4.0
CLIP_TEMPERATURE = 0.6
# Name, genre, steps: enough for several spans, for one that is short, and for folds of two.
SONGS = sorted(
    [
        *((f"bachata/{i}.mp3", "bachata", 23 + 7 * i) for i in range(5)),
        *((f"salsa/{i}.mp3", "salsa", 31 - 4 * i) for i in range(6)),
        (f"{NONE}/talk.wav", NONE, 12),
        (f"{NONE}/rain.wav", NONE, 215),
    ]
)


def made_up() -> dict[str, Any]:
    """Features of songs, a background, and genres that are known before."""
    rng = np.random.default_rng(5)
    music = np.maximum(rng.normal(1.0, 0.5, (900, N_FEATURES)), 0)
    noise = np.maximum(rng.normal(0.3, 0.15, (250, N_FEATURES)), 0)
    background = Background.of_spans(
        music,
        noise,
        golden=np.ones(N_FEATURES),
        about="made up",
        known={
            genre: np.maximum(rng.normal(level, 0.4, (300, N_FEATURES)), 0)
            for genre, level in {"a": 0.8, "b": 1, "c": 1.3}.items()
        },
    )
    centres = {"bachata": [2.0, 1.2, 1, 1, 1, 1], "salsa": [1, 1.4, 2.2, 1, 1, 1], NONE: [1, 1, 1, 1.9, 0.6, 1]}
    songs = [
        {
            "name": name,
            "genre": genre,
            "steps": np.maximum(rng.normal(rng.normal(centres[genre], 0.45), 0.4, (n_steps, N_FEATURES)), 0)
            .round(3)
            .tolist(),
        }
        for name, genre, n_steps in SONGS
    ]
    old = {"kernel": rng.normal(0, 1, (N_FEATURES, 3)).round(3).tolist(), "bias": [0.2, -0.1, 0.3], "limit": OLD_LIMIT}
    return {
        "background": json.loads(background.to_json()),
        "songs": songs,
        "old": old,
        "known": ["a", "b", "c"],
        "clip_temperature": CLIP_TEMPERATURE,
    }


def answers(given: dict[str, Any]) -> dict[str, Any]:
    """What Python makes of it."""
    background = Background.from_json(json.dumps(given["background"]))
    tracks = tuple(Track(song["name"], None, song["genre"]) for song in given["songs"])
    steps = [np.array(song["steps"], np.float32) for song in given["songs"]]
    old = Head(np.array(given["old"]["kernel"]), np.array(given["old"]["bias"]))
    genres = tuple(sorted({song["genre"] for song in given["songs"]}))
    songs = Songs(DataSet("made up", tracks, genres), steps)
    chosen = [i for i, track in enumerate(tracks) if track.name in FEW]
    few = Songs(DataSet("made up", tuple(tracks[i] for i in chosen), ("bachata", "salsa")), [steps[i] for i in chosen])
    # With a correction: a song that was taken for new was one of a genre that is known.
    corrected = tuple(replace(track, genre="b") if track.name == CORRECTED else track for track in tracks)
    beside = Songs(DataSet("made up", corrected, tuple(sorted({*genres, "b"}))), steps, known=tuple(given["known"]))
    stays = {"known": given["known"], "old": old, "old_limit": given["old"]["limit"]}
    base = replace(open_bundle().card, temperatures=BySpan(1.2, 0.9, CLIP_TEMPERATURE))
    return {
        "none": NONE,
        "limits": list(LIMITS),
        "uniform": uniform(5, 3).tolist(),
        "normal": normal(5, 3).tolist(),
        "spans": [spans_of(step).sum(axis=1).tolist() for step in steps],
        "drawn": background.draw(4, music=True, seed=2).tolist(),
        "drawn_known": background.draw_known(2, seed=4).tolist(),
        "corrected": CORRECTED,
        "few_names": list(FEW),
        "few": _told(learn(few, background, base)),
        "instead": _told(learn(songs, background, base)),
        "added": _told(learn(songs, background, base, **stays)),
        "beside": _told(learn(beside, background, base, **stays)),
    }


def _told(taught: Taught) -> dict[str, Any]:
    assert taught.evaluation is not None
    found = taught.evaluation.accuracy
    return {
        "kernel": taught.head.kernel.tolist(),
        "bias": taught.head.bias.tolist(),
        "temperature": taught.temperature.value,
        "sentence": taught.temperature.sentence,
        "accuracy": [found.value, found.low, found.high, found.n],
        "left_out_logits": [list(row) for row in taught.evaluation.answers.clip_logits],
    }


def main() -> None:
    given = made_up()
    FIXTURE.write_text(json.dumps({"given": given, "answers": answers(given)}) + "\n")


if __name__ == "__main__":
    main()
