"""What curves and models can be turned into by parts of the library that listening does not need.

Tables need pandas and figures Plotly; listening may depend on neither. So the parts that make them sign in here (in
`genre_lib/__init__.py`), and `GenreCurve.plot` and its like ask for them by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

View = Callable[..., Any]

_VIEWS: dict[str, View] = {}


def provide(**views: View) -> None:
    """Make views known by their names.

    Examples
    --------
    >>> provide(shout=lambda word: word.upper())
    >>> view("shout")("rock")
    'ROCK'
    """
    _VIEWS.update(views)


def view(name: str) -> View:
    """The view of that name."""
    return _VIEWS[name]
