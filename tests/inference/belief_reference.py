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

PIECES = {
    "block_steps": 3,
    "mean_duration_s": 4.0,
    "longest_s": 6.0,
    "origin": [0.4, 0.3, 0.2, -0.1],
    "directions": [[0.3, -0.2, 0.1, -0.2], [-0.1, 0.4, -0.3, 0.0], [0.05, 0.1, 0.25, -0.4]],
    "gains": [0.2, 0.35, 0.6],
    "sharpness": {"one_step": 0.7, "growth": 0.2},
}
# Sizes that some of the sound is above and some below.
SIZED = PIECES | {"sharpness": {"one_step": 1.1, "growth": 0.4, "least_size": 1.2}}
# The next piece is of the same genre less often than by chance.
TURNS = SIZED | {"same_genre": 0.1}
# Steps whose every way to be cut is tried.
SHORT = 42
NEWEST = {"weight": 0.6, "least_size": 1.1}


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
    if "newest" in settings and not silent[step]:
        size = max(math.sqrt(float(np.var(logits[step]))), settings["newest"]["least_size"])
        live = live * np.exp(settings["newest"]["weight"] * logits[step] / size)
        live = live / live.sum()
    return (1 - share) * live + share * file


def in_hindsight(logits: np.ndarray, silent: np.ndarray, settings: dict[str, Any]) -> np.ndarray:
    """What is shown of a recording."""
    n_steps = len(logits)
    return np.array([posterior(logits, silent, settings, "file", step, n_steps) for step in range(n_steps)])


def piece_of(
    logits: np.ndarray, silent: np.ndarray, pieces: dict[str, Any], start: int, stop: int
) -> tuple[float, np.ndarray]:
    """How well one piece explains the steps from `start` to `stop`, and what it is believed to be."""
    heard = logits[start:stop][~silent[start:stop]]
    count = len(heard)
    mean = heard.mean(axis=0) if count else np.zeros(logits.shape[1])
    n_blocks = -(-(stop - start) // pieces["block_steps"])
    density = math.exp(-pieces["block_steps"] * PERIOD_S / pieces["mean_duration_s"]) ** (n_blocks - 1)
    for gain, direction in zip(pieces["gains"], pieces["directions"], strict=True):
        along = count * float(np.dot(direction, mean - pieces["origin"]))
        density *= math.exp(0.5 * along**2 / (1 + gain * count)) / math.sqrt(1 + gain * count)
    scale = pieces["sharpness"]["one_step"] + pieces["sharpness"]["growth"] * math.log(max(count, 1))
    if "least_size" in pieces["sharpness"]:
        power = sum(float(np.var(step)) for step in heard) / max(count, 1)
        scale /= max(math.sqrt(power), pieces["sharpness"]["least_size"])
    genres = np.exp(scale * mean)
    return density, genres / genres.sum()


def as_pieces(logits: np.ndarray, silent: np.ndarray, pieces: dict[str, Any]) -> np.ndarray:
    """What is shown of a recording that is believed as pieces, by adding up every way to cut it."""
    n_steps, n_genres = logits.shape
    edges = [*range(0, n_steps, pieces["block_steps"]), n_steps]
    block_s = pieces["block_steps"] * PERIOD_S
    longest = max(1, math.floor(pieces["longest_s"] / block_s + 0.5))
    going_on = math.exp(-block_s / pieces["mean_duration_s"])

    def piece(start: int, stop: int) -> tuple[float, np.ndarray]:
        return piece_of(logits, silent, pieces, edges[start], edges[stop])

    def ways(first: int, last: int) -> float:
        """Of all ways to cut what lies between two edges into pieces, each of which ends."""
        total = [1.0] + [0.0] * (last - first)
        for stop in range(1, last - first + 1):
            for start in range(max(0, stop - longest), stop):
                total[stop] += total[start] * piece(first + start, first + stop)[0] * (1 - going_on)
        return total[-1]

    n_edges = len(edges)
    before = [ways(0, edge) for edge in range(n_edges)]
    after = [ways(edge, n_edges - 1) for edge in range(n_edges)]
    believed = np.zeros((n_steps, n_genres))
    for start, stop in itertools.combinations(range(n_edges), 2):
        if stop - start > longest:
            continue
        density, genres = piece(start, stop)
        # The last piece need not end where the recording does; that factor is the same for every way to cut it.
        believed[edges[start] : edges[stop]] += before[start] * density * after[stop] * genres
    return believed / believed.sum(axis=1, keepdims=True)


def in_turn(logits: np.ndarray, silent: np.ndarray, pieces: dict[str, Any]) -> np.ndarray:
    """As pieces whose genres depend on the piece before: every way to cut a short recording, every genre of each."""
    n_steps, n_genres = logits.shape
    edges = [*range(0, n_steps, pieces["block_steps"]), n_steps]
    n_blocks = len(edges) - 1
    same = pieces["same_genre"]
    next_genre = np.full((n_genres, n_genres), (1 - same) / (n_genres - 1))
    np.fill_diagonal(next_genre, same)
    alone = {key: value for key, value in pieces.items() if key != "same_genre"}
    ending = 1 - math.exp(-pieces["block_steps"] * PERIOD_S / pieces["mean_duration_s"])
    longest = max(1, math.floor(pieces["longest_s"] / (pieces["block_steps"] * PERIOD_S) + 0.5))
    believed = np.zeros((n_steps, n_genres))
    for cuts in itertools.product((False, True), repeat=n_blocks - 1):
        at = [0, *(i + 1 for i, cut in enumerate(cuts) if cut), n_blocks]
        spans = list(itertools.pairwise(at))
        if max(stop - start for start, stop in spans) > longest:
            continue
        parts = [piece_of(logits, silent, alone, edges[start], edges[stop]) for start, stop in spans]
        share = math.prod(density for density, _ in parts) * ending ** (len(parts) - 1)
        # Genres by enumeration of what lies before and after, as products of matrices along the pieces.
        for i, (start, stop) in enumerate(spans):
            before = np.full(n_genres, 1.0)
            for _, genres in parts[:i]:
                before = n_genres * (before * genres) @ next_genre
            after = np.full(n_genres, 1.0)
            for _, genres in reversed(parts[i + 1 :]):
                after = n_genres * next_genre @ (genres * after)
            believed[edges[start] : edges[stop]] += share * before * parts[i][1] * after
    return believed / believed.sum(axis=1, keepdims=True)


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
    with_newest = SETTINGS | {"newest": NEWEST}
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
                "pieces": PIECES,
                "as_pieces": as_pieces(logits, silent, PIECES).round(9).tolist(),
                "sized": SIZED,
                "as_sized": as_pieces(logits, silent, SIZED).round(9).tolist(),
                "turns": TURNS,
                "turns_heard": SHORT,
                "in_turn": in_turn(logits[:SHORT], silent[:SHORT], TURNS).round(9).tolist(),
                "newest": NEWEST,
                "live_with_newest": [
                    belief(logits, silent, with_newest, step, heard).round(9).tolist() for step in range(heard)
                ],
                "live_after": heard,
                "live": [belief(logits, silent, SETTINGS, step, heard).round(9).tolist() for step in range(heard)],
                "path": best_path(logits, silent, SETTINGS),
                "path_of_pieces": best_path(np.log(as_pieces(logits, silent, PIECES)), silent, SETTINGS),
            },
            separators=(",", ":"),
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
