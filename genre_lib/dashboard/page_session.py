"""What the page tells Python about its session, and what it tells the visitor when Python is gone."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import anywidget
import traitlets

from genre_lib.utils.templates import templates_beside

template = templates_beside(__file__)


class PageSession(anywidget.AnyWidget):
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

    _esm = template("page_session.js")
    _css = template("page_session.css")
    query = traitlets.Unicode().tag(sync=True)
    dark = traitlets.Bool().tag(sync=True)
    arrived = traitlets.Bool().tag(sync=True)

    def asked_for(self, name: str) -> str:
        """The value of a query parameter, or an empty string."""
        values: dict[str, list[Any]] = parse_qs(self.query.removeprefix("?"))
        return str(values.get(name, [""])[0])
