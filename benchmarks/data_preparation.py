"""Spectrograms of a data set into the cache: one core and two, what a filled cache saves, and how time grows."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.measuring import Row, ceiling_of_two, clips, seconds
from genre_lib.datasets import DataSet, Track, load_features
from genre_lib.executors import Executor, get_executor

GROWTH = (1, 4, 16)


def run() -> list[Row]:
    """Fill caches with the clips: fresh ones each time, then the same one again."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "clips").mkdir()
        paths = clips(folder / "clips")
        data_set = _data_set(paths)
        with get_executor("serial") as one, get_executor("processes", workers=2) as two:
            # The pool's start is its own affair: it is paid once, whatever the size of the data.
            _fill(_data_set(paths[:2]), folder / "start", two)
            pairs = [
                (_fill(data_set, folder / f"one{i}", one), _fill(data_set, folder / f"two{i}", two)) for i in range(3)
            ]
            hit_s = seconds(lambda: load_features(data_set, cache_folder=folder / "one0"), repeats=3)
            growth = {
                factor: _fill(_data_set(paths[: 4 * factor]), folder / f"growth{factor}", one) for factor in GROWTH
            }
    one_s, two_s = (sorted(times)[1] for times in zip(*pairs, strict=True))
    ratio = sorted(a / b for a, b in pairs)[1]
    each_ms, base = 1000 * one_s / len(paths), growth[1]
    note = f"{each_ms:.1f} ms a clip on one core, {1000 * two_s / len(paths):.1f} on two"
    return [
        Row(f"{len(paths)} clips of 30 s on two cores against one", ratio, "x", note=note),
        Row("two cores against one on plain counting", ceiling_of_two(), "x", note="what this machine gives just now"),
        Row("a filled cache against an empty one", one_s / hit_s, "x", aim="at least 20"),
        *(
            Row(f"time of {factor} x the clips", growth[factor] / base, "x", note="linear is the factor")
            for factor in GROWTH[1:]
        ),
    ]


def _data_set(paths: list[Path]) -> DataSet:
    tracks = tuple(Track(f"{number}", path, "music") for number, path in enumerate(paths))
    return DataSet("clips", tracks, ("music",))


def _fill(data_set: DataSet, cache: Path, executor: Executor) -> float:
    began = time.perf_counter()
    load_features(data_set, cache_folder=cache, executor=executor)
    return time.perf_counter() - began
