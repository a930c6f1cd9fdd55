"""Figures on disk: interactive HTML that needs no network, and PNG and SVG drawn by a browser on this machine."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import shutil
import threading
import warnings
from collections.abc import Coroutine, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

FORMATS = ("html", "png", "svg")
WIDTH, HEIGHT, SCALE = 900, 500, 2
_TIMEOUT_S = 60
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")


def save_figure(figure: go.Figure, folder: str | Path, name: str, *, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write one figure; see `save_figures`."""
    return save_figures({name: figure}, folder, formats=formats)


def save_figures(
    figures: Mapping[str, go.Figure], folder: str | Path, *, formats: Sequence[str] = FORMATS
) -> list[Path]:
    """Write figures as `folder/NAME.html`, `.png` and `.svg`.

    Parameters
    ----------
    figures : mapping of name to figure
    folder : path
        Made if it is not there. All HTML files share one `plotly.min.js` in it, so that no page asks the network.
    formats : sequence of `html`, `png`, `svg`

    Returns
    -------
    list of Path
        What was written. Where no browser is found, or it fails, a warning says so in one sentence and the HTML files
        are all there is.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    if "html" in formats:
        for name, figure in figures.items():
            path = folder / f"{name}.html"
            figure.write_html(path, include_plotlyjs="directory", full_html=True, config={"displaylogo": False})
            written.append(path)
    images = [kind for kind in formats if kind != "html"]
    return written + _save_images(figures, folder, images) if images and figures else written


def draw_png(figure: go.Figure | Mapping[str, Any]) -> bytes | None:
    """A figure, or its content, as PNG; None where no browser is found, and with a warning where it fails.

    It is `WIDTH` pixels wide, times `SCALE`.
    """
    browser = find_browser()
    if browser is None:
        return None
    content = figure.to_dict() if isinstance(figure, go.Figure) else figure
    height = content.get("layout", {}).get("height")
    try:
        return _drawing_board(browser).png(content, _options("png", height))
    except Exception as error:
        _drawing_board.cache_clear()
        _warn(f"The browser {browser} could not draw a figure ({error}), so its output has no picture.")
        return None


def find_browser() -> str | None:
    """The Chromium-like browser that draws images; None where there is none."""
    from choreographer.browsers.chromium import Chromium

    found: str | None = Chromium.find_browser(skip_local=False)
    return found or next((path for name in _BROWSERS if (path := shutil.which(name))), None)


class _DrawingBoard:
    """A browser that stays open between figures, since starting it takes longer than drawing ten.

    Kaleido's own server would wait for ever for a browser that died; here every wait ends.
    """

    def __init__(self, browser: str) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._kaleido = self._wait_for(self._open(browser))
        atexit.register(self._close)

    def draw(self, wanted: list[dict[str, Any]]) -> Sequence[Exception]:
        errors: Sequence[Exception] = self._wait_for(self._kaleido.write_fig_from_object(wanted)) or ()
        return errors

    def png(self, figure: Any, options: dict[str, Any]) -> bytes:
        picture: bytes = self._wait_for(self._kaleido.calc_fig(figure, options))
        return picture

    async def _open(self, browser: str) -> Any:
        import kaleido

        # MathJax would be fetched from a CDN; no figure here has a formula.
        board = kaleido.Kaleido(path=browser, mathjax=False, timeout=_TIMEOUT_S)
        await board.open()
        return board

    def _wait_for(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=2 * _TIMEOUT_S)

    def _close(self) -> None:
        with contextlib.suppress(Exception):
            asyncio.run_coroutine_threadsafe(self._kaleido.close(), self._loop).result(timeout=5)


@lru_cache(maxsize=1)
def _drawing_board(browser: str) -> _DrawingBoard:
    return _DrawingBoard(browser)


def _save_images(figures: Mapping[str, go.Figure], folder: Path, formats: Sequence[str]) -> list[Path]:
    browser = find_browser()
    if browser is None:
        _warn("No Chromium-like browser was found to draw images with, so figures are saved as HTML only.")
        return []
    wanted = [
        {
            "fig": figure,
            "path": folder / f"{name}.{kind}",
            "opts": _options(kind, figure.layout.height),
        }
        for name, figure in figures.items()
        for kind in formats
    ]
    paths = [folder / f"{name}.{kind}" for name in figures for kind in formats]
    for path in paths:
        path.unlink(missing_ok=True)
    try:
        errors = _drawing_board(browser).draw(wanted)
    except Exception as error:
        _drawing_board.cache_clear()
        errors = (error,)
    if errors:
        _warn(f"The browser {browser} could not draw every image ({errors[0]}), so some figures are HTML only.")
    return [path for path in paths if path.exists()]


def _options(kind: str, height: int | None) -> dict[str, Any]:
    return {"format": kind, "width": WIDTH, "height": height or HEIGHT, "scale": SCALE}


def _warn(sentence: str) -> None:
    warnings.warn(sentence, stacklevel=4)
