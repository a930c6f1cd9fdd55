"""Hours of microphone, a line a minute: `python -m tests.page.microphone_hours --minutes 120`.

What the page's processes hold and use while live sound flows, read from the kernel and from Chromium itself. The first
minutes compile and fill caches; whether anything grows shows from there on.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import soundfile
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from genre_lib.audio.synthesis.sound import SAMPLE_RATE
from genre_lib.datasets.demo import synthesise_medley
from tests.page import serving
from tests.page.conftest import convert
from tests.page.visitor import Visitor, launch

MB = 1e6
_TICKS = os.sysconf("SC_CLK_TCK")
# How Linux names the threads of a renderer; the first is the main thread.
_THREADS = {
    "main": "chrom",
    "compositor": "Compositor",
    "raster": "ThreadPoolForeg",
    "worker": "DedicatedWorker",
    "audio": "Realtime Audio",
}
_ALLOCATORS = ("v8/main", "v8/workers", "blink_gc", "malloc", "partition_alloc", "cc", "canvas")


def renderer_of(browser: Browser, page: Page) -> int:
    """The process that runs the page: of all renderers the one that is busy when the page is."""
    devtools = browser.new_browser_cdp_session()

    def times() -> dict[int, float]:
        found = devtools.send("SystemInfo.getProcessInfo")["processInfo"]
        return {each["id"]: each["cpuTime"] for each in found if each["type"] == "renderer"}

    before = times()
    page.evaluate("() => { const end = performance.now() + 300; while (performance.now() < end); }")
    after = times()
    devtools.detach()
    return max(after, key=lambda pid: after[pid] - before.get(pid, 0.0))


def processes(browser: Browser) -> dict[str, list[int]]:
    """Process ids by what they are for: browser, renderer, GPU and the rest."""
    devtools = browser.new_browser_cdp_session()
    found: dict[str, list[int]] = {}
    for each in devtools.send("SystemInfo.getProcessInfo")["processInfo"]:
        found.setdefault(each["type"], []).append(each["id"])
    devtools.detach()
    return found


def seconds_by_thread(pid: int) -> dict[str, float]:
    """Processor time, in seconds, of a renderer's threads since they began, and of all together."""
    spent = dict.fromkeys(_THREADS, 0.0) | {"all": 0.0}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            name, _, fields = (task / "stat").read_text().partition("(")[2].rpartition(")")
        except FileNotFoundError:
            continue
        user, system = fields.split()[11:13]
        seconds = (int(user) + int(system)) / _TICKS
        spent["all"] += seconds
        for thread, beginning in _THREADS.items():
            if name.startswith(beginning) and (thread != "main" or task.name == str(pid)):
                spent[thread] += seconds
    return spent


def megabytes(pid: int) -> dict[str, float]:
    """What a process holds: `private` is its own, `rss` counts what it shares too."""
    sizes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, rest = line.partition(":")
        sizes[name] = int(rest.split()[0]) * 1024 / MB
    return {"private": sizes["Private_Dirty"] + sizes["Private_Clean"], "rss": sizes["Rss"]}


class Watch:
    """Reads everything there is to read about a page that listens."""

    def __init__(self, browser: Browser, page: Page) -> None:
        self._browser = browser
        self._page = page
        self._devtools: CDPSession = page.context.new_cdp_session(page)
        self._pid = renderer_of(browser, page)
        self._others = {kind: pids[0] for kind, pids in processes(browser).items() if kind in ("browser", "GPU")}
        self._devtools.send("Performance.enable")
        self._before = self._spent()
        self._at = time.monotonic()

    def row(self) -> dict[str, float]:
        """Since the last row: seconds of processor a minute. Now: megabytes, milliseconds, counts."""
        spent, now = self._spent(), time.monotonic()
        minutes = (now - self._at) / 60
        used = {f"{name}_s_per_min": (spent[name] - self._before[name]) / minutes for name in spent}
        self._before, self._at = spent, now
        metrics = {each["name"]: each["value"] for each in self._devtools.send("Performance.getMetrics")["metrics"]}
        held = {f"renderer_{name}_mb": size for name, size in megabytes(self._pid).items()}
        for kind, pid in self._others.items():
            held[f"{kind.lower()}_private_mb"] = megabytes(pid)["private"]
        account = allocators(self._browser, self._pid)
        held |= {f"{name.replace('/', '_')}_mb": account.get(name, 0.0) for name in _ALLOCATORS}
        return {
            "delay_ms": float(self._page.locator("html").get_attribute("data-delay") or "nan"),
            **held,
            "heap_mb": metrics["JSHeapUsedSize"] / MB,
            "nodes": metrics["Nodes"],
            "listeners": metrics["JSEventListeners"],
            **used,
        }

    def _spent(self) -> dict[str, float]:
        spent = seconds_by_thread(self._pid)
        for kind, pid in self._others.items():
            spent[kind.lower()] = seconds_by_thread(pid)["all"]
        return spent


def allocators(browser: Browser, renderer: int, detail: str = "light") -> dict[str, float]:
    """Chromium's own account of what the page's renderer holds: megabytes by allocator."""
    devtools = browser.new_browser_cdp_session()
    events: list[dict[str, Any]] = []
    ended: list[bool] = []
    devtools.on("Tracing.dataCollected", lambda event: events.extend(event["value"]))
    devtools.on("Tracing.tracingComplete", lambda _: ended.append(True))
    config = {"includedCategories": ["disabled-by-default-memory-infra"], "memoryDumpConfig": {"triggers": []}}
    devtools.send("Tracing.start", {"traceConfig": config, "transferMode": "ReportEvents"})
    devtools.send("Tracing.requestMemoryDump", {"levelOfDetail": detail})
    devtools.send("Tracing.end")
    while not ended:
        browser.contexts[0].pages[0].wait_for_timeout(50)
    devtools.detach()
    found: dict[str, float] = {}
    for event in events:
        if event.get("ph") not in ("v", "V") or event["pid"] != renderer:
            continue
        for name, dump in event["args"]["dumps"].get("allocators", {}).items():
            sizes = dump.get("attrs", {})
            size = sizes.get("effective_size") or sizes.get("size")
            if size:
                found[name] = int(size["value"], 16) / MB
    return found


def main() -> int:
    """Write a CSV with a row for each minute."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=120)
    parser.add_argument("--out", type=Path, default=serving.REPOSITORY / "reports/microphone-hours.csv")
    parser.add_argument("--page", type=Path, help="a built page; default: built anew")
    parser.add_argument(
        "--dumps", type=int, nargs="*", default=[], help="minutes after which Chromium's account is kept"
    )
    options = parser.parse_args()
    reason = serving.missing()
    if reason:
        print(f"Nothing was measured: it {reason}.")
        return 0
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        soundfile.write(scratch / "song.wav", synthesise_medley(seconds=240.0)[0], SAMPLE_RATE)
        convert(scratch / "song.wav", scratch / "microphone.wav", "-ar", "48000", "-ac", "1")
        if options.page is None:
            serving.build(scratch / "page")
        page = options.page or scratch / "page"
        with serving.nginx(page, scratch) as site, sync_playwright() as playwright:
            browser = launch(playwright, scratch / "microphone.wav")
            visitor = Visitor.arrive(browser, site.address, permissions=["microphone"]).open()
            visitor["microphone"].click()
            visitor.page.wait_for_selector("html[data-delay]", state="attached")
            watch = Watch(browser, visitor.page)
            with options.out.open("w", newline="") as file:
                writer = None
                for minute in range(1, options.minutes + 1):
                    visitor.page.wait_for_timeout(60_000)
                    row = {"minute": minute, **{name: round(value, 2) for name, value in watch.row().items()}}
                    writer = writer or csv.DictWriter(file, list(row))
                    if minute == 1:
                        writer.writeheader()
                    writer.writerow(row)
                    file.flush()
            visitor["stop"].click()
            visitor.wait_until_heard()
            browser.close()
    print(f"a line for each minute is in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
