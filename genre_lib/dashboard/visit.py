"""What the page tells Python about the visit, and what it tells the visitor when Python is gone."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import anywidget
import traitlets

from genre_lib.song_page import template


class Visit(anywidget.AnyWidget):
    """An invisible widget that watches over the page.

    Attributes
    ----------
    query : str
        The query string of the page's address, empty until the page is there.
    dark : bool
        Whether the visitor's system is dark.
    arrived : bool
        Whether a page shows this widget.
    """

    _esm = template("visit.js")
    _css = template("visit.css")
    query = traitlets.Unicode().tag(sync=True)
    dark = traitlets.Bool().tag(sync=True)
    arrived = traitlets.Bool().tag(sync=True)

    def asked_for(self, name: str) -> str:
        """The value of a query parameter, or an empty string."""
        values: dict[str, list[Any]] = parse_qs(self.query.removeprefix("?"))
        return str(values.get(name, [""])[0])
