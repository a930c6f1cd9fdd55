"""A song's curve as files to take away: CSV for a spreadsheet, JSON for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from genre_lib.batch.predict import Prediction
from genre_lib.inference.curve import GenreCurve
from genre_lib.inference.segments import segments
from genre_lib.utils.json_files import to_json


def curve_csv(curves: Sequence[GenreCurve], names: Sequence[str]) -> str:
    """A row for every step of every model: model, time_s, state, level_dbfs, and a column for each genre."""
    genres = list(dict.fromkeys(genre for curve in curves for genre in curve.genres))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["model", "time_s", "state", "level_dbfs", *genres])
    for curve, name in zip(curves, names, strict=True):
        columns = [curve.genres.index(genre) if genre in curve.genres else None for genre in genres]
        for time, state, level, row in zip(curve.times, curve.state, curve.level, curve.probabilities, strict=True):
            values = ["" if column is None else f"{row[column]:.6f}" for column in columns]
            writer.writerow([name, f"{time:.4f}", state, f"{level:.2f}" if np.isfinite(level) else "", *values])
    return text.getvalue()


def curve_json(predictions: Sequence[Prediction], names: Sequence[str]) -> str:
    """What `genre predict --curve` prints, with model and segments; a list where several models heard the song."""
    values = [
        {"model": name, **prediction.to_dict(with_curve=True), "segments": [*map(asdict, segments(prediction.curve))]}
        for prediction, name in zip(predictions, names, strict=True)
    ]
    return to_json(values[0] if len(values) == 1 else values, indent=1) + "\n"
