"""One genre to teach: its name, and a place to drop its songs on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from html import escape
from pathlib import Path

import ipywidgets as widgets

from genre_lib.dashboard.upload import Upload
from genre_lib.datasets.table import Track

# A list of more names than these is not read.
_SHOWN_AT_MOST = 8


class GenreBox:
    """Name and songs.

    Parameters
    ----------
    folder : Path
        A new one, for the songs.
    number : int
        Tells it from its neighbours.
    upload_bytes : int
    on_change, on_trouble : callable
        Called after each song, and with a sentence where one cannot be taken.

    Attributes
    ----------
    widget : ipywidgets.Widget
    """

    def __init__(
        self,
        folder: Path,
        number: int,
        *,
        upload_bytes: int,
        on_change: Callable[[], None],
        on_trouble: Callable[[str], None],
    ) -> None:
        self._folder = folder
        self._on_change = on_change
        self._songs: list[Path] = []
        self._name = widgets.Text(description=f"Genre {number}", placeholder="its name, such as salsa")
        self._list = widgets.HTML("<small>no song yet</small>")
        self._clear = widgets.Button(description="Remove its songs")
        self._clear.layout.display = "none"
        self._clear.on_click(lambda _: self.clear())
        self._name.observe(lambda _: on_change(), "value")
        upload = Upload(
            folder,
            title="Drop songs of this genre here",
            hint="or choose files; three are enough to begin, by as many artists",
            limit=upload_bytes,
            several=True,
            on_file=self._uploaded,
            on_trouble=on_trouble,
        )
        self.widget = widgets.VBox([self._name, upload, self._list, self._clear]).add_class("genre-box")

    @property
    def name(self) -> str:
        """What the genre is called; empty where it has no name yet."""
        return self._name.value.strip()

    @name.setter
    def name(self, name: str) -> None:
        """Call it so."""
        self._name.value = name

    @property
    def tracks(self) -> list[Track]:
        """Its songs, each with its genre."""
        return [Track(path.name, path, self.name or None) for path in self._songs]

    def add(self, path: Path) -> None:
        """Take a copy of a song that lies elsewhere."""
        kept = self._folder / f"corrected-{len(self._songs) + 1}" / path.name
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, kept)
        self._take(kept)

    def clear(self) -> None:
        """Forget all its songs."""
        for path in self._songs:
            shutil.rmtree(path.parent, ignore_errors=True)
        self._songs = []
        self._show()

    def _uploaded(self, path: Path, _: int) -> None:
        self._take(path)

    def _take(self, path: Path) -> None:
        self._songs.append(path)
        self._show()

    def _show(self) -> None:
        names = [escape(path.name) for path in self._songs]
        more = f" and {len(names) - _SHOWN_AT_MOST} more" if len(names) > _SHOWN_AT_MOST else ""
        count = f"{len(names)} song{'s' if len(names) > 1 else ''}"
        self._list.value = (
            f"<small>{count}: {', '.join(names[:_SHOWN_AT_MOST])}{more}</small>"
            if names
            else "<small>no song yet</small>"
        )
        self._clear.layout.display = "" if names else "none"
        self._on_change()
