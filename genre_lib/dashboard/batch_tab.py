"""The batch tab: a folder in, a table out."""

from __future__ import annotations

import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from socket import gethostname
from typing import Any

import ipywidgets as widgets

from genre_lib.audio.files import named, shown
from genre_lib.batch.predict import Prediction, Result, Unusable, to_csv
from genre_lib.dashboard.download import Download
from genre_lib.dashboard.file_tags import FileTag, tag_of, with_tags
from genre_lib.dashboard.map_panel import MapPanel
from genre_lib.dashboard.model_choice import Models
from genre_lib.dashboard.page_session import PageSession
from genre_lib.dashboard.paths import AllowedPaths, recordings_below
from genre_lib.dashboard.sortable_table import AnswerTable, row_of
from genre_lib.dashboard.upload import Upload
from genre_lib.errors import AudioError, GenreLibError
from genre_lib.inference.model import GenreModel

_EVERY_S = 0.4


class BatchTab:
    """Predict every recording of a folder.

    Attributes
    ----------
    widget : ipywidgets.Widget
    """

    def __init__(
        self,
        allowed: AllowedPaths,
        models: Models,
        page_session: PageSession,
        folder: Path,
        *,
        upload_bytes: int,
        listen: Callable[[Path, str], None],
    ) -> None:
        self._allowed = allowed
        self._models = models
        self._listen = listen
        self._results: list[tuple[Result, str, bool, FileTag]] = []
        self._stopped = threading.Event()
        self._worker: threading.Thread | None = None
        self._uploads: queue.Queue[tuple[Path, int]] = queue.Queue()
        self._folders = widgets.Dropdown(
            options=[(place.label, place.label) for place in allowed.folders], description="Folder"
        )
        self._start = widgets.Button(description="Listen to all of it", disabled=not allowed.folders)
        self._cancel = widgets.Button(description="Cancel", disabled=True)
        self._bar = widgets.IntProgress(min=0, max=1)
        self._said = widgets.HTML()
        self._table = AnswerTable()
        self._download = Download("Download the table (CSV)", self._csv)
        self._start.add_class("genre-primary")
        self._start.on_click(lambda _: self._begin_folder())
        self._cancel.on_click(lambda _: self._stopped.set())
        self._table.observe(lambda change: self._chosen(change["new"]), "chosen")
        self._map = MapPanel(page_session, self._chosen)
        upload = Upload(
            folder / "batch",
            title="Drop files here, or choose a folder",
            hint=(
                f"of your own computer, up to {upload_bytes / 1e6:.0f} MB a file; each goes to {gethostname()}, the "
                "machine that runs this dashboard, and is deleted once it was heard"
            ),
            limit=upload_bytes,
            folders=True,
            on_file=self._uploaded,
            on_trouble=self._say,
        )
        choices = widgets.VBox([self._folders, widgets.HBox([self._start, self._cancel])]).add_class("genre-choices")
        self._progress = widgets.HBox([self._bar, self._said]).add_class("genre-progress")
        self._found = widgets.VBox([self._table, self._download, self._map.widget]).add_class("genre-found")
        self._found.layout.display = self._bar.layout.display = "none"
        self.widget = widgets.VBox(
            [widgets.HBox([upload, choices]).add_class("genre-bar"), self._progress, self._found]
        ).add_class("genre-tab")

    def _begin_folder(self) -> None:
        try:
            place = self._allowed.folder(self._folders.value or "")
            recordings = recordings_below(place.path)
        except GenreLibError as error:
            self._say(str(error))
            return
        items = ((path, path.relative_to(place.path).as_posix()) for path in recordings)
        self._begin(items, len(recordings), keep=True)

    def _uploaded(self, path: Path, left: int) -> None:
        self._uploads.put((path, left))
        if self._worker is None or not self._worker.is_alive():
            self._begin(self._uploaded_ones(), left + 1, keep=False)

    def _uploaded_ones(self) -> Iterator[tuple[Path, str]]:
        left = 1
        while left:
            try:
                path, left = self._uploads.get(timeout=60)
            except queue.Empty:
                return
            yield path, path.name

    def _begin(self, items: Iterator[tuple[Path, str]], total: int, *, keep: bool) -> None:
        try:
            model = self._models.load(self._models.label)
        except GenreLibError as error:
            self._say(str(error))
            return
        self._stopped.clear()
        self._results = []
        self._table.rows = []
        self._map.clear()
        self._bar.max, self._bar.value = total, 0
        self._running(True)
        self._worker = threading.Thread(target=self._work, args=(items, total, model, keep), daemon=True)
        self._worker.start()

    def _work(self, items: Iterator[tuple[Path, str]], total: int, model: GenreModel, keep: bool) -> None:
        rows: list[dict[str, Any]] = []
        shown = 0.0
        for path, name in items:
            if self._stopped.is_set():
                break
            result = _heard(path, model)
            tag = tag_of(result)
            if not keep:
                shutil.rmtree(path.parent, ignore_errors=True)
            self._results.append((result, name, keep, tag))
            row = row_of(result, name, model.card.genres, playable=keep)
            rows.append(row | {"tag": tag.text, "contradicts": tag.contradicts})
            if time.monotonic() - shown > _EVERY_S:
                shown = time.monotonic()
                self._show(rows, total)
        self._show(rows, total)
        self._running(False)
        self._map.show([(result, name) for result, name, *_ in self._results])
        failed = sum(isinstance(result, Unusable) for result, *_ in self._results)
        self._say(
            f"{len(rows)} of {total} recordings heard"
            + (", then stopped" if self._stopped.is_set() else "")
            + (f"; {failed} could not be used" if failed else "")
            + f". Model: {self._models.label}."
        )

    def _show(self, rows: list[dict[str, Any]], total: int) -> None:
        self._table.rows = list(rows)
        self._bar.value = len(rows)
        self._say(f"{len(rows)} of {total}")
        self._found.layout.display = ""

    def _running(self, running: bool) -> None:
        self._start.disabled = running or not self._allowed.folders
        self._cancel.disabled = not running
        self._bar.layout.display = "" if running else "none"

    def _chosen(self, index: int) -> None:
        if 0 <= index < len(self._results):
            result, name, kept, _ = self._results[index]
            if kept:
                self._listen(result.path, name)

    def _csv(self) -> tuple[str, bytes]:
        # A visitor has no use for the server's folders: the name is the path below the chosen one.
        results = [
            Prediction(Path(name), result.curve)
            if isinstance(result, Prediction)
            else Unusable(Path(name), named(result.error, result.path, name))
            for result, name, *_ in self._results
        ]
        lines = with_tags(to_csv(results), [tag for *_, tag in self._results])
        return "genres.csv", ("\n".join(lines) + "\n").encode()

    def _say(self, sentence: str) -> None:
        self._said.value = f'<span role="status">{escape(sentence)}</span>'


def _heard(path: Path, model: GenreModel) -> Result:
    try:
        if not model.n_features:
            return Prediction(path, model.curve(path))
        curve, embedding = model.curve_and_embedding(path)
        return Prediction(path, curve, embedding.song)
    except AudioError as error:
        return Unusable(path, str(error))
    except Exception as error:
        return Unusable(path, f"{shown(path)} could not be heard ({type(error).__name__}: {error}): try another file.")
