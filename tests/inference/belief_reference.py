"""The belief of docs/bundle.md by dense matrices, in the words of the definition: slow, and apart from the library.

`python -m tests.inference.belief_reference` writes tests/fixtures/belief.json, which Python and page are both held to.
"""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

FIXTURE = Path(__file__).parents[1] / "fixtures" / "belief.json"
PLACES = ("live", "file")
PERIOD_S = 0.2
SILENCE_DBFS = -60.0
SETTINGS = {
    "evidence_weight": {"live": 0.5, "file": 0.3},
    "mean_duration_s": 1.4,
    "stages": 2,
    "temperatures": {"live": 1.1, "file": 1.4},
    "named_from": {"live": 0.66, "file": 0.6},
    "whole_named_from": 0.5,
    "probable_lead": 0.15,
    "lag_s": 1.0,
    "path": {"evidence_weight": 0.4, "mean_duration_s": 1.5, "least_s": 0.6},
}


def transitions(settings: dict[str, Any], n_genres: int) -> np.ndarray:
    """[from, to] over states numbered stage * n_genres + genre."""
    stages = settings["stages"]
    leave = 1 - math.exp(-stages * PERIOD_S / settings["mean_duration_s"])
    matrix = np.zeros((stages * n_genres, stages * n_genres))
    for stage, genre in itertools.product(range(stages), range(n_genres)):
        here = stage * n_genres + genre
        matrix[here, here] += 1 - leave
        if stage + 1 < stages:
            matrix[here, here + n_genres] += leave
        else:
            for other in range(n_genres):
                if other != genre:
                    matrix[here, other] += leave / (n_genres - 1)
    return matrix


def posterior(
    logits: np.ndarray, silent: np.ndarray, settings: dict[str, Any], place: str, step: int, heard: int
) -> np.ndarray:
    """P(genre at `step` | the first `heard` steps), to the power of 1 / temperature, with the settings for a place."""
    n_genres = logits.shape[1]
    moves = transitions(settings, n_genres)
    log_softmax = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    evidence = np.where(silent[:, None], 1.0, np.exp(settings["evidence_weight"][place] * log_softmax))
    seen = np.tile(evidence, (1, settings["stages"]))
    before = np.full(len(moves), 1 / len(moves))
    for at in range(step):
        before = (before * seen[at]) @ moves
        before = before / before.sum()
    after = np.ones(len(moves))
    for at in range(heard - 1, step, -1):
        after = moves @ (seen[at] * after)
        after = after / after.sum()
    both = (before * seen[step] * after).reshape(settings["stages"], n_genres).sum(axis=0)
    power = (both / both.sum()) ** (1 / settings["temperatures"][place])
    return power / power.sum()


def belief(logits: np.ndarray, silent: np.ndarray, settings: dict[str, Any], step: int, heard: int) -> np.ndarray:
    """What is shown of `step` when `heard` steps were heard live."""
    lag = max(1, math.floor(settings["lag_s"] / PERIOD_S + 0.5))
    share = min(1.0, (heard - 1 - step) / lag)
    live, file = (posterior(logits, silent, settings, place, step, min(heard, step + lag + 1)) for place in PLACES)
    return (1 - share) * live + share * file


def in_hindsight(logits: np.ndarray, silent: np.ndarray, settings: dict[str, Any]) -> np.ndarray:
    """What is shown of a recording."""
    n_steps = len(logits)
    return np.array([posterior(logits, silent, settings, "file", step, n_steps) for step in range(n_steps)])


def best_path(logits: np.ndarray, silent: np.ndarray, settings: dict[str, Any]) -> list[int]:
    """The path with the greatest score among those whose stays are long enough, by trying every way to cut it."""
    path = settings["path"]
    n_steps, n_genres = logits.shape
    least = max(1, math.floor(path["least_s"] / PERIOD_S + 0.5))
    change = 1 - math.exp(-PERIOD_S / path["mean_duration_s"])
    cost = max(0.0, math.log((1 - change) * (n_genres - 1) / change))
    heard = np.where(silent[:, None], 0.0, logits)
    score = path["evidence_weight"] * (heard - heard.max(axis=1, keepdims=True))
    best: list[tuple[float, list[int]]] = [(0.0, [])]
    for stop in range(1, n_steps + 1):
        options = []
        for start in range(stop - least + 1):
            if best[start][0] == -math.inf:
                continue
            stays = score[start:stop].sum(axis=0)
            genre = int(stays.argmax())
            total = best[start][0] + float(stays[genre]) - (cost if start else 0.0)
            options.append((total, [*best[start][1], *[genre] * (stop - start)]))
        best.append(max(options, key=lambda option: option[0], default=(-math.inf, [])))
    return best[-1][1]


def sound() -> tuple[np.ndarray, np.ndarray]:
    """Logits and levels: three stretches of a genre each, a second of silence, and a bit of it within a stretch."""
    rng = np.random.default_rng(7)
    logits = rng.normal(size=(60, 4)).round(3)
    for first, stop, genre in ((0, 22, 0), (22, 36, 2), (43, 60, 1)):
        logits[first:stop, genre] += 2.0
    levels = np.full(60, -20.0)
    levels[36:43] = -90.0
    levels[50:52] = -75.0
    return logits, levels


def main() -> None:
    logits, levels = sound()
    silent = levels < SILENCE_DBFS
    heard = 40
    FIXTURE.write_text(
        json.dumps(
            {
                "what": "docs/bundle.md, Belief and Segments; written by tests/inference/belief_reference.py",
                "step_period_s": PERIOD_S,
                "silence_dbfs": SILENCE_DBFS,
                "belief": SETTINGS,
                "logits": logits.tolist(),
                "levels": levels.tolist(),
                "file": in_hindsight(logits, silent, SETTINGS).round(9).tolist(),
                "live_after": heard,
                "live": [belief(logits, silent, SETTINGS, step, heard).round(9).tolist() for step in range(heard)],
                "path": best_path(logits, silent, SETTINGS),
            },
            separators=(",", ":"),
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
