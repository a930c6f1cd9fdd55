"""The map of what a batch heard: a dot for each song, which is listened to when it is pressed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anywidget
import ipywidgets as widgets
import traitlets

from genre_lib.batch.predict import Result
from genre_lib.batch.song_map import SongMap
from genre_lib.dashboard.page_session import PageSession
from genre_lib.dashboard.plotly_output import plotly_output
from genre_lib.errors import GenreLibError
from genre_lib.utils.templates import templates_beside

template = templates_beside(__file__)


class MapClicks(anywidget.AnyWidget):
    """An invisible widget that tells which dot of the figure beside it was pressed.

    Attributes
    ----------
    pressed : int
        Index of the song that was pressed last, or -1.
    """

    _esm = template("map_clicks.js")
    pressed = traitlets.Int(-1).tag(sync=True)


class MapPanel:
    """Where the songs of a batch lie.

    Parameters
    ----------
    page_session : PageSession
    chosen : callable
        Gets the index of a song that was pressed.

    Attributes
    ----------
    widget : ipywidgets.Widget
    """

    def __init__(self, page_session: PageSession, chosen: Callable[[int], None]) -> None:
        self._page_session = page_session
        self._laid: SongMap | None = None
        self._clicks = MapClicks()
        self._clicks.observe(lambda change: self._pressed(change["new"], chosen), "pressed")
        self.widget = widgets.VBox().add_class("genre-closer").add_class("genre-map")
        page_session.observe(lambda _: self._draw(), "dark")

    def show(self, heard: Sequence[tuple[Result, str]]) -> None:
        """Lay out results under their names; nothing is shown of fewer than three songs."""
        try:
            self._laid = SongMap.of_results([result for result, _ in heard], [name for _, name in heard])
        except GenreLibError:
            self._laid = None
        self._draw()

    def clear(self) -> None:
        """Show nothing."""
        self._laid = None
        self._draw()

    def _draw(self) -> None:
        laid = self._laid
        if laid is None:
            self.widget.children = []
            return
        from genre_lib.figures.song_map import song_map

        figure = song_map(
            laid.points, laid.names, laid.genres, laid.states, share=laid.share, dark=self._page_session.dark
        )
        self.widget.children = [plotly_output(figure), self._clicks]

    def _pressed(self, dot: int, chosen: Callable[[int], None]) -> None:
        if self._laid is not None and 0 <= dot < len(self._laid.names):
            # Silence, and what could not be used, have no dot.
            chosen(self._laid.indices[dot])
            # So that the same dot can be pressed again.
            self._clicks.pressed = -1
