"""Batch prediction: songs a minute, against Keras in the same loop, on two cores, on a cluster, and as it grows."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks.measuring import Row, ceiling_of_two, clips, greatest_memory_mb, paired_ratio, seconds
from genre_lib.batch import Journal, predict_into
from genre_lib.bundle.files import KERAS
from genre_lib.executors import Executor, get_executor
from genre_lib.inference.model import GenreModel, load_model

GROWTH = (1, 4, 16)
_CLIP_S = 30.0
_N_ITEMS = 500


def run() -> list[Row]:
    """Predict the clips in every way, in turn."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "clips").mkdir()
        paths = clips(folder / "clips")
        return [
            *_against_keras(paths[::4], load_model()),
            *_on_two_cores(paths, folder),
            *_known_already(paths, folder),
            *_overheads(),
            *_growth(paths[0], folder),
        ]


def _against_keras(paths: list[Path], model: GenreModel) -> list[Row]:
    from genre_lib.audio.decoding import load_audio
    from genre_lib.networks.keras_files import keras_outputs, load_keras

    network, front_end = load_keras(model.bundle.folder / KERAS), model.card.front_end

    def with_keras() -> None:
        for path in paths:
            keras_outputs(network, front_end.log_mel(load_audio(path, front_end.sample_rate)))

    def ours() -> None:
        for path in paths:
            model.curve(path)

    keras_s, ours_s, ratio = paired_ratio(with_keras, ours)
    each_s = ours_s / len(paths)
    return [
        Row("songs of 30 s a minute, one core", 60 / each_s, "/min"),
        Row("times real time, one core", _CLIP_S / each_s, "x"),
        Row(
            f"Keras in the same loop: {1000 * keras_s / len(paths):.0f} ms a song", ratio, "x", note="its time to ours"
        ),
    ]


def _on_two_cores(paths: list[Path], folder: Path) -> list[Row]:
    with get_executor("serial") as one, get_executor("processes", workers=2) as two:
        _predict(paths[:2], folder / "start", two)
        pairs = [(_predict(paths, folder / f"one{i}", one), _predict(paths, folder / f"two{i}", two)) for i in range(3)]
    return [
        Row("batch on two cores against one", sorted(a / b for a, b in pairs)[1], "x"),
        Row("two cores against one on plain counting", ceiling_of_two(), "x", note="what this machine gives just now"),
    ]


def _known_already(paths: list[Path], folder: Path) -> list[Row]:
    first_s = _predict(paths, folder / "known", None)
    again_s = seconds(lambda: _predict(paths, folder / "known", None), repeats=3, warm_up=0)
    return [Row("a batch that is known against one that is not", first_s / again_s, "x")]


def _overheads() -> list[Row]:
    """Milliseconds an item costs where there is nothing to do."""
    rows = []
    for name in ("serial", "processes", "dask"):
        with get_executor(name, workers=2) as executor:
            list(executor.map(_nothing, range(20)))
            each_s = seconds(partial(_map_nothing, executor), repeats=3, warm_up=0) / _N_ITEMS
        rows.append(Row(f"overhead of {name}, an item", 1000 * each_s, "ms"))
    return rows


def _growth(clip: Path, folder: Path) -> list[Row]:
    """Time and greatest memory of batches of 1, 4 and 16 times 40 songs, each in a process of its own."""
    measured = {}
    for factor in GROWTH:
        command = [
            sys.executable,
            "-m",
            "benchmarks.batch",
            str(clip),
            str(40 * factor),
            str(folder / f"growth{factor}"),
        ]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        measured[factor] = tuple(map(float, answer.stdout.split()))
    base_s, base_mb = measured[1]
    rows = [Row("greatest memory of a batch of 40 songs", base_mb, "MB")]
    for factor in GROWTH[1:]:
        took_s, mb = measured[factor]
        rows.append(Row(f"time of {factor} x the songs", took_s / base_s, "x", note="linear is the factor"))
        rows.append(Row(f"memory of {factor} x the songs", mb / base_mb, "x", aim="about 1"))
    return rows


def _predict(paths: list[Path], journal: Path, executor: Executor | None) -> float:
    began = time.perf_counter()
    with Journal(journal, load_model().card) as opened:
        for _ in predict_into(opened, paths, executor=executor):
            pass
    return time.perf_counter() - began


def _map_nothing(executor: Executor) -> None:
    for _ in executor.map(_nothing, range(_N_ITEMS)):
        pass


def _nothing(number: int) -> int:
    return number


def _measure_growth(clip: str, n_songs: str, folder: str) -> None:
    place = Path(folder)
    place.mkdir()
    songs = [place / f"{number}{Path(clip).suffix}" for number in range(int(n_songs))]
    for song in songs:
        song.symlink_to(clip)
    took_s = _predict(songs, place / "journal", None)
    print(took_s, greatest_memory_mb())


if __name__ == "__main__":
    _measure_growth(*sys.argv[1:])
