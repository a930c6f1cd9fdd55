"""One look for every genre, in figures, reports, dashboard and page: a colour, and what remains of it without colour.

A colour belongs to a genre's name, whatever model or list it stands in; docs/bundle.md ("Colours") defines it, and
`palette.json` is what Python and the page both read. The ten colours neighbour each other with a step in lightness,
found by a search that kept the smallest distance (OKLab) between any two as large as possible for full colour vision
and for protanopia, deuteranopia and tritanopia. Colour is never the only mark: lines differ in dash and symbol, areas
in hatching or a label.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DEFINED: dict[str, Any] = json.loads(Path(__file__).with_name("palette.json").read_text("utf-8"))
PALETTE: dict[str, str] = _DEFINED["colours"]
SILENCE, UNSURE = _DEFINED["silence"], _DEFINED["unsure"]

_SLOTS: dict[str, int] = _DEFINED["slots"]
# The ten colours, the same lighter, the same darker.
_N_SLOTS = 3 * len(PALETTE)
_SHADE = 0.28

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
    """A style for each genre: the colour by its name, dash, symbol and hatching by its slot; any number of genres.

    Examples
    --------
    >>> genre_styles(["reggae", "classical"])["classical"].colour
    '#e59bb8'
    """
    styles: dict[str, GenreStyle] = {}
    shared: Counter[int] = Counter()
    for genre, slot in genre_slots(genres).items():
        mark = slot + slot // len(PALETTE) + shared[slot]
        shared[slot] += 1
        styles[genre] = GenreStyle(
            colour=_colour(slot),
            dash=_DASHES[mark % len(_DASHES)],
            symbol=_SYMBOLS[mark % len(_SYMBOLS)],
            pattern=_PATTERNS[mark % len(_PATTERNS)],
        )
    return styles


def genre_colours(genres: Sequence[str]) -> dict[str, str]:
    """The colour of each genre, as `#rrggbb`."""
    return {genre: style.colour for genre, style in genre_styles(genres).items()}


def genre_slots(genres: Sequence[str]) -> dict[str, int]:
    """The slot of each genre: its own where `palette.json` has one, else by the hash of its name.

    Where two names of one list meet in a slot, the later one in the alphabet takes the next free slot; beyond thirty
    genres slots are shared.

    Examples
    --------
    >>> genre_slots(["Hip-Hop", "salsa", "drum & bass"])
    {'Hip-Hop': 4, 'salsa': 11, 'drum & bass': 12}
    """
    keys = {genre: "".join(letter for letter in genre.lower() if letter.isalnum()) for genre in genres}
    slots = {genre: _SLOTS[key] for genre, key in keys.items() if key in _SLOTS}
    for genre in sorted((genre for genre in genres if genre not in slots), key=lambda name: (keys[name], name)):
        taken, slot = set(slots.values()), _hash(keys[genre]) % _N_SLOTS
        if len(taken) < _N_SLOTS:
            while slot in taken:
                slot = (slot + 1) % _N_SLOTS
        slots[genre] = slot
    return {genre: slots[genre] for genre in genres}


def _hash(key: str) -> int:
    """FNV-1a of the UTF-8 bytes, 32 bits: the same in every language."""
    value = 0x811C9DC5
    for byte in key.encode("utf-8", "replace"):
        value = (value ^ byte) * 0x01000193 % 2**32
    return value


def _colour(slot: int) -> str:
    base = list(PALETTE.values())[slot % len(PALETTE)]
    turn = slot // len(PALETTE)
    if turn == 0:
        return base
    towards = 255 if turn == 1 else 0
    channels = [int(base[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{int(channel + (towards - channel) * _SHADE + 0.5):02x}" for channel in channels)
