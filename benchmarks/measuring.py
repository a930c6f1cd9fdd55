"""Measuring: medians of repeated calls, and rows for the report."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

# About a quarter of a second.
_COUNTED = 10_000_000


class LeftOut(Exception):
    """This machine lacks what a bench needs; the message is one sentence that says what."""


@dataclass(frozen=True)
class Row:
    """One line of the report: a value with its unit, what it is compared with, and whether it meets its aim.

    Attributes
    ----------
    name, value, unit : what was measured
    aim : "at least X", "at most X" or "about X", or none
    note : what else to know
    """

    name: str
    value: float
    unit: str
    aim: str = ""
    note: str = ""

    def __str__(self) -> str:
        aim = f"  (aim: {self.aim})" if self.aim else ""
        note = f"  {self.note}" if self.note else ""
        return f"{self.name:<58} {self.value:>10.3g} {self.unit:<6}{aim}{note}"

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self) | {"met": self.met}

    @property
    def met(self) -> bool | None:
        """Whether the value meets its aim ("about" allows a fifth); None where there is none."""
        if not self.aim:
            return None
        kind, limit = self.aim.rsplit(" ", 1)
        compare = {
            "at least": self.value >= float(limit),
            "at most": self.value <= float(limit),
            "about": abs(self.value - float(limit)) <= 0.2 * abs(float(limit)),
        }
        return compare[kind]


def seconds(function: Callable[[], object], *, repeats: int = 5, warm_up: int = 1) -> float:
    """Median time of a call in seconds."""
    for _ in range(warm_up):
        function()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def paired_ratio(
    slow: Callable[[], object], fast: Callable[[], object], *, repeats: int = 5
) -> tuple[float, float, float]:
    """Medians of both times and of the ratio slow / fast, measured in turn so that a drifting machine cancels out."""
    slow()
    fast()
    pairs = [(seconds(slow, repeats=1, warm_up=0), seconds(fast, repeats=1, warm_up=0)) for _ in range(repeats)]
    slow_s, fast_s = (statistics.median(times) for times in zip(*pairs, strict=True))
    return slow_s, fast_s, statistics.median(a / b for a, b in pairs)


def ceiling_of_two() -> float:
    """Twice the work on two processes against one, where nothing is shared: what this machine gives at the moment.

    Other programs, and cores that are two threads of one, leave less than 2; a bench on two cores is to be read by it.
    """
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(_count, [1, 1])
        ratios = []
        for _ in range(5):
            alone = seconds(lambda: [pool.apply(_count, (_COUNTED,)) for _ in range(2)], repeats=1, warm_up=0)
            both = seconds(lambda: pool.map(_count, [_COUNTED] * 2, chunksize=1), repeats=1, warm_up=0)
            ratios.append(alone / both)
    return statistics.median(ratios)


def _count(n: int) -> int:
    return sum(range(n))


def greatest_memory_mb() -> float:
    """Greatest memory that this process has held [MB]; `getrusage` would count that of the process that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def clips(folder: Path) -> list[Path]:
    """The 66 real clips where they are, else as many synthetic ones of the same length written to `folder`."""
    real = Path(__file__).resolve().parents[2] / "shared" / "data" / "gtzan-audio"
    if real.is_dir():
        return sorted(real.glob("*/*.flac"))
    rng = np.random.default_rng(0)
    paths = [folder / f"{number}.flac" for number in range(66)]
    for path in paths:
        soundfile.write(path, 0.1 * rng.standard_normal(22050 * 30), 22050)
    return paths
