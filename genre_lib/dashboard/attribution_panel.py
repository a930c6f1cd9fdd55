"""Why this genre, now? The attribution of the song's current moment, made by a process of its own.

Integrated gradients need TensorFlow, which would make each visitor's kernel four times as large: a process makes the
explanation, leaves it in the visitor's folder, and ends.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

import anywidget
import ipywidgets as widgets

from genre_lib.audio.files import named
from genre_lib.dashboard.model_choice import Models
from genre_lib.dashboard.page_session import PageSession
from genre_lib.dashboard.plotly_output import plotly_output
from genre_lib.errors import GenreLibError

_WITHIN_S = 180
_TITLES = {
    "heard": "What the network heard",
    "kept": "Only the fifth that spoke most for {genre}",
    "without": "Everything else",
}

_ESM = """
export default {
  render({ model, el }) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "genre-download";
    button.textContent = "Why this genre, now?";
    button.title = "Which parts of the sound speak for it at this moment";
    button.addEventListener("click", () => {
      const players = [...document.querySelectorAll(".genre-player")];
      const audio = players.map((player) => player.shadowRoot?.querySelector("audio")).find(Boolean);
      audio?.pause();
      model.send({ time: audio?.currentTime ?? 0 });
    });
    el.append(button);
  },
};
"""


class _Asking(anywidget.AnyWidget):
    """A button that tells where the song is."""

    _esm = _ESM


class AttributionPanel:
    """A button, and the answer to show below it.

    Attributes
    ----------
    button, answer : ipywidgets.Widget
    """

    def __init__(
        self, models: Models, page_session: PageSession, song: Callable[[], tuple[Path, str] | None], folder: Path
    ) -> None:
        self._models = models
        self._page_session = page_session
        self._song = song
        self._folder = folder / "why"
        self._asked = 0
        self._busy = False
        self._said = widgets.HTML()
        self._answer = widgets.VBox().add_class("genre-why")
        self.button = _Asking()
        self.button.on_msg(lambda _, content, __: self._ask(float(content["time"])))
        self.answer = widgets.VBox([self._said, self._answer])
        self.clear(offer=False)
        page_session.observe(lambda _: self._show(), "dark")

    def clear(self, *, offer: bool) -> None:
        """Forget the answer, and offer a new one or not."""
        self._asked += 1
        shutil.rmtree(self._folder, ignore_errors=True)
        self._answer.children = []
        self._said.value = ""
        self.button.layout.display = self.answer.layout.display = "" if offer else "none"

    def _ask(self, time_s: float) -> None:
        song = self._song()
        if song is None or self._busy:
            return
        self.clear(offer=True)
        self._busy = True
        self._say(f"Taking the moment at {time_s:.1f} s apart: this takes some seconds …", busy=True)
        arguments = (self._asked, song[0], time_s, self._models.folder)
        threading.Thread(target=self._explain, args=arguments, daemon=True).start()

    def _explain(self, asked: int, path: Path, time_s: float, bundle: Path) -> None:
        command = [sys.executable, "-m", "genre_lib.attribution", path, f"{time_s:.4f}", bundle, self._folder]
        said = ""
        try:
            with _alone(self._folder.parent.parent):
                if asked != self._asked:
                    return
                made = subprocess.run(
                    [str(part) for part in command], capture_output=True, text=True, timeout=_WITHIN_S, check=False
                )
            if made.returncode:
                said = named(made.stdout.strip(), path) or "This moment could not be explained."
        except subprocess.TimeoutExpired:
            said = f"This moment could not be explained within {_WITHIN_S} s: the machine is busy, try again later."
        finally:
            self._busy = False
        if asked == self._asked:
            self._say(said)
            self._show()

    def _show(self) -> None:
        from genre_lib.attribution.at_time import ARRAYS
        from genre_lib.attribution.integrated_gradients import Attribution
        from genre_lib.figures.attribution import attribution_figure

        if not (self._folder / ARRAYS).exists():
            return
        try:
            explanation = Attribution.load(self._folder / ARRAYS)
        except GenreLibError as error:
            self._say(str(error))
            return
        sounds = [
            widgets.VBox(
                [
                    widgets.HTML(f"<b>{escape(title.format(genre=explanation.genre))}</b>"),
                    widgets.Audio(
                        value=(self._folder / f"{name}.flac").read_bytes(), format="flac", autoplay=False, loop=False
                    ),
                ]
            )
            for name, title in _TITLES.items()
        ]
        figure = attribution_figure(explanation, dark=self._page_session.dark)
        self._answer.children = [plotly_output(figure), widgets.HBox(sounds).add_class("genre-why-sounds")]

    def _say(self, sentence: str, *, busy: bool = False) -> None:
        kind, role = ("genre-busy", "status") if busy else ("genre-trouble", "alert")
        self._said.value = f'<p class="{kind}" role="{role}">{escape(sentence)}</p>' if sentence else ""


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One explanation at a time for all visitors: each takes as much memory as five kernels."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with (folder / "why.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
