"""The built page behind nginx, in every engine that is here: a 4-minute mp3, the microphone, a first visit."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.measuring import LeftOut, Row
from tests.page import bench, engines, serving


def run() -> list[Row]:
    """Medians of what the page itself marks; left out where nginx or Chromium is missing."""
    if reason := serving.missing():
        raise LeftOut(f"it {reason}.")
    with tempfile.TemporaryDirectory() as folder:
        others = [name for name in engines.NAMES if engines.missing(name) is None]
        measured = bench.measure(Path(folder), repeats=3, others=others)
    aims = {"to_first_curve_ms": "at most 1", "to_finished_curve_ms": "at most 0.8"}
    song = measured["four_minute_mp3"]
    rows = [
        Row(f"4-minute mp3, {name.removesuffix('_ms').replace('_', ' ')}", value / 1000, "s", aim=aims.get(name, ""))
        for name, value in song.items()
    ]
    for name, found in measured["engines"].items():
        aim = "at most 2.5" if name == "firefox" else ""
        finished = found["to_finished_curve_ms"] / 1000
        rows.append(Row(f"4-minute mp3, {engines.NAMES[name]}, to finished curve", finished, "s", aim=aim))
    live = measured["live_s_per_min"]
    drawing = (live["main"] + live["compositor"] + live["raster"] + live["gpu"]) / 60
    return [
        *rows,
        Row("microphone to curve, median", measured["microphone_to_curve_ms"], "ms", aim="at most 150"),
        Row("drawing live sound, share of a core", 100 * drawing, "%", aim="at most 10"),
        Row("first paint", measured["first_paint_ms"] / 1000, "s", aim="at most 0.3"),
        Row("layout shift on load and while hearing", measured["layout_shift"], "", aim="at most 0.02"),
        Row("first visit over the wire", measured["first_visit_bytes"] / 1e6, "MB", aim="at most 1.1"),
    ]
