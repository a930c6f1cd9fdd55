"""The dashboard's Filters tab: the neurons that fire now, and all others to browse. LiteRT only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets
import numpy as np
import traitlets
from numpy.typing import NDArray

from genre_lib.audio import AudioReader
from genre_lib.bundle import Bundle
from genre_lib.dashboard.models import Models
from genre_lib.datasets.places import derived_folder
from genre_lib.errors import GenreLibError
from genre_lib.filters.ear import Ear
from genre_lib.filters.firing import open_ear, strongest
from genre_lib.filters.gallery import gallery_data
from genre_lib.filters.record import RECORD, Filters
from genre_lib.song_page import template

Song = tuple[Path, str]

N_FIRING = 6

# An hour of song; what comes later has no neurons.
_FRAMES_AT_MOST = 50_000
_NO_SONG = "Listen to a song in the first tab: here you see and hear which neurons fire at its current moment."


def filters_of(bundle: Path) -> Path | None:
    """The folder of a bundle's filters: beside the bundle in a run, or in data/derived/filters under its name."""
    for folder in (bundle.parent / "filters", derived_folder() / "filters" / bundle.name):
        if (folder / RECORD).is_file():
            return folder.resolve()
    return None


def filters_tab(models: Models, song: Callable[[], Song | None]) -> widgets.Widget | None:
    """The tab, or None where no model has filters.

    Parameters
    ----------
    models : Models
        The tab follows the choice.
    song : callable
        Gives file and title of what is listened to.
    """
    if not any(filters_of(folder) for folder in models.folders):
        return None
    return FiltersView(models, song)


class FiltersView(anywidget.AnyWidget):
    """Neurons to see and hear. The page asks for pictures and sounds when they come into view or are played.

    Attributes
    ----------
    data : dict
        See `genre_lib.filters.gallery.gallery_data`; `run` counts what was shown, so that a late answer is ignored.
    said : str
        Why there is nothing to show, or nothing firing.
    """

    _esm = template("element.js") + template("filters_tab.js")
    _css = template("filters_tab.css")
    data = traitlets.Dict().tag(sync=True)
    said = traitlets.Unicode(_NO_SONG).tag(sync=True)

    def __init__(self, models: Models, song: Callable[[], Song | None]) -> None:
        super().__init__()
        self._models = models
        self._song = song
        self._folder: Path | None = None
        self._filters: Filters | None = None
        self._ear: Ear | None = None
        self._place: dict[tuple[str, int], int] = {}
        self._heard: tuple[Path, NDArray[np.float32]] | None = None
        self._hearing: Path | None = None
        self._looked_at = False
        self.on_msg(self._on_message)
        models.observe(self._model_changed)

    def _model_changed(self) -> None:
        if self._looked_at:
            self._open()

    def _open(self) -> None:
        """Show the chosen model's filters."""
        self._looked_at = True
        self._filters = self._ear = self._heard = None
        values: dict[str, Any] = {"neurons": []}
        try:
            self._folder = filters_of(self._models.folder)
            if self._folder is None:
                raise GenreLibError(
                    "This model has no filters yet: run notebook 04, or `genre filters --model BUNDLE --data FOLDER "
                    f"--out data/derived/filters/{self._models.folder.name}`."
                )
            filters = Filters.load(self._folder)
            if filters.front_end != self._models.card.front_end:
                raise GenreLibError("The filters beside this model belong to another one: find them again.")
            self._ear, self._filters = open_ear(self._folder, filters), filters
            self._place = {(one.layer, one.neuron): i for i, one in enumerate(filters.neurons)}
            values = gallery_data(filters) | {"data_set": filters.data_set}
            self.said = _NO_SONG
        except GenreLibError as error:
            self.said = str(error).replace(f"{self._folder}/", "")
        self.data = values | {"run": self.data.get("run", 0) + 1}

    def _on_message(self, _: Any, content: dict[str, Any], __: Any) -> None:
        want = content.get("want")
        if want == "all" and not self._looked_at:
            self._open()
        elif self._filters is None or content.get("run") != self.data.get("run"):
            return
        elif want == "now":
            self._tell_now(float(content["time"]))
        elif want in ("picture", "sound"):
            ids = [int(i) for i in content["ids"]]
            found = [(i, _file(self._folder, getattr(self._filters.neurons[i], want))) for i in ids if self._has(i)]
            there = [(i, data) for i, data in found if data is not None]
            self.send({"have": want, "run": content["run"], "ids": [i for i, _ in there]}, [data for _, data in there])

    def _has(self, i: int) -> bool:
        return self._filters is not None and 0 <= i < len(self._filters.neurons)

    def _tell_now(self, time_s: float) -> None:
        song = self._song()
        if song is None or self._filters is None or self._ear is None:
            self.said = _NO_SONG
            return
        path, title = song
        if self._heard is None or self._heard[0] != path:
            if self._hearing != path:
                self._hearing = path
                self.said = f"Listening to {title} …"
                # In a thread of its own, so that the page stays alive.
                bundle = self._models.load(self._models.label).bundle
                threading.Thread(target=self._hear, args=(path, bundle), daemon=True).start()
            return
        firing = strongest(self._ear, self._filters, self._heard[1], time_s, n=N_FIRING)
        self.said = ""
        now = [[self._place[one.neuron.layer, one.neuron.neuron], round(one.strength, 3)] for one in firing]
        self.send({"now": now, "run": self.data["run"], "time": time_s, "title": title})

    def _hear(self, path: Path, bundle: Bundle) -> None:
        try:
            log_mel = _log_mel(path, bundle)
            if self._hearing == path:
                self._heard, self._hearing = (path, log_mel), None
                self.send({"ready": True})
        except GenreLibError as error:
            # It stays the one that was heard last, so that a file that cannot be read is not read again and again.
            self.said = str(error).replace(str(path), path.name)


def _log_mel(path: Path, bundle: Bundle) -> NDArray[np.float32]:
    """As the model hears it, block by block."""
    front_end = bundle.card.front_end
    blocks, n = [], 0
    with AudioReader(path, front_end.sample_rate) as reader:
        for log_mel, _ in front_end.stream(reader, filter_bank=bundle.filter_bank()):
            blocks.append(log_mel)
            n += len(log_mel)
            if n >= _FRAMES_AT_MOST:
                break
    return np.concatenate(blocks) if blocks else np.zeros((0, front_end.n_mels), np.float32)


@lru_cache(maxsize=64)
def _file(folder: Path | None, name: str | None) -> bytes | None:
    """A file below the folder; None where there is none, or where the name leads out of it."""
    if folder is None or name is None:
        return None
    path = (folder / name).resolve()
    return path.read_bytes() if path.is_relative_to(folder) and path.is_file() else None
