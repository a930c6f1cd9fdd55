"""The pictures in docs/images: report, dashboard and page as they are today, with recordings that anyone can fetch.

`python -m docs.generators.images` takes them anew. It needs the built page (`make web`), Chromium, and librosa's
examples: from the network, or from the folder that ``LIBROSA_DATA_DIR`` names.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright

from genre_lib.audio.decoding import load_audio
from genre_lib.dashboard.server import serving
from genre_lib.dashboard.settings import Settings
from genre_lib.datasets.examples import EXAMPLES, fetch_example
from genre_lib.figures.files import find_browser
from genre_lib.inference.model import load_model
from genre_lib.report.page import write_report
from genre_lib.serving.demo import page_served

FOLDER = Path(__file__).resolve().parents[1] / "images"
_PIECE_S = 30.0
_FADE_S = 0.05
_RATE = 22050
_PATIENCE_MS = 300_000


def main() -> int:
    """Take the three pictures; says what is missing where they cannot be taken."""
    songs = {example.key: fetch_example(example) for example in EXAMPLES}
    browser = find_browser()
    if None in songs.values() or browser is None:
        print("No pictures were taken: they need Chromium, and librosa's examples (LIBROSA_DATA_DIR, or a network).")
        return 1
    paths = {key: path for key, path in songs.items() if path is not None}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        joined = _joined(list(paths.values()), Path(folder))
        running = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        with _opened(running, 1200, 890) as page:
            _curve(page, joined)
        with _opened(running, 1280, 1000) as page, serving(Settings(), port=0) as dashboard:
            _dashboard(page, dashboard.url, paths["vibeace"])
        with _opened(running, 1280, 960) as page, page_served(0) as address:
            _page(page, address, joined)
        running.close()
    return 0


@contextmanager
def _opened(browser: Browser, width: int, height: int) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=1.25)
    page.set_default_timeout(_PATIENCE_MS)
    try:
        yield page
    finally:
        page.close()


def _joined(paths: list[Path], scratch: Path) -> Path:
    """The beginnings of all songs in a row."""
    song = scratch / "Four recordings in a row.wav"
    soundfile.write(song, np.concatenate([_beginning(path) for path in paths]), _RATE)
    return song


def _curve(page: Page, song: Path) -> None:
    report = write_report(load_model().curve(song), song, song.with_name("report.html"), title=song.stem)
    page.goto(report.as_uri())
    page.wait_for_timeout(500)
    _take(page, "curve")


def _beginning(path: Path) -> NDArray[np.float32]:
    piece = load_audio(path, _RATE)[: int(_PIECE_S * _RATE)].copy()
    fade = np.linspace(0, 1, int(_FADE_S * _RATE))
    piece[: len(fade)] *= fade
    piece[-len(fade) :] *= fade[::-1]
    return piece / max(1e-9, float(np.abs(piece).max())) * 0.9


def _dashboard(page: Page, address: str, song: Path) -> None:
    page.goto(address)
    page.locator(".genre-upload input").first.set_input_files(song)
    page.locator(".verdict").wait_for()
    page.wait_for_timeout(2000)
    _take(page, "dashboard")


def _page(page: Page, address: str, song: Path) -> None:
    # The page does not wait for its fonts: the second visit has them.
    page.goto(address, wait_until="networkidle")
    page.goto(address)
    page.wait_for_selector("html[data-model=ready]", state="attached")
    page.set_input_files("#file", song)
    page.wait_for_selector("html[data-heard=whole]", state="attached")
    page.wait_for_timeout(1000)
    _take(page, "page")


def _take(page: Page, name: str) -> None:
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    print(path.relative_to(FOLDER.parents[1]))


if __name__ == "__main__":
    sys.exit(main())
