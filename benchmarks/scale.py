"""What large data sets cost: processor time, disk and memory of a track, and how they grow with their number.

Processor seconds, not the clock's: on a shared machine they hold better. docs/scale.md is written from this bench.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import LeftOut, Row, clips, greatest_memory_mb

GROWTH = (1, 4, 16)
# Clips of 30 s.
FMA_LARGE = 106_574
_BASE = 25
# Enough for an epoch of several batches.
_TRAIN_BASE = 160
_EPOCHS = 2
_JUDGED = 50
_TRACK_FRAMES = 387


def run() -> list[Row]:
    """Each size in a process of its own, so that its memory is its own; left out without ffmpeg."""
    if shutil.which("ffmpeg") is None:
        raise LeftOut("it needs ffmpeg to make mp3 songs.")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "clips").mkdir()
        songs = _as_songs(clips(folder / "clips")[:_BASE], folder)
        rows = _growth("prepare", "spectrograms of an mp3 song of 30 s", songs, folder)
        rows += _growth("predict", "prediction of an mp3 song of 30 s", songs, folder)
        rows += _growth("train", "training on a track, an epoch", songs, folder)
        judged_s = _measure("judge", _JUDGED, songs, folder / "judge")[0] / _JUDGED
        rows.append(Row("judging a track of `valid`, an epoch", 1000 * judged_s, "ms", note="processor time"))
        table_mb = _measure("table", 100_000, songs, folder)[1] - _measure("table", 1, songs, folder)[1]
        rows.append(Row("memory of a table of 100,000 tracks", table_mb, "MB"))
        entry = next((folder / "prepare1").glob("*/*.npy"))
        rows.append(Row("disk of a cached track of 30 s", entry.stat().st_size / 1e6, "MB"))
    return rows


def _as_songs(paths: list[Path], folder: Path) -> Path:
    """The clips as people have them: mp3, 44.1 kHz, stereo."""
    songs = folder / "songs"
    songs.mkdir()
    for path in paths:
        out = songs / f"{path.stem}.mp3"
        options = ["-ar", "44100", "-ac", "2", "-b:a", "128k"]
        subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), *options, str(out)], check=True)
    return songs


def _growth(work: str, what: str, songs: Path, folder: Path) -> list[Row]:
    base = _TRAIN_BASE if work == "train" else _BASE
    measured = {factor: _measure(work, factor * base, songs, folder / f"{work}{factor}") for factor in GROWTH}
    base_s, base_mb = measured[1]
    # The difference of the sizes: what is paid once, whatever the size, is left out.
    each_s = (measured[16][0] - base_s) / (15 * base)
    rows = [
        Row(what, 1000 * each_s, "ms", note="processor time"),
        Row(f"  all {FMA_LARGE} tracks of FMA-large, one core", each_s * FMA_LARGE / 3600, "h", note="carried from it"),
    ]
    linear = "linear: the factor, once an epoch's fixed second is little" if work == "train" else "linear: the factor"
    for factor in GROWTH[1:]:
        rows.append(Row(f"  time of {factor} x {base} tracks", measured[factor][0] / base_s, "x", note=linear))
        rows.append(Row(f"  memory of {factor} x {base} tracks", measured[factor][1] / base_mb, "x", aim="about 1"))
    return [*rows, Row("  greatest memory", measured[16][1], "MB")]


def _measure(work: str, n_tracks: int, songs: Path, folder: Path) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.scale", work, str(n_tracks), str(songs), str(folder)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    used_s, greatest_mb = answer.stdout.split()[-2:]
    return float(used_s), float(greatest_mb)


def _work(work: str, n_tracks: int, songs: Path, folder: Path) -> float:
    """Do one piece of work over so many tracks and return the processor seconds it took, without its start."""
    from genre_lib.datasets import DataSet, Track, load_features

    if work in ("train", "judge"):
        return (_train if work == "train" else _judge)(folder, n_tracks)
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
        from genre_lib.inference.model import load_model

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
    raise ValueError(work)


def _train(folder: Path, n_tracks: int) -> float:
    """Seconds of an epoch by the recipe for audio alone, on one thread, the first one left out."""
    from genre_lib.training.fit import fit
    from genre_lib.training.recipe import Recipe

    model, log_mels = _network_and_cache(folder, n_tracks)
    config = replace(Recipe.load("data/recipes/gtzan-audio-only.yaml").training, epochs=1 + _EPOCHS)
    ends: list[float] = []
    fit(model, log_mels, np.arange(n_tracks) % 10, config=config, report=lambda _: ends.append(time.process_time()))
    return (ends[-1] - ends[0]) / _EPOCHS


def _judge(folder: Path, n_tracks: int) -> float:
    """Seconds to judge the tracks, as after every epoch those of `valid`, on one thread."""
    from genre_lib.training.trainer import clip_logits

    model, log_mels = _network_and_cache(folder, n_tracks)
    clip_logits(model, log_mels[0])
    began = time.process_time()
    for log_mel in log_mels:
        clip_logits(model, log_mel)
    return time.process_time() - began


def _network_and_cache(folder: Path, n_tracks: int) -> tuple[Any, Sequence[Any]]:
    from genre_lib.audio.front_end import FrontEnd
    from genre_lib.datasets.feature_cache import CachedLogMels, FeatureCache
    from genre_lib.networks import build
    from genre_lib.networks.tensorflow_setup import tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    cache = FeatureCache(folder, FrontEnd())
    keys = [f"{number % 256:02x}{number:062x}" for number in range(n_tracks)]
    noise = np.random.default_rng(0).normal(-40, 15, (_TRACK_FRAMES, cache.front_end.n_mels)).astype(np.float32)
    for key in keys:
        cache.path(key).parent.mkdir(parents=True, exist_ok=True)
        np.save(cache.path(key), noise)
    return build("residual", n_genres=10, n_mels=cache.front_end.n_mels), CachedLogMels(cache, keys)


def _main(work: str, n_tracks: str, songs: str, folder: str) -> None:
    used_s = _work(work, int(n_tracks), Path(songs), Path(folder))
    print(used_s, greatest_memory_mb())


if __name__ == "__main__":
    _main(*sys.argv[1:])
