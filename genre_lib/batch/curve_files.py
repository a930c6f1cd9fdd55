"""A song's curve as files to take away: CSV for a spreadsheet, JSON for programs.

Columns and keys are those of docs/bundle.md ("Curve files"), the same as the page saves.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.batch.columns import step_columns
from genre_lib.batch.predict import Prediction
from genre_lib.inference.curve import GenreCurve
from genre_lib.utils.json_files import to_json


def curve_csv(curves: Sequence[GenreCurve], names: Sequence[str]) -> str:
    """A row for every step of every model: what is shown, then the raw step."""
    genres = list(dict.fromkeys(genre for curve in curves for genre in curve.genres))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    first = ["model", "time_s", "state", "genre", "level_dbfs"]
    shown_names, raw_names = step_columns(genres)
    writer.writerow([*first, *shown_names, "raw_state", *raw_names])
    for curve, name in zip(curves, names, strict=True):
        columns = [curve.genres.index(genre) if genre in curve.genres else None for genre in genres]

        def cells(row: NDArray[Any], columns: list[int | None] = columns) -> list[str]:
            return ["" if column is None else f"{row[column]:.6f}" for column in columns]

        belief, raw, raw_state = curve.belief, curve.probabilities, curve.state
        for i, (time, state, level) in enumerate(zip(curve.times, belief.state, curve.level, strict=True)):
            genre = "" if state == "silence" else curve.genres[int(belief.probabilities[i].argmax())]
            decibels = f"{level:.2f}" if np.isfinite(level) else ""
            shown = [name, f"{time:.4f}", state, genre, decibels, *cells(belief.probabilities[i])]
            writer.writerow([*shown, raw_state[i], *cells(raw[i])])
    return text.getvalue()


def curve_json(predictions: Sequence[Prediction], names: Sequence[str]) -> str:
    """What `genre predict --curve` prints, with the model's name; a list where several models heard the song."""
    values: list[dict[str, Any]] = [
        {"model": name, **prediction.to_dict(with_curve=True)}
        for prediction, name in zip(predictions, names, strict=True)
    ]
    return to_json(values[0] if len(values) == 1 else values, indent=1) + "\n"
