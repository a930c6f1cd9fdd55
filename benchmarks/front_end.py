"""Decoding and log-mel against librosa, one process, one thread, on the same clips in three formats."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import librosa
import numpy as np

from benchmarks.measuring import Row, clips, paired_ratio
from genre_lib.audio.decoding import load_audio
from genre_lib.audio.front_end import FrontEnd


def run() -> list[Row]:
    """Time both ways over the same clips, in turn; decoding flac is libFLAC's work in both."""
    front_end = FrontEnd()
    with tempfile.TemporaryDirectory() as folder:
        paths = clips(Path(folder))
        rows = _compare("66 clips, flac", paths, front_end)
        rows += _compare("wav", _encoded(paths[::5], Path(folder), "wav"), front_end)
        if shutil.which("ffmpeg"):
            songs = _encoded(paths[::5], Path(folder), "mp3", "-ar", "44100", "-ac", "2", "-b:a", "128k")
            rows += _compare("mp3 44.1 kHz stereo", songs, front_end)
        samples = [load_audio(path, front_end.sample_rate) for path in paths[::5]]
    theirs_s, _, ratio = paired_ratio(
        lambda: [_librosa_mel(values, front_end) for values in samples],
        lambda: [front_end.log_mel(values) for values in samples],
    )
    return [*rows, Row(f"log-mel alone: librosa {1000 * theirs_s / len(samples):.1f} ms", ratio, "x", aim="at least 2")]


def _compare(name: str, paths: Sequence[Path], front_end: FrontEnd) -> list[Row]:
    def theirs() -> None:
        for path in paths:
            samples, _ = librosa.load(path, sr=front_end.sample_rate)
            _librosa_mel(samples, front_end)

    def ours() -> None:
        for path in paths:
            front_end.log_mel(load_audio(path, front_end.sample_rate))

    theirs_s, ours_s, ratio = paired_ratio(theirs, ours, repeats=3)
    theirs_ms, ours_ms = 1000 * theirs_s / len(paths), 1000 * ours_s / len(paths)
    return [Row(f"decode + log-mel, {name}: {theirs_ms:.1f} ms to {ours_ms:.1f} ms", ratio, "x", aim="at least 2")]


def _librosa_mel(samples: np.ndarray, front_end: FrontEnd) -> None:
    librosa.feature.melspectrogram(y=samples, sr=front_end.sample_rate, hop_length=front_end.hop_length, center=False)


def _encoded(paths: Sequence[Path], folder: Path, extension: str, *options: str) -> list[Path]:
    out = [folder / f"{path.stem}.{extension}" for path in paths]
    for source, path in zip(paths, out, strict=True):
        if extension == "wav":
            import soundfile

            soundfile.write(path, *soundfile.read(source))
        else:
            subprocess.run(["ffmpeg", "-v", "error", "-i", str(source), *options, str(path)], check=True)
    return out
