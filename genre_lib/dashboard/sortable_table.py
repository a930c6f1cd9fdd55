"""A table that sorts in the browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anywidget
import traitlets

from genre_lib.audio.files import named
from genre_lib.batch.predict import Prediction, Result
from genre_lib.figures.palette import genre_colours
from genre_lib.inference.answer import Answer
from genre_lib.inference.segments import clock
from genre_lib.inference.words import name_of
from genre_lib.utils.templates import templates_beside

template = templates_beside(__file__)


class AnswerTable(anywidget.AnyWidget):
    """One row for each recording.

    Attributes
    ----------
    rows : list of dict
        See `row_of`.
    chosen : int
        Index of the row whose name was clicked last, or -1.
    """

    _esm = template("table.js")
    _css = template("table.css")
    rows: Any = traitlets.List().tag(sync=True)
    chosen = traitlets.Int(-1).tag(sync=True)


def row_of(result: Result, name: str, genres: Sequence[str], *, playable: bool) -> dict[str, Any]:
    """A recording's answer, or why there is none, as plain values for the table."""
    row: dict[str, Any] = {"name": name, "playable": playable and isinstance(result, Prediction)}
    if not isinstance(result, Prediction):
        return row | {"error": named(result.error, result.path)}
    answer: Answer = result.curve.answer()
    colours = genre_colours(genres)
    row |= {"state": answer.state, "seconds": result.curve.duration_s, "length": clock(result.curve.duration_s)}
    if result.curve.warning:
        row |= {"warning": named(result.curve.warning, result.path, name)}
    if answer.state == "silence":
        return row
    (best, p), (second, p_second) = answer.ranked[:2]
    row |= {"said": name_of(answer.state, best)}
    return row | {"genre": best, "p": p, "second": second, "p_second": p_second, "colour": colours[best]}
