"""What large data sets cost: processor time, disk and memory of a track, and how they grow with their number.

Processor seconds, not the clock's: on a shared machine they hold better. docs/scale.md is written from this bench.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.measuring import Row, clips, greatest_memory_mb

GROWTH = (1, 4, 16)
_BASE = 25


def run() -> list[Row]:
    """Each size in a process of its own, so that its memory is its own."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "clips").mkdir()
        songs = _as_songs(clips(folder / "clips")[:_BASE], folder)
        rows = _growth("prepare", "spectrograms of an mp3 song of 30 s", songs, folder)
        rows += _growth("predict", "prediction of an mp3 song of 30 s", songs, folder)
        rows += _growth("train", "training on a track, an epoch", songs, folder)
        table_mb = _measure("table", 100_000, songs, folder)[1] - _measure("table", 1, songs, folder)[1]
        rows.append(Row("memory of a table of 100,000 tracks", table_mb, "MB"))
        entry = next((folder / "prepare1").glob("*/*.npy"))
        rows.append(Row("disk of a cached track of 30 s", entry.stat().st_size / 1e6, "MB"))
    return rows


def _as_songs(paths: list[Path], folder: Path) -> Path:
    """The clips as people have them: mp3, 44.1 kHz, stereo; wav where there is no ffmpeg."""
    songs = folder / "songs"
    songs.mkdir()
    for path in paths:
        out = songs / f"{path.stem}.mp3"
        options = ["-ar", "44100", "-ac", "2", "-b:a", "128k"]
        subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), *options, str(out)], check=True)
    return songs


def _growth(work: str, what: str, songs: Path, folder: Path) -> list[Row]:
    measured = {factor: _measure(work, factor * _BASE, songs, folder / f"{work}{factor}") for factor in GROWTH}
    base_s, base_mb = measured[1]
    rows = [Row(f"{what}", 1000 * measured[16][0] / (16 * _BASE), "ms", note="processor time")]
    for factor in GROWTH[1:]:
        rows.append(
            Row(f"  time of {factor} x the tracks", measured[factor][0] / base_s, "x", note="linear: the factor")
        )
        rows.append(Row(f"  memory of {factor} x the tracks", measured[factor][1] / base_mb, "x", aim="about 1"))
    return [*rows, Row("  greatest memory", measured[16][1], "MB")]


def _measure(work: str, n_tracks: int, songs: Path, folder: Path) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.scale", work, str(n_tracks), str(songs), str(folder)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    used_s, greatest_mb = answer.stdout.split()[-2:]
    return float(used_s), float(greatest_mb)


def _work(work: str, n_tracks: int, songs: Path, folder: Path) -> float:
    """Do one piece of work over so many tracks and return the processor seconds it took, without its start."""
    from genre_lib.datasets import DataSet, Track, load_features

    paths = sorted(songs.iterdir())
    tracks = tuple(Track(f"{i}", paths[i % len(paths)], "music", f"band {i // 7}", "train") for i in range(n_tracks))
    data_set = DataSet("songs", tracks, ("music",))
    if work == "table":
        return 0.0
    if work == "prepare":
        load_features(DataSet("one", tracks[:1], ("music",)), cache_folder=folder / "start")
        began = time.process_time()
        load_features(data_set, cache_folder=folder)
        return time.process_time() - began
    if work == "predict":
        from genre_lib.batch import Journal, predict_into
        from genre_lib.model import load_model

        folder.mkdir()
        files = [folder / f"{i}.mp3" for i in range(n_tracks)]
        for i, file in enumerate(files):
            file.symlink_to(paths[i % len(paths)])
        model = load_model()
        model.curve(files[0])
        began = time.process_time()
        with Journal(folder / "journal", model.card) as journal:
            for _ in predict_into(journal, files):
                pass
        return time.process_time() - began
    return _train(load_features(data_set, cache_folder=folder.with_name("prepare16")).log_mels)


def _train(log_mels: object) -> float:
    from genre_lib.networks import build
    from genre_lib.training import TrainingConfig, fit

    used = []
    for epochs in (1, 2):
        began = time.process_time()
        model = build("residual", n_genres=10, n_mels=128)
        labels = np.arange(len(log_mels)) % 10  # type: ignore[arg-type]
        fit(model, log_mels, labels, config=TrainingConfig(epochs=epochs, batch_size=25), report=lambda line: None)  # type: ignore[arg-type]
        used.append(time.process_time() - began)
    return used[1] - used[0]


def _main(work: str, n_tracks: str, songs: str, folder: str) -> None:
    used_s = _work(work, int(n_tracks), Path(songs), Path(folder))
    print(used_s, greatest_memory_mb())


if __name__ == "__main__":
    _main(*sys.argv[1:])
