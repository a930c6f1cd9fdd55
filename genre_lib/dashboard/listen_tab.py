"""The first tab: a song in, its curve out."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from genre_lib.audio.files import named
from genre_lib.bundle.files import read_card
from genre_lib.dashboard.attribution_panel import AttributionPanel
from genre_lib.dashboard.model_choice import Models
from genre_lib.dashboard.page_session import PageSession
from genre_lib.dashboard.paths import AllowedPaths
from genre_lib.dashboard.plotly_output import plotly_output
from genre_lib.dashboard.steadiness import SteadinessControls
from genre_lib.dashboard.upload import Upload, goes_to
from genre_lib.errors import GenreLibError
from genre_lib.inference.curve import GenreCurve
from genre_lib.report.player import Player

_CHOOSE = "choose a song"
_ALONE = "no other model"
_MEDLEY = "demo medley"
_POINTS_AT_MOST = 2000


class ListenTab:
    """Upload or choose, hear and see.

    Attributes
    ----------
    widget : ipywidgets.Widget
    player : Player
    """

    def __init__(
        self, allowed: AllowedPaths, models: Models, page_session: PageSession, folder: Path, *, upload_bytes: int
    ) -> None:
        self._allowed = allowed
        self._models = models
        self._page_session = page_session
        self._curves: dict[str, GenreCurve] = {}
        self._folder = folder
        self._song: tuple[Path, str] | None = None
        self._asked = 0
        self._asking = threading.Lock()
        self.player = Player()
        self._status = widgets.HTML()
        self._upload = Upload(
            folder,
            title="Drop a song here, or choose a file",
            hint=f"mp3, wav, flac, ogg, m4a and more, up to {upload_bytes / 1e6:.0f} MB; it {goes_to()}",
            limit=upload_bytes,
            on_file=self._uploaded,
            on_trouble=self.say,
        )
        songs = [(place.label, place.label) for place in allowed.songs]
        self._songs = widgets.Dropdown(options=[(_CHOOSE, ""), *songs], description="Or listen to")
        self._other = widgets.Dropdown(options=self._other_models(), description="Compare with")
        self._songs.observe(self._song_chosen, "value")
        self._other.observe(lambda _: self._hear(), "value")
        models.observe(self._model_changed)
        self._steadiness = SteadinessControls(self._redraw)
        with suppress(GenreLibError):
            self._steadiness.set_card(read_card(models.folder))
        choices = widgets.VBox([self._songs, self._other]).add_class("genre-choices")
        self._closer = widgets.ToggleButton(description="Look closer", tooltip="Every step, to zoom into")
        self._figures = widgets.VBox().add_class("genre-closer")
        self._closer.layout.display = "none"
        self._closer.observe(lambda _: self._look_closer(), "value")
        page_session.observe(lambda _: self._look_closer(), "dark")
        self._why = AttributionPanel(models, page_session, lambda: self._song, folder)
        self._invitation = self._invite(allowed)
        bar = widgets.HBox([self._upload, choices]).add_class("genre-bar")
        asking = widgets.HBox([self._why.button, self._closer]).add_class("genre-asking")
        answers = [self._why.answer, self._figures]
        shown = [self.player, self._steadiness.widget, asking, *answers]
        self.widget = widgets.VBox([bar, self._status, self._invitation, *shown]).add_class("genre-tab")

    @property
    def song(self) -> tuple[Path, str] | None:
        """File and title of what is listened to; of a file that cannot be heard, still the one before it."""
        return self._song

    def open(self, name: str) -> None:
        """Listen to a song by its label, or by its path below an allowed folder."""
        try:
            place = self._allowed.song(name)
        except GenreLibError as error:
            self.say(str(error))
            return
        if place in self._allowed.songs and self._songs.value != place.label:
            # Which comes back here.
            self._songs.value = place.label
            return
        self.show(place.path, place.label)

    def show(self, path: Path, title: str) -> None:
        """Listen to a recording."""
        self._hear((path, title))

    def _invite(self, allowed: AllowedPaths) -> widgets.VBox:
        words = widgets.HTML("<b>Nothing to hear yet.</b> The curve of your song appears here, and moves as it plays.")
        first = next((place for place in allowed.songs if place.label == _MEDLEY), next(iter(allowed.songs), None))
        if first is None:
            return widgets.VBox([words]).add_class("genre-invitation")
        start = widgets.Button(description=f"Listen to {first.label}").add_class("genre-primary")
        start.on_click(lambda _: self.open(first.label))
        return widgets.VBox([words, start]).add_class("genre-invitation")

    def say(self, sentence: str, *, busy: bool = False) -> None:
        """A sentence above the player."""
        kind = "genre-busy" if busy else "genre-trouble"
        role = "status" if busy else "alert"
        self._status.value = f'<p class="{kind}" role="{role}">{escape(sentence)}</p>' if sentence else ""

    def _song_chosen(self, change: dict[str, Any]) -> None:
        if change["new"]:
            self.open(change["new"])

    def _uploaded(self, path: Path, left: int) -> None:
        self._songs.value = ""
        self.show(path, path.stem.replace("_", " "))

    def _model_changed(self) -> None:
        self._other.options = self._other_models()
        self._hear()

    def _other_models(self) -> list[tuple[str, str]]:
        others = [label for label in self._models.labels if label != self._models.label]
        return [(_ALONE, ""), *((label, label) for label in others)]

    def _hear(self, song: tuple[Path, str] | None = None) -> None:
        """Hear a song, or again the one that is listened to."""
        song = song or self._song
        if song is None:
            return
        self._asked += 1
        self._invitation.layout.display = "none"
        labels = [self._models.label, *([self._other.value] if self._other.value else [])]
        self.say(f"Listening to {song[1]} …", busy=True)
        # In a thread of its own, so that the page stays alive while an hour of music is heard.
        threading.Thread(target=self._hear_in_turn, args=(self._asked, song, labels), daemon=True).start()

    def _hear_in_turn(self, asked: int, song: tuple[Path, str], labels: list[str]) -> None:
        with self._asking:
            if asked != self._asked:
                return
            said = self._heard(song, labels, wanted=lambda: asked == self._asked)
            if asked == self._asked:
                self.say(said)

    def _heard(self, song: tuple[Path, str], labels: list[str], wanted: Callable[[], bool]) -> str:
        """Show a song; what went wrong as a sentence, and then what was heard before stays."""
        path, title = song
        try:
            curves: dict[str, GenreCurve] = {}
            for label in labels:
                curves[label] = self._models.load(label).curve(path)
                if not wanted():
                    return ""
        except GenreLibError as error:
            return self._without(song, named(str(error), path))
        except Exception as error:
            return self._without(
                song, f"{title} could not be heard ({type(error).__name__}: {error}): try another file."
            )
        self._song, self._curves = song, curves
        # The page's invitation makes room for the curve.
        self.widget.add_class("genre-heard")
        self._steadiness.set_card(curves[labels[0]].card)
        self._show_player(path, title)
        self._forget_uploads(before=path)
        self._closer.layout.display = ""
        self._why.clear(offer=True)
        self._look_closer()
        return ""

    def _without(self, song: tuple[Path, str], sentence: str) -> str:
        """The sentence about a song that cannot be heard; its upload goes."""
        if song != self._song and song[0].is_relative_to(self._folder):
            shutil.rmtree(song[0].parent, ignore_errors=True)
        if self._song is not None:
            return f"{sentence} {self._song[1]} is still here."
        self._invitation.layout.display = ""
        return sentence

    def _forget_uploads(self, *, before: Path) -> None:
        """One upload is kept at a time: the one that is heard. One that is still arriving is newer."""
        if before.is_relative_to(self._folder):
            for folder in self._folder.glob("upload-*"):
                if _number(folder) < _number(before.parent):
                    shutil.rmtree(folder, ignore_errors=True)

    def _show_player(self, path: Path, title: str) -> None:
        self.player.show(
            path,
            [*self._curves.values()],
            title=title,
            names=[*self._curves],
            steadiness_s=self._steadiness.steadiness_s,
            named_from=self._steadiness.named_from,
        )

    def _redraw(self) -> None:
        if self._song is not None and self._curves:
            self._show_player(*self._song)

    def _look_closer(self) -> None:
        """What each step says alone, as a figure to zoom into and to take genres out of."""
        if not self._closer.value or not self._curves:
            self._figures.children = []
            return
        from genre_lib.figures.evaluation import genre_curve

        self._figures.children = [
            plotly_output(
                genre_curve(
                    curve.times[:: _stride(curve)],
                    curve.probabilities[:: _stride(curve)],
                    curve.genres,
                    state=curve.state[:: _stride(curve)],
                    title=f"Step by step, as {label} believes",
                    dark=self._page_session.dark,
                )
            )
            for label, curve in self._curves.items()
        ]


def _stride(curve: GenreCurve) -> int:
    # Plotly draws some thousand points of each genre before it becomes slow.
    return max(1, len(curve.times) // _POINTS_AT_MOST)


def _number(upload: Path) -> int:
    return int(upload.name.rsplit("-", 1)[1])
