"""Tries dashboard and page as a visitor would: a real browser, a real song, the answer read from the screen."""

from __future__ import annotations

import shutil
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = ("--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update")
_PATIENCE_MS = 120_000


@dataclass(frozen=True)
class Probed:
    """What became of one address.

    Attributes
    ----------
    name : str
    worked : bool
    text : str
        The answer read from the screen, or what went wrong.
    """

    name: str
    worked: bool
    text: str

    def __str__(self) -> str:
        return f"{self.name:<22}{'' if self.worked else 'FAILED: '}{self.text}"


def probe(dashboard: str, page: str, song: Path) -> Iterator[Probed]:
    """Have a song heard at both addresses; without a browser see only that both answer, and say so."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    try:
        from playwright.sync_api import Error, sync_playwright
    except ModuleNotFoundError:
        browser = None
    if browser is None:
        yield _fetched("dashboard", dashboard)
        yield _fetched("page", page)
        return
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser, args=list(_FLAGS))
        listeners: tuple[tuple[str, str, Callable[[Any, str, Path], str]], ...] = (
            ("dashboard", dashboard, _dashboard),
            ("page", page, _page),
        )
        for name, address, listen in listeners:
            opened = running.new_page()
            opened.set_default_timeout(_PATIENCE_MS)
            try:
                yield Probed(name, True, listen(opened, address, song))
            except Error as error:
                yield Probed(name, False, str(error).splitlines()[0])
            finally:
                opened.close()
        running.close()


def _dashboard(opened: Any, address: str, song: Path) -> str:
    opened.goto(address)
    opened.locator(".genre-upload input").first.set_input_files(song)
    opened.locator(".verdict").wait_for()
    segments = opened.locator(".segments tbody tr").count()
    return f"{_words(opened.locator('.verdict').inner_text())}, {segments} segments"


def _page(opened: Any, address: str, song: Path) -> str:
    opened.goto(address)
    opened.wait_for_selector("html[data-model=ready]", state="attached")
    opened.set_input_files("#file", song)
    opened.wait_for_selector("html[data-heard=whole]", state="attached")
    # What a screen reader is told when hearing ends: the answer in one sentence.
    opened.wait_for_function("document.getElementById('announcer').textContent.trim() !== ''")
    return _words(opened.locator("#announcer").text_content() or "")


def _fetched(name: str, address: str) -> Probed:
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            text = f"{len(answer.read())} bytes; there is no browser here to hear a song with (install chromium)"
            return Probed(name, True, text)
    except OSError as error:
        return Probed(name, False, str(error))


def _words(text: str) -> str:
    return " ".join(text.split())
