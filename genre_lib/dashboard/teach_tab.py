"""The teach tab: genres of the visitor's own, from a few songs each."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from html import escape
from pathlib import Path
from socket import gethostname

import ipywidgets as widgets

from genre_lib.dashboard.bundle_zip import bundle_zip
from genre_lib.dashboard.download import Download
from genre_lib.dashboard.genre_box import GenreBox
from genre_lib.dashboard.lesson import Lesson, Teaching, songs_below, unmistakable
from genre_lib.dashboard.model_choice import Models
from genre_lib.dashboard.paths import AllowedPaths
from genre_lib.dashboard.taught_words import what_was_learnt
from genre_lib.datasets.table import Track
from genre_lib.errors import GenreLibError

_NAME = "my-genres"
_INSTEAD, _BESIDE = "instead of the model's genres", "beside the model's genres"
_OWN = "only the songs dropped here"
_INTRODUCTION = (
    "<p>Teach the model genres of your own: a few songs of each are enough to begin. What is like none of them becomes "
    "“none of these”. It takes about half a minute. Songs and model go to {machine}, the machine that runs this "
    "dashboard, no other visitor sees them, and they are deleted when you leave: download the model to keep it.</p>"
)

Song = tuple[Path, str]


class TeachTab:
    """Songs and genres in, a model out.

    Parameters
    ----------
    allowed : AllowedPaths
    models : Models
        Gets what is taught.
    folder : Path
        The visitor's own.
    upload_bytes : int
    song : callable
        Gives what is listened to, if anything is.
    use : callable
        Chooses a model by its label.
    listen : callable
        Turns to what is listened to.

    Attributes
    ----------
    widget : ipywidgets.Widget
    """

    def __init__(
        self,
        allowed: AllowedPaths,
        models: Models,
        folder: Path,
        *,
        upload_bytes: int,
        song: Callable[[], Song | None],
        use: Callable[[str], None],
        listen: Callable[[], None],
    ) -> None:
        self._allowed, self._models, self._folder = allowed, models, folder / "teach"
        self._upload_bytes = upload_bytes
        self._song, self._use = song, use
        # Networks that were taught are not taught again: what they were made of is.
        self._base_of: dict[str, str] = {}
        self._numbers = itertools.count(1)
        self._teaching: Teaching | None = None
        self._bundle: Path | None = None
        self._boxes: list[GenreBox] = []
        self._box_row = widgets.HBox().add_class("genre-boxes")
        more = widgets.Button(description="One more genre")
        more.on_click(lambda _: self._add_box())
        places = [(place.label, place.label) for place in allowed.folders if _has_folders(place.path)]
        self._place = widgets.Dropdown(options=[(_OWN, ""), *places], description="Learn from")
        self._place.layout.display = "" if places else "none"
        self._where = widgets.Dropdown(options=[_INSTEAD, _BESIDE], description="Put them")
        self._start = widgets.Button(description="Teach it").add_class("genre-primary")
        self._cancel = widgets.Button(description="Stop", disabled=True)
        self._said = widgets.HTML()
        self._start.on_click(lambda _: self._begin())
        self._cancel.on_click(lambda _: self._stop())
        self._place.observe(lambda _: self._place_chosen(), "value")
        self._where.observe(lambda _: self._offer_genres(), "value")
        self._of_place: tuple[Track, ...] = ()
        self._learnt = widgets.HTML().add_class("genre-learnt")
        hear = widgets.Button(description="Listen with it").add_class("genre-primary")
        hear.on_click(lambda _: listen())
        download = Download("Download the model (zip)", self._zip)
        self._was = widgets.Dropdown(description="The song you hear was")
        self._correct_it = widgets.Button(description="Correct it")
        self._correct_it.on_click(lambda _: self._correct())
        correction = widgets.HBox([self._was, self._correct_it]).add_class("genre-correction")
        self._found = widgets.VBox(
            [self._learnt, widgets.HBox([hear, download]).add_class("genre-asking"), correction]
        ).add_class("genre-found")
        self._found.layout.display = "none"
        choices = widgets.HBox([self._place, self._where, self._start, self._cancel]).add_class("genre-teach-bar")
        self.widget = widgets.VBox(
            [
                widgets.HTML(_INTRODUCTION.format(machine=escape(gethostname()))),
                self._box_row,
                more,
                choices,
                self._said,
                self._found,
            ]
        ).add_class("genre-tab")
        self._add_box()
        self._add_box()

    def _add_box(self) -> GenreBox:
        number = len(self._boxes) + 1
        box = GenreBox(
            self._folder / f"genre-{number}",
            number,
            upload_bytes=self._upload_bytes,
            on_change=self._offer_genres,
            on_trouble=self._complain,
        )
        self._boxes.append(box)
        self._box_row.children = [each.widget for each in self._boxes]
        return box

    def _place_chosen(self) -> None:
        self._of_place, self._said.value = (), ""
        try:
            if self._place.value:
                self._of_place = songs_below(self._allowed.folder(self._place.value))
                genres = dict.fromkeys(str(track.genre) for track in self._of_place)
                self._say(f"{len(self._of_place)} songs of {', '.join(genres)}.", busy=False)
        except GenreLibError as error:
            self._complain(str(error))
        self._offer_genres()

    def _begin(self) -> None:
        try:
            lesson = self._lesson()
        except GenreLibError as error:
            self._complain(str(error))
            return
        self._running(True)
        self._say("Listening to the songs …")
        base = self._base_of.get(self._models.label, self._models.label)
        self._teaching = Teaching(
            lesson,
            self._folder / f"taught-{lesson.version.rsplit('.', 1)[-1]}",
            self._say,
            lambda bundle, trouble: self._ended(bundle, trouble, base),
        )
        self._teaching.start()

    def _lesson(self) -> Lesson:
        """What is to be taught now; a GenreLibError says what is missing."""
        tracks = self._tracks()
        base = self._base_of.get(self._models.label, self._models.label)
        return Lesson(
            unmistakable(tracks),
            self._models.load(base).bundle.folder,
            self._where.value == _BESIDE,
            _NAME,
            f"1.0.{next(self._numbers)}",
        )

    def _tracks(self) -> list[Track]:
        tracks = list(self._of_place)
        for number, box in enumerate(self._boxes, start=1):
            if box.tracks and not box.name:
                raise GenreLibError(f"Genre {number} has songs but no name: write what they are.")
            if box.name and not box.tracks and not any(track.genre == box.name for track in tracks):
                raise GenreLibError(f"{box.name} has no song yet: drop one or more, three are enough to begin.")
            tracks += box.tracks
        if not tracks:
            raise GenreLibError("There is nothing to learn yet: name a genre, and drop a few songs of it.")
        return tracks

    def _ended(self, bundle: Path | None, trouble: str, base: str) -> None:
        self._running(False)
        if bundle is None:
            if trouble:
                self._complain(trouble)
            else:
                self._say("Stopped: nothing was learnt.", busy=False)
            return
        try:
            label = self._models.add(bundle)
            card = self._models.load(label).card
        except GenreLibError as error:
            self._complain(str(error))
            return
        self._base_of[label] = base
        self._bundle = bundle
        self._learnt.value = what_was_learnt(card)
        self._found.layout.display = ""
        self._said.value = ""
        self._offer_genres()
        self._use(label)

    def _offer_genres(self) -> None:
        """What the song that is heard can be said to be: a genre that is being taught, or one that stays."""
        names = [box.name for box in self._boxes if box.name] + [str(track.genre) for track in self._of_place]
        if self._where.value == _BESIDE:
            with contextlib.suppress(GenreLibError):
                names += self._models.load(self._base_of.get(self._models.label, self._models.label)).card.genres
        before = self._was.value
        self._was.options = list(dict.fromkeys(names))
        if before in self._was.options:
            self._was.value = before

    def _correct(self) -> None:
        song, genre = self._song(), self._was.value
        if song is None or genre is None:
            self._complain("There is no song to correct: listen to one in the first tab.")
            return
        box = next((each for each in self._boxes if each.name == genre), None)
        if box is None:
            box = next((each for each in self._boxes if not each.name and not each.tracks), None) or self._add_box()
            box.name = genre
        try:
            box.add(song[0])
        except OSError as error:
            self._complain(f"{song[1]} cannot be kept ({error.strerror}): choose it again.")
            return
        self._begin()

    def _stop(self) -> None:
        if self._teaching is not None:
            self._teaching.stop()

    def _zip(self) -> tuple[str, bytes]:
        assert self._bundle is not None
        return bundle_zip(self._bundle)

    def _running(self, running: bool) -> None:
        self._start.disabled = self._correct_it.disabled = running
        self._cancel.disabled = not running

    def _say(self, sentence: str, *, busy: bool = True) -> None:
        kind = ' class="genre-busy"' if busy else ""
        self._said.value = f'<p{kind} role="status">{escape(sentence)}</p>'

    def _complain(self, sentence: str) -> None:
        self._said.value = f'<p class="genre-trouble" role="alert">{escape(sentence)}</p>'


def _has_folders(folder: Path) -> bool:
    return any(path.is_dir() and not path.name.startswith(".") for path in folder.iterdir())
