"""Damaged recordings through one batch in worker processes, and what ffmpeg's program hears of them.

`python -m tests.fuzz.recordings N [SEED]` prints its counts and ends with status 1 at a fault (`make fuzz N=500`).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from genre_lib.batch.predict import Prediction, Result, predict_file
from genre_lib.executors import ProcessExecutor
from tests.fuzz.damage import SECONDS, damaged, good_files

SLOWEST_S = 10.0
# What ffmpeg may hear of a file that is refused.
HEARD_S = 1.0
# Headers that ask for what is refused on purpose: ffmpeg hears such files at whatever rate they claim.
_ON_PURPOSE = ("a second has", "channels: at most", "not numbers")


@dataclass
class Outcome:
    """What became of the damaged files.

    Attributes
    ----------
    n : int
    answered, warned, refused : int
        Files with an answer; of these those with a warning; files with a sentence instead.
    crashed, slow, deaf : list of str
        Files at which a worker ended or an error was not foreseen, that took too long, and of which ffmpeg hears more
        than was heard here.
    slowest_s : float [s]
    by_way : counter of str
        Refused files by what was done to them.
    unsaid : counter of str
        Answers about a second less than there was, without a warning, by format: some formats cannot tell.
    """

    n: int = 0
    answered: int = 0
    warned: int = 0
    refused: int = 0
    crashed: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    deaf: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    by_way: Counter[str] = field(default_factory=Counter)
    unsaid: Counter[str] = field(default_factory=Counter)

    @property
    def ok(self) -> bool:
        """Whether every file was answered or refused as it should be."""
        return not (self.crashed or self.slow or self.deaf)

    def to_text(self) -> str:
        """The counts, and every fault."""
        lines = [
            f"{self.n} damaged recordings: {self.answered} answered ({self.warned} with a warning), {self.refused} "
            f"refused ({', '.join(f'{count} {way}' for way, count in self.by_way.most_common()) or 'none'})",
            f"{len(self.crashed)} crashed, {len(self.slow)} longer than {SLOWEST_S:g} s of processor (longest "
            f"{self.slowest_s:.1f} s); {sum(self.unsaid.values())} shorter by a second without a warning "
            f"({', '.join(self.unsaid)})",
            f"{len(self.deaf)} of which ffmpeg hears more than {HEARD_S:g} s and we do not",
        ]
        return "\n".join([*lines, *self.crashed, *self.slow, *self.deaf])


def fuzz(n: int, seed: int, folder: Path, *, workers: int = 2) -> Outcome:
    """Damage `n` files into `folder` and hear them."""
    (folder / "good").mkdir()
    good = good_files(folder / "good")
    paths, ways = [], []
    for i, (which, way, content) in enumerate(damaged([path.read_bytes() for path in good], n, seed)):
        path = folder / f"{i:04d}-{way}-{good[which].name}"
        path.write_bytes(content)
        paths.append(path)
        ways.append(way)
    outcome = Outcome(n)
    with ProcessExecutor(workers) as executor:
        for heard in executor.map(_timed, paths):
            path = paths[heard.index]
            if heard.failure is not None:
                outcome.crashed.append(f"crashed: {path.name}: {heard.failure.message}")
                continue
            assert heard.value is not None
            result, seconds = heard.value
            outcome.slowest_s = max(outcome.slowest_s, seconds)
            if seconds > SLOWEST_S:
                outcome.slow.append(f"slow: {path.name}: {seconds:.1f} s")
            _sort_in(outcome, result, path, ways[heard.index])
    return outcome


def _sort_in(outcome: Outcome, result: Result, path: Path, way: str) -> None:
    heard_s = 0.0
    if isinstance(result, Prediction):
        outcome.answered += 1
        outcome.warned += result.curve.warning is not None
        heard_s = result.curve.duration_s
        if heard_s < SECONDS - 1 and result.curve.warning is None:
            outcome.unsaid[path.name.split("-", 1)[1]] += 1
    else:
        outcome.refused += 1
        outcome.by_way[way] += 1
        if "\n" in result.error or str(path) not in result.error or any(part in result.error for part in _ON_PURPOSE):
            if "\n" in result.error or str(path) not in result.error:
                outcome.crashed.append(f"no sentence: {path.name}: {result.error}")
            return
    beyond_s = heard_by_ffmpeg(path) - heard_s
    if beyond_s > HEARD_S:
        said = result.curve.warning if isinstance(result, Prediction) else result.error
        outcome.deaf.append(f"deaf: {path.name}: {heard_s:.2f} s here, {beyond_s:.2f} s more by ffmpeg ({said})")


def heard_by_ffmpeg(path: Path) -> float:
    """Seconds of sound that ffmpeg's program decodes of a file."""
    command = ["ffmpeg", "-v", "quiet", "-nostdin", "-i", f"file:{path}", "-map", "0:a:0", "-t", "60"]
    command += ["-ac", "1", "-ar", "8000", "-f", "s16le", "pipe:1"]
    try:
        return len(subprocess.run(command, capture_output=True, timeout=60, check=False).stdout) / 16000
    except subprocess.TimeoutExpired:
        return 0.0


def _timed(path: Path) -> tuple[Result, float]:
    # Of the processor: a busy machine makes everything slow.
    began = time.process_time()
    return predict_file(path), time.process_time() - began


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        found = fuzz(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0, Path(folder))
    print(found.to_text())
    sys.exit(not found.ok)
