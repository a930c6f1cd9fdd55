"""How fast the page is: `python -m tests.page.bench`. Medians; the machine's load is part of them."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import soundfile
from playwright.sync_api import sync_playwright

from genre_lib.audio.synthesis.sound import SAMPLE_RATE
from genre_lib.datasets.demo import synthesise_medley
from tests.page import serving
from tests.page.conftest import convert
from tests.page.visitor import Visitor, launch


def measure(scratch: Path, repeats: int) -> dict[str, Any]:
    """Everything that is measured, by name and with its unit in the name."""
    samples, _ = synthesise_medley(seconds=240.0)
    soundfile.write(scratch / "song.wav", samples, SAMPLE_RATE)
    convert(scratch / "song.wav", scratch / "song.mp3", "-ar", "44100", "-ac", "2", "-b:a", "192k")
    convert(scratch / "song.wav", scratch / "microphone.wav", "-ar", "48000", "-ac", "1", "-t", "60")
    serving.build(scratch / "page")
    with serving.nginx(scratch / "page", scratch) as site, sync_playwright() as playwright:
        browser = launch(playwright, scratch / "microphone.wav")
        visitor = Visitor.arrive(browser, site.address, permissions=["microphone"]).open()
        visitor.page.evaluate("async () => { await navigator.serviceWorker.ready; }")
        wire = site.bytes_sent()
        songs = [hear(visitor, scratch / "song.mp3") for _ in range(repeats)]
        delays = [listen(visitor) for _ in range(max(1, repeats // 2))]
        browser.close()
    names = songs[0]
    return {
        "four_minute_mp3": {name: round(statistics.median(song[name] for song in songs), 1) for name in names},
        "microphone_to_curve_ms": statistics.median(delays),
        "first_visit_bytes": sum(wire.values()),
        "first_visit_largest": dict(sorted(wire.items(), key=lambda item: -item[1])[:6]),
    }


def hear(visitor: Visitor, file: Path) -> dict[str, float]:
    """Milliseconds from the choice of a file to its first and to its finished curve, and what took them."""
    visitor.hear(file)
    marks = visitor.page.evaluate(
        "() => Object.fromEntries(performance.getEntriesByType('mark').map(m => [m.name, [m.startTime, m.detail]]))"
    )
    opened = marks["genre:opened"][0]
    spent = marks["genre:finished"][1]
    return {
        "to_first_curve_ms": marks["genre:first-curve"][0] - opened,
        "to_finished_curve_ms": marks["genre:finished"][0] - opened,
        **{f"{stage}_ms": value for stage, value in spent.items()},
    }


def listen(visitor: Visitor) -> float:
    """Median milliseconds from the last sample that a step hears to the frame that shows it."""
    visitor["microphone"].click()
    visitor.page.wait_for_selector("html[data-delay]", state="attached")
    visitor.page.wait_for_timeout(10_000)
    delay = float(visitor.page.locator("html").get_attribute("data-delay") or "nan")
    visitor["stop"].click()
    return delay


def main() -> int:
    """Print what was measured and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=serving.REPOSITORY / "reports/page-bench.json")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    reason = serving.missing()
    if reason:
        print(f"The page's speed was not measured: it {reason}.")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(Path(folder), options.repeats)
    print(json.dumps(measured, indent=1))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(measured, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
