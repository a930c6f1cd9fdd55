"""Columns of tables that have one for each genre, whatever the genres are called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

BEFORE_GENRES = ("path", "state", "genre", "probability", "duration_s")
AFTER_GENRES = ("error", "warning")
"""The other columns of a table with one row a recording, in CSV and Parquet."""


def row_columns(genres: Sequence[str]) -> list[str]:
    """The columns of such a table, in order."""
    return [*BEFORE_GENRES, *genre_columns(genres, (*BEFORE_GENRES, *AFTER_GENRES)).values(), *AFTER_GENRES]


def row_cells(values: dict[str, Any]) -> dict[str, Any]:
    """A result's `to_dict` by column: probabilities in the columns of their genres, `probability` of the best one."""
    probabilities = values.get("probabilities", {})
    columns = genre_columns(list(probabilities), (*BEFORE_GENRES, *AFTER_GENRES))
    cells = {name: value for name, value in values.items() if name != "probabilities"}
    cells |= {columns[genre]: value for genre, value in probabilities.items()}
    best = None if values.get("genre") is None else max(probabilities.values(), default=None)
    return cells | {"probability": best}


def genre_columns(genres: Sequence[str], others: Iterable[str]) -> dict[str, str]:
    """Name of each genre's column: the genre's own, or with `genre_` before it where another column has that name.

    Examples
    --------
    >>> genre_columns(["rock", "path"], ["path", "error"])
    {'rock': 'rock', 'path': 'genre_path'}
    """
    taken = set(others)
    columns: dict[str, str] = {}
    for genre in genres:
        name = genre
        while name in taken or (name != genre and name in genres):
            name = f"genre_{name}"
        taken.add(name)
        columns[genre] = name
    return columns


def step_columns(genres: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names of the genres' columns in a table of steps: of the belief that is shown, and of the step alone.

    Examples
    --------
    >>> step_columns(["rock", "state"])
    (['rock', 'genre_state'], ['raw_rock', 'genre_raw_state'])
    """
    others = ("model", "path", "time_s", "state", "genre", "level_dbfs", "raw_state")
    shown = list(genre_columns(genres, others).values())
    raw = list(genre_columns([f"raw_{genre}" for genre in genres], (*others, *shown)).values())
    return shown, raw
