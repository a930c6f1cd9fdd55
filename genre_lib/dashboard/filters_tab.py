"""The dashboard's Filters tab: the neurons that fire now, and all others to browse. LiteRT only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from numpy.typing import NDArray

from genre_lib.audio.decoding import AudioReader
from genre_lib.audio.files import named
from genre_lib.bundle.files import LITERT, Bundle, read_card
from genre_lib.bundle.resources import derived_folder
from genre_lib.dashboard.filter_search import Finding
from genre_lib.dashboard.model_choice import Models
from genre_lib.dashboard.paths import AllowedPaths
from genre_lib.dashboard.visitor_folder import is_of_visitor
from genre_lib.errors import GenreLibError, RunError
from genre_lib.filters.activation_extractor import ActivationExtractor
from genre_lib.filters.active_units import open_extractor, strongest
from genre_lib.filters.gallery import gallery_data
from genre_lib.filters.gallery import template as gallery_template
from genre_lib.filters.record import RECORD, Filters
from genre_lib.utils.templates import templates_beside

template = templates_beside(__file__)

Song = tuple[Path, str]

N_ACTIVE = 6
FILTERS, BUNDLE = "filters", "bundle"

# An hour of song; what comes later has no neurons.
_FRAMES_AT_MOST = 50_000
_NO_SONG = "Listen to a song in the first tab: here you see and hear which neurons fire at its current moment."
_NO_FILTERS = "This model has no filters yet: what each of its neurons answers to. Choose the music to find them in."
_NO_MUSIC = "This model has no filters yet, and no music to find them in: start `genre dashboard --folder FOLDER`."


def folder_to_find_in(bundle: Path) -> Path:
    """Where a visitor's filters of a bundle go: under its name, or its run's, in data/derived.

    Those of a bundle that was made in a visit lie beside it, and go with it.
    """
    if is_of_visitor(bundle):
        return bundle.parent / FILTERS
    return derived_folder() / FILTERS / (bundle.parent.name if bundle.name == BUNDLE else bundle.name)


def filters_of(bundle: Path) -> Path | None:
    """The folder of a bundle's filters: beside the bundle, or where visitors have them found; None without any."""
    if (bundle.parent / FILTERS / RECORD).is_file():
        return (bundle.parent / FILTERS).resolve()
    folder = folder_to_find_in(bundle)
    if not (folder / RECORD).is_file():
        return None
    # Another bundle in a folder of the same name, or this one before it was made again, may have left them; what is
    # damaged is found again.
    with suppress(RunError):
        if Filters.load(folder).network == read_card(bundle).files[LITERT].sha256:
            return folder.resolve()
    return None


class FiltersView(anywidget.AnyWidget):
    """Neurons to see and hear. The page asks for pictures and sounds when they come into view or are played.

    Attributes
    ----------
    data : dict
        See `genre_lib.filters.gallery.gallery_data`; `run` counts what was shown, so that a late answer is ignored.
    said : str
        Why there is nothing to show, or nothing active.
    places : list of str
        Folders in which the chosen model's filters can be found now; none where a notebook has found them.
    finding : str
        How far a search is; empty where there is none.
    trouble : str
        Why the last search found nothing.
    """

    _esm = gallery_template("element.js") + template("filters_tab.js")
    _css = template("filters_tab.css")
    data = traitlets.Dict().tag(sync=True)
    said = traitlets.Unicode(_NO_SONG).tag(sync=True)
    places = traitlets.List(traitlets.Unicode()).tag(sync=True)
    finding = traitlets.Unicode().tag(sync=True)
    trouble = traitlets.Unicode().tag(sync=True)

    def __init__(self, models: Models, allowed: AllowedPaths, song: Callable[[], Song | None]) -> None:
        super().__init__()
        self._models = models
        self._folders = {place.label: place for place in allowed.folders}
        self._search: Finding | None = None
        self._song = song
        self._folder: Path | None = None
        self._filters: Filters | None = None
        self._extractor: ActivationExtractor | None = None
        self._place: dict[tuple[str, int], int] = {}
        self._heard: tuple[Path, NDArray[np.float32]] | None = None
        self._hearing: Path | None = None
        self._looked_at = False
        self._written: tuple[int, int] | None = None
        self.on_msg(self._on_message)
        models.observe(self._model_changed)

    def _model_changed(self) -> None:
        if self._looked_at:
            self._open()

    def _open(self) -> None:
        """Show the chosen model's filters."""
        self._looked_at = True
        self._filters = self._extractor = self._heard = self._hearing = None
        self.trouble = ""
        values: dict[str, Any] = {"neurons": []}
        try:
            bundle = self._models.folder
            self._folder = filters_of(bundle)
            fixed = self._folder not in (None, folder_to_find_in(bundle).resolve())
            self.places = [] if fixed else list(self._folders)
            if self._folder is None:
                raise GenreLibError(_NO_FILTERS if self.places else _NO_MUSIC)
            filters = Filters.load(self._folder)
            if filters.front_end != self._models.card.front_end:
                raise GenreLibError("The filters beside this model belong to another one: find them again.")
            self._extractor, self._filters = open_extractor(self._folder, filters), filters
            self._written = _written(self._folder)
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
        elif want == "find":
            self._find(str(content["place"]))
        elif want == "stop" and self._search is not None:
            self._search.stop()
        elif self._filters is None or content.get("run") != self.data.get("run"):
            return
        elif _written(self._folder) != self._written:
            # Another visitor has found them in other music.
            self._open()
        elif want == "now":
            self._tell_now(float(content["time"]))
        elif want in ("picture", "sound"):
            ids = [int(i) for i in content["ids"]]
            found = [(i, _file(self._folder, getattr(self._filters.neurons[i], want))) for i in ids if self._has(i)]
            there = [(i, data) for i, data in found if data is not None]
            self.send({"have": want, "run": content["run"], "ids": [i for i, _ in there]}, [data for _, data in there])

    def _has(self, i: int) -> bool:
        return self._filters is not None and 0 <= i < len(self._filters.neurons)

    def _find(self, label: str) -> None:
        if label not in self.places or self.finding:
            return
        bundle = self._models.folder

        def say(sentence: str) -> None:
            self.finding = sentence

        def end(trouble: str) -> None:
            self.finding = ""
            if bundle == self._models.folder:
                self.trouble = trouble
                if not trouble:
                    self._open()

        self.trouble = ""
        self._search = Finding(bundle, self._folders[label], folder_to_find_in(bundle), say, end)
        self._search.start()

    def _tell_now(self, time_s: float) -> None:
        song = self._song()
        if song is None or self._filters is None or self._extractor is None:
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
        active = strongest(self._extractor, self._filters, self._heard[1], time_s, n=N_ACTIVE)
        self.said = ""
        now = [[self._place[one.neuron.layer, one.neuron.neuron], round(one.strength, 3)] for one in active]
        self.send({"now": now, "run": self.data["run"], "time": time_s, "title": title})

    def _hear(self, path: Path, bundle: Bundle) -> None:
        try:
            log_mel = _log_mel(path, bundle)
            if self._hearing == path:
                self._heard, self._hearing = (path, log_mel), None
                self.send({"ready": True})
        except GenreLibError as error:
            # It stays the one that was heard last, so that a file that cannot be read is not read again and again.
            self.said = named(str(error), path)


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


def _written(folder: Path | None) -> tuple[int, int] | None:
    """What changes when filters are found anew."""
    with suppress(OSError):
        if folder is not None:
            state = (folder / RECORD).stat()
            return state.st_ino, state.st_mtime_ns
    return None


def _file(folder: Path | None, name: str | None) -> bytes | None:
    """A file below the folder; None where there is none, or where the name leads out of it."""
    if folder is None or name is None:
        return None
    path = (folder / name).resolve()
    return path.read_bytes() if path.is_relative_to(folder) and path.is_file() else None
