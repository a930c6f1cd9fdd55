"""Five visitors of the dashboard at once, each with a song of their own: time to paint, to curve, memory a kernel."""

from __future__ import annotations

import shutil
import statistics
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.measuring import Row
from genre_lib.dashboard.server import Serving, serving
from genre_lib.dashboard.settings import Settings
from genre_lib.datasets.demo import make_demo

VISITORS = 5
_FLAGS = ("--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update")
_PATIENCE_MS = 180_000


def run() -> list[Row]:
    """Time what visitors wait for; without a browser only the memory of a warm kernel."""
    songs = [track.path for track in make_demo().data_set.tracks if track.path is not None][:: 100 // VISITORS]
    began = time.perf_counter()
    with serving(Settings(), port=0) as dashboard:
        rows = [Row("start until the first kernel is warm", time.perf_counter() - began, "s")]
        time.sleep(5)
        rows.append(Row("memory of a warm kernel", _largest(dashboard), "MB", aim="at most 200"))
        browser = shutil.which("chromium") or shutil.which("google-chrome")
        return rows + (_visits(dashboard, browser, songs[:VISITORS]) if browser else [])


def _visits(dashboard: Serving, browser: str, songs: list[Path]) -> list[Row]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser, args=list(_FLAGS))
        alone_ms = _painted(_arrive(running, dashboard.url))
        began = time.perf_counter()
        pages = [_arrive(running, dashboard.url, ready=False) for _ in songs]
        for page in pages:
            page.wait_for_selector(".genre-app")
        arrived_s = time.perf_counter() - began
        began = time.perf_counter()
        for page, song in zip(pages, songs, strict=True):
            page.locator(".genre-upload input").first.set_input_files(song)
        heard_s = []
        for page in pages:
            page.locator(".verdict").wait_for()
            heard_s.append(time.perf_counter() - began)
        rows = [
            Row("first paint, one visitor", alone_ms / 1000, "s", aim="at most 2"),
            Row(f"first paint, median of {len(pages)} at once", statistics.median(map(_painted, pages)) / 1000, "s"),
            Row(f"until all {len(pages)} can upload", arrived_s, "s"),
            Row(f"upload to curve, 10 s of music, median of {len(pages)}", statistics.median(heard_s), "s"),
            Row("upload to curve, the last of them", max(heard_s), "s"),
            Row("memory of the largest kernel that heard a song", _largest(dashboard), "MB", aim="at most 200"),
        ]
        running.close()
        return rows


def _arrive(browser: Any, url: str, *, ready: bool = True) -> Any:
    page = browser.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    page.goto(url, wait_until="commit")
    if ready:
        page.wait_for_selector(".genre-app")
    return page


def _painted(page: Any) -> float:
    """First contentful paint [ms]."""
    return float(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))


def _largest(dashboard: Serving) -> float:
    """Resident memory of the largest kernel [MB]."""
    kernels = [int(folder.name.split("-")[1]) for folder in dashboard.sessions.iterdir()]
    return max(psutil.Process(kernel).memory_info().rss for kernel in kernels if psutil.pid_exists(kernel)) / 1e6
