"""Tagging a library: songs a minute beside hearing alone, memory as it grows, and kills on the way."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.measuring import LeftOut, Row, clips, greatest_memory_mb
from genre_lib.batch import Journal, predict_into
from genre_lib.inference.model import load_model

# Files of a second each.
GROWTH = (250, 1000, 4000)
_KILLS = 3


def run() -> list[Row]:
    """Hear and tag copies of the clips, then many small files."""
    try:
        import mutagen  # noqa: F401
    except ImportError as error:
        raise LeftOut("it needs mutagen: install the extra `tags`.") from error
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        return [*_beside_hearing(folder), *_growth(folder), *_killed(folder)]


def _beside_hearing(folder: Path) -> list[Row]:
    (folder / "clips").mkdir()
    sources = clips(folder / "clips")
    ratios, tagged_s, written_s = [], [], []
    for i in range(3):
        songs = folder / f"songs{i}"
        songs.mkdir()
        for source in sources:
            shutil.copyfile(source, songs / source.name)
        heard_s = _hear(sorted(songs.iterdir()), folder / f"heard{i}")
        tagged_s.append(_tag(songs, folder / f"fresh{i}", folder / f"changes{i}"))
        ratios.append(tagged_s[-1] / heard_s)
        _tag(songs, folder / f"fresh{i}", folder / f"changes{i}", "--undo")
        written_s.append(_tag(songs, folder / f"fresh{i}", folder / f"changes{i}"))
    n, journal = len(sources), (folder / "changes0").stat().st_size
    return [
        Row("songs of 30 s a minute, heard and tagged", 60 * n / sorted(tagged_s)[1], "/min"),
        Row("heard and tagged against heard alone, in time", sorted(ratios)[1], "x"),
        Row("songs a minute, tagged from what is known", 60 * n / sorted(written_s)[1], "/min"),
        Row("journal of changes, a song", journal / n / 1000, "kB"),
    ]


def _growth(folder: Path) -> list[Row]:
    measured = {}
    for n in GROWTH:
        songs = _small_files(folder / f"small{n}", n)
        command = [sys.executable, "-m", "benchmarks.tag", str(songs), str(folder / f"state{n}")]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        measured[n] = tuple(map(float, answer.stdout.split()[-2:]))
    base_s, base_mb = measured[GROWTH[0]]
    rows = [
        Row(f"small files a minute, of {GROWTH[0]}", 60 * GROWTH[0] / base_s, "/min"),
        Row(f"greatest memory of tagging {GROWTH[0]} files", base_mb, "MB"),
    ]
    for n in GROWTH[1:]:
        took_s, mb = measured[n]
        factor = n // GROWTH[0]
        rows.append(Row(f"time of {factor} x the files", took_s / base_s, "x", note="linear is the factor"))
        rows.append(Row(f"memory of {factor} x the files", mb / base_mb, "x", aim="about 1"))
    return rows


def _killed(folder: Path) -> list[Row]:
    """Small files, with a kill at each quarter of them."""
    n = GROWTH[1]
    songs, state = _small_files(folder / "killed", n), folder / "killed-state"
    command = [sys.executable, "-m", "benchmarks.tag", str(songs), str(state)]
    for kill in range(1, _KILLS + 1):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(n * kill // (_KILLS + 1)):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    subprocess.run(command, capture_output=True, check=True)
    with Journal(state / "heard", load_model().card) as journal:
        counts = journal.times_computed().values()
    return [
        Row(f"files heard, of {n}, after {_KILLS} kills", len(counts), "", aim=f"at least {n}"),
        Row("files heard twice", sum(count > 1 for count in counts), "", aim="at most 0"),
    ]


def _small_files(folder: Path, n: int) -> Path:
    folder.mkdir()
    rng = np.random.default_rng(0)
    first = folder / "0.flac"
    soundfile.write(first, 0.1 * rng.standard_normal(22050), 22050)
    for i in range(1, n):
        shutil.copyfile(first, folder / f"{i}.flac")
    return folder


def _hear(paths: list[Path], journal: Path) -> float:
    began = time.perf_counter()
    with Journal(journal, load_model().card) as opened:
        for _ in predict_into(opened, paths):
            pass
    return time.perf_counter() - began


def _tag(songs: Path, heard: Path, changes: Path, what: str = "--write") -> float:
    from genre_lib import cli

    began = time.perf_counter()
    with _quiet():
        cli.main(["tag", str(songs), what, "--journal", str(heard), "--changes", str(changes)])
    return time.perf_counter() - began


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def _tag_all(songs: str, state: str) -> None:
    """Tag a folder, scores too, since what sounds like nothing gets no genre; prints the time and greatest memory."""
    from genre_lib import cli

    os.makedirs(state, exist_ok=True)
    began = time.perf_counter()
    options = ["--write", "--scores", "--journal", f"{state}/heard", "--changes", f"{state}/changes"]
    cli.main(["tag", songs, *options])
    print(time.perf_counter() - began, greatest_memory_mb())


if __name__ == "__main__":
    _tag_all(*sys.argv[1:])
