"""One look for every genre, in figures, reports and dashboard: a colour, and what remains of it in black and white.

Ten colours that neighbour each other with a step in lightness, found by a search that kept the smallest distance
(OKLab) between any two as large as possible for full colour vision and for protanopia, deuteranopia and tritanopia.
Colour is never the only mark: lines differ in dash and symbol, areas in hatching or a label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PALETTE = {
    "indigo": "#4451b5",
    "rose": "#e59bb8",
    "forest": "#3f731e",
    "orange": "#e58b2f",
    "violet": "#8f63c4",
    "sky": "#6fb8ee",
    "wine": "#8a2e5c",
    "lime": "#b5c64a",
    "teal": "#378782",
    "brick": "#c0453c",
}
SILENCE, UNSURE = "#8a8f98", "#b9bec7"

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_SYMBOLS = (
    "circle",
    "square",
    "diamond",
    "cross",
    "x",
    "triangle-up",
    "triangle-down",
    "star",
    "hexagon",
    "pentagon",
)
_PATTERNS = ("", "/", ".", "x", "\\", "-", "+", "|")


@dataclass(frozen=True)
class GenreStyle:
    """How a genre is drawn: `dash`, `symbol` and `pattern` are Plotly's names."""

    colour: str
    dash: str
    symbol: str
    pattern: str


def genre_styles(genres: Sequence[str]) -> dict[str, GenreStyle]:
    """A style for each genre, by its place in the model's list; any number of genres.

    After ten genres the colours come again, with another dash, symbol and hatching.

    Examples
    --------
    >>> genre_styles(["blues", "classical"])["classical"].colour
    '#e59bb8'
    """
    colours = list(PALETTE.values())
    styles = {}
    for index, genre in enumerate(genres):
        turn = index // len(colours)
        styles[genre] = GenreStyle(
            colour=colours[index % len(colours)],
            dash=_DASHES[(index + turn) % len(_DASHES)],
            symbol=_SYMBOLS[(index + turn) % len(_SYMBOLS)],
            pattern=_PATTERNS[(index + turn) % len(_PATTERNS)],
        )
    return styles


def genre_colours(genres: Sequence[str]) -> dict[str, str]:
    """The colour of each genre, as `#rrggbb`."""
    return {genre: style.colour for genre, style in genre_styles(genres).items()}
