"""How fast the page is: `python -m tests.page.bench`. Medians; the machine's load is part of them."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import soundfile
from playwright.sync_api import Browser, sync_playwright

from genre_lib.audio.synthesis.sound import SAMPLE_RATE
from genre_lib.datasets.demo import synthesise_medley
from tests.page import engines, in_docs, serving
from tests.page.conftest import convert
from tests.page.microphone_hours import Watch
from tests.page.visitor import Visitor, launch

WIDTHS = {390: 844, 1366: 650, 1440: 900}
LIVE_S = 30
_MARKS = """JSON.stringify(Object.fromEntries(
  performance.getEntriesByType('mark').map(({ name, startTime, detail }) => [name, [startTime, detail]])))"""
_FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
_WATCH_SHIFTS = """
  window.shift = 0;
  new PerformanceObserver(list => { for (const entry of list.getEntries()) window.shift += entry.value; })
    .observe({ type: 'layout-shift', buffered: true });
"""


def measure(scratch: Path, repeats: int, others: Iterable[str] = ()) -> dict[str, Any]:
    """Everything that is measured, by name and with its unit in the name; `others` are engines beside Chromium."""
    samples, _ = synthesise_medley(seconds=240.0)
    song = scratch / "song.mp3"
    soundfile.write(scratch / "song.wav", samples, SAMPLE_RATE)
    convert(scratch / "song.wav", song, "-ar", "44100", "-ac", "2", "-b:a", "192k")
    convert(scratch / "song.wav", scratch / "microphone.wav", "-ar", "48000", "-ac", "1", "-t", "60")
    serving.build(scratch / "page")
    with serving.nginx(scratch / "page", scratch) as site:
        with sync_playwright() as playwright:
            browser = launch(playwright, scratch / "microphone.wav")
            visitor = Visitor.arrive(browser, site.address, permissions=["microphone"]).open()
            visitor.page.evaluate("async () => { await navigator.serviceWorker.ready; }")
            wire = site.bytes_sent()
            songs = [hear(visitor, song) for _ in range(repeats)]
            delays = [listen(visitor) for _ in range(max(1, repeats // 2))]
            live = processor(browser, visitor)
            arrivals = [arrive(browser, site.address, song, *size) for size in WIDTHS.items() for _ in range(repeats)]
            browser.close()
        found = {name: in_engine(name, site.address, song, repeats, scratch) for name in others}
    return {
        "four_minute_mp3": medians(songs),
        "microphone_to_curve_ms": statistics.median(delays),
        "live_s_per_min": live,
        "first_paint_ms": round(statistics.median(each["first_paint_ms"] for each in arrivals)),
        "layout_shift": round(max(each["layout_shift"] for each in arrivals), 4),
        "first_visit_bytes": sum(wire.values()),
        "first_visit_largest": dict(sorted(wire.items(), key=lambda item: -item[1])[:6]),
        "engines": found,
    }


def medians(measured: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.median(each[name] for each in measured), 1) for name in measured[0]}


def hear(visitor: Visitor, file: Path) -> dict[str, float]:
    """Milliseconds from the choice of a file to its first and to its finished curve, and what took them."""
    visitor.hear(file)
    return from_marks(json.loads(visitor.page.evaluate(_MARKS)))


def from_marks(marks: dict[str, Any]) -> dict[str, float]:
    """What the page notes of a song that was heard, as milliseconds by name."""
    opened = marks["genre:opened"][0]
    return {
        "to_first_curve_ms": marks["genre:first-curve"][0] - opened,
        "to_finished_curve_ms": marks["genre:finished"][0] - opened,
        **{f"{stage}_ms": value for stage, value in marks["genre:finished"][1].items()},
    }


def listen(visitor: Visitor) -> float:
    """Median milliseconds from the last sample that a step hears to the frame that shows it."""
    visitor["microphone"].click()
    visitor.page.wait_for_selector("html[data-delay]", state="attached")
    visitor.page.wait_for_timeout(10_000)
    delay = float(visitor.page.locator("html").get_attribute("data-delay") or "nan")
    visitor["stop"].click()
    return delay


def processor(browser: Browser, visitor: Visitor) -> dict[str, float]:
    """Seconds of processor a minute while the microphone's full picture flows, by thread and process."""
    visitor["microphone"].click()
    # A fresh picture fills for this long before it flows.
    visitor.page.wait_for_timeout(50_000)
    watch = Watch(browser, visitor.page)
    visitor.page.wait_for_timeout(1000 * LIVE_S)
    row = watch.row()
    visitor["stop"].click()
    return {
        name.removesuffix("_s_per_min"): round(value, 2) for name, value in row.items() if name.endswith("_s_per_min")
    }


def arrive(browser: Browser, address: str, song: Path, width: int, height: int) -> dict[str, float]:
    """A first visit: when something is seen, and how far it jumps on loading and on hearing a song."""
    visitor = Visitor.arrive(browser, address, viewport={"width": width, "height": height})
    visitor.context.add_init_script(_WATCH_SHIFTS)
    visitor.open()
    painted = float(visitor.page.evaluate(_FIRST_PAINT))
    visitor.choose(song)
    visitor.wait_until_heard()
    visitor.wait_a_moment()
    shift = float(visitor.page.evaluate("window.shift"))
    visitor.context.close()
    return {"first_paint_ms": painted, "layout_shift": shift}


def in_engine(name: str, address: str, song: Path, repeats: int, scratch: Path) -> dict[str, float]:
    """The same of another engine, as far as it can be asked."""
    folder = scratch / name
    folder.mkdir()
    with engines.started(name, folder) as engine:
        engine.open(address)
        painted = float(engine.value(_FIRST_PAINT) or "nan")
        songs = []
        for _ in range(repeats):
            engine.choose(song)
            engine.until("document.documentElement.dataset.heard === 'whole'", engines.HEARD_S)
            songs.append(from_marks(json.loads(engine.value(_MARKS))))
    return {**medians(songs), "first_paint_ms": round(painted)}


def docs_lines(measured: dict[str, Any]) -> list[str]:
    """What was measured as tables for the documentation."""
    chromium = measured["four_minute_mp3"] | {"first_paint_ms": measured["first_paint_ms"]}
    by_engine = {"Chromium": chromium, **{engines.NAMES[name]: each for name, each in measured["engines"].items()}}
    aims = {"to_finished_curve_ms": {"Chromium": 0.8, "Firefox": 2.5}, "first_paint_ms": {"Chromium": 0.3}}
    names = {
        "first_paint_ms": "first paint",
        "to_first_curve_ms": "to the first curve",
        "to_finished_curve_ms": "to the finished curve",
        "decoding_ms": "in the worker that decodes: reading, decoding, mixing",
        "resampling_ms": "in the one that listens: resampling",
        "mel_ms": "log-mel",
        "network_ms": "network",
    }
    rows = [
        [words, ", ".join(f"{engine} {aim} s" for engine, aim in aims.get(name, {}).items())]
        + [f"{each[name] / 1000:.2f} s" for each in by_engine.values()]
        for name, words in names.items()
    ]
    live = measured["live_s_per_min"]
    drawing = live["main"] + live["compositor"] + live["raster"] + live["gpu"]
    rest = [
        ["layout shift, load and hearing, worst of three widths", "0.02", f"{measured['layout_shift']:.3f}"],
        ["first visit over the wire", "1.1 MB", f"{measured['first_visit_bytes'] / 1e6:.2f} MB"],
        ["microphone to curve", "", f"{measured['microphone_to_curve_ms']:.0f} ms"],
        ["drawing live sound, share of a core", "10 %", f"{100 * drawing / 60:.1f} %"],
        ["hearing it (audio threads, worker)", "", f"{100 * (live['all'] + live['gpu'] - drawing) / 60:.1f} %"],
    ]
    return [
        *in_docs.table(["4-minute mp3", "aim", *by_engine], rows),
        "",
        *in_docs.table(["Chromium", "aim", "measured"], rest),
    ]


def main() -> int:
    """Print what was measured and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=serving.REPOSITORY / "reports/page-bench.json")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--engines", nargs="*", default=list(engines.NAMES), help="beside Chromium")
    parser.add_argument("--docs", action="store_true", help="put the tables into docs/page.md too")
    options = parser.parse_args()
    reason = serving.missing()
    if reason:
        print(f"The page's speed was not measured: it {reason}.")
        return 0
    others = [name for name in options.engines if not engines.left_out(name)]
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(Path(folder), options.repeats, others)
    print(json.dumps(measured, indent=1))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(measured, indent=1) + "\n")
    if options.docs:
        in_docs.put("speed", docs_lines(measured))
    return 0


if __name__ == "__main__":
    sys.exit(main())
