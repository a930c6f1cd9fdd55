"""Curves and predictions as tables of pandas, with the columns of the files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from genre_lib.audio.finding import find_recordings
from genre_lib.batch.columns import row_cells, row_columns, step_columns
from genre_lib.batch.predict import Prediction, Result, Unusable, several_paths, unusable_of
from genre_lib.errors import AudioError
from genre_lib.inference.curve import GenreCurve
from genre_lib.inference.model import GenreModel
from genre_lib.utils.extras import require

if TYPE_CHECKING:
    import pandas


def curve_frame(curve: GenreCurve) -> pandas.DataFrame:
    """A row a step: the columns of docs/bundle.md, "Curve files", without `model`.

    Raises
    ------
    MissingDependencyError
        There is no pandas.
    """
    require("pandas", what="A table")
    import pandas

    belief = curve.belief
    genre = np.array(curve.genres, object)[belief.probabilities.argmax(axis=1)]
    genre[belief.state == "silence"] = None
    shown, raw = step_columns(curve.genres)
    return pandas.DataFrame(
        {
            "time_s": curve.times,
            "state": belief.state.astype(object),
            "genre": genre,
            "level_dbfs": curve.level,
            **dict(zip(shown, belief.probabilities.T, strict=True)),
            "raw_state": curve.state.astype(object),
            **dict(zip(raw, curve.probabilities.T, strict=True)),
        }
    )


def predict_frame(model: GenreModel, paths: str | Path | Iterable[str | Path]) -> pandas.DataFrame:
    """A row a recording: what `GenreModel.predict` gives; raises as it does."""
    require("pandas", what="A table")
    import pandas

    found = find_recordings(several_paths(paths))
    results: list[Result] = [*unusable_of(found)]
    for recording in found.recordings:
        try:
            results.append(Prediction(recording, model.curve(recording)))
        except AudioError as error:
            results.append(Unusable(recording, str(error)))
    rows = [row_cells(result.to_dict()) for result in results]
    return pandas.DataFrame(rows, columns=row_columns(model.card.genres))
