"""The built page in headless Chromium behind nginx: a 4-minute mp3, the microphone, bytes over the wire."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.measuring import LeftOut, Row
from tests.page import bench, serving


def run() -> list[Row]:
    """Medians of what the page itself marks; left out where nginx or Chromium is missing."""
    if reason := serving.missing():
        raise LeftOut(f"it {reason}.")
    with tempfile.TemporaryDirectory() as folder:
        measured = bench.measure(Path(folder), repeats=3)
    aims = {"to_first_curve_ms": "at most 1", "to_finished_curve_ms": "at most 3"}
    song = measured["four_minute_mp3"]
    rows = [
        Row(f"4-minute mp3, {name.removesuffix('_ms').replace('_', ' ')}", value / 1000, "s", aim=aims.get(name, ""))
        for name, value in song.items()
    ]
    return [
        *rows,
        Row("microphone to curve, median", measured["microphone_to_curve_ms"], "ms", aim="at most 150"),
        Row("first visit over the wire", measured["first_visit_bytes"] / 1e6, "MB", aim="at most 1.2"),
    ]
