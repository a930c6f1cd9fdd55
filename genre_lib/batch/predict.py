"""Batch prediction: files and folders in, one answer or one sentence for each out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.files import shown, utf8
from genre_lib.audio.finding import Found, find_recordings
from genre_lib.batch.columns import row_cells, row_columns
from genre_lib.errors import AudioError, GenreLibError, ParameterError
from genre_lib.executors import Executor, Failure, Progress
from genre_lib.inference.curve import GenreCurve
from genre_lib.inference.model import GenreModel, load_model
from genre_lib.inference.segments import segments
from genre_lib.inference.words import name_of, spoken
from genre_lib.utils.json_files import to_json


@dataclass(frozen=True, eq=False)
class Prediction:
    """A recording's answer.

    Attributes
    ----------
    path : Path
    curve : GenreCurve
    song_vector : np.ndarray [shape=(n_features,)] or None
        `Embedding.song`, where a batch kept it.
    """

    path: Path
    curve: GenreCurve
    song_vector: NDArray[np.float32] | None = None

    def to_dict(self, *, with_curve: bool = False) -> dict[str, Any]:
        """Plain JSON values: path, genre, state, probabilities, duration_s and, if asked for, the curve.

        Where something of the recording was not heard, `warning` says what.
        """
        answer = self.curve.answer()
        values: dict[str, Any] = {
            "path": str(self.path),
            "genre": answer.genre,
            "state": answer.state,
            "probabilities": {genre: round(p, 6) for genre, p in answer.probabilities.items()},
            "duration_s": round(self.curve.duration_s, 3),
        }
        if self.curve.warning:
            values["warning"] = self.curve.warning
        if with_curve:
            values |= curve_to_dict(self.curve)
        return values


@dataclass(frozen=True)
class Unusable:
    """A recording without an answer, and the sentence that says why."""

    path: Path
    error: str

    def to_dict(self, *, with_curve: bool = False) -> dict[str, Any]:
        """Plain JSON values: path and error."""
        return {"path": str(self.path), "error": self.error}


Result = Prediction | Unusable


def curve_to_dict(curve: GenreCurve) -> dict[str, Any]:
    """What is shown of a curve, and its raw steps, as plain JSON values: the keys of docs/bundle.md, "Curve files"."""
    belief = curve.belief
    leaders = belief.probabilities.argmax(axis=1) if len(belief.times) else []
    return {
        "segments": [_rounded(asdict(segment)) for segment in segments(curve)],
        "times": [round(float(t), 4) for t in curve.times],
        "curve": _by_genre(belief.probabilities, curve.genres),
        "step_state": belief.state.tolist(),
        "step_genre": [
            None if state == "silence" else curve.genres[leader]
            for state, leader in zip(belief.state, leaders, strict=True)
        ],
        "raw_curve": _by_genre(curve.probabilities, curve.genres),
        "raw_state": curve.state.tolist(),
        "level_dbfs": [round(float(level), 2) for level in curve.level],
    }


def _by_genre(probabilities: NDArray[np.float64], genres: Sequence[str]) -> dict[str, list[float]]:
    columns = probabilities.T
    return {genre: [round(float(p), 6) for p in column] for genre, column in zip(genres, columns, strict=True)}


def _rounded(segment: dict[str, Any]) -> dict[str, Any]:
    digits = {"start_s": 3, "stop_s": 3, "probability": 6}
    return {
        name: value if value is None or name not in digits else round(value, digits[name])
        for name, value in segment.items()
    }


def predict(
    paths: str | Path | Found | Iterable[str | Path],
    *,
    model: str | Path | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Iterator[Result]:
    """Predict every recording of some files and folders.

    Parameters
    ----------
    paths : str, Path, iterable of them, or Found
        A file, a folder, several of either, or what `genre_lib.audio.finding.find_recordings` found.
    model : str or Path, optional
        A bundle's folder; by default the pretrained one.
    executor : Executor, optional
        By default one after the other in this process, in the order given; others yield as they finish.
    progress : callable, optional
        Called with (files done, files in all).

    Yields
    ------
    Prediction or Unusable

    Raises
    ------
    BundleError
        Before anything is predicted, if the model cannot be loaded.
    ParameterError
        Something among the paths is no path, or there is none.
    """
    model_of_process(model)
    found = paths if isinstance(paths, Found) else find_recordings(several_paths(paths))
    return _predict(found, model, executor, progress)


def several_paths(paths: str | Path | Iterable[str | Path]) -> list[str | Path]:
    """One path or several as a list; ParameterError where there is none, or something else among them."""
    try:
        several = [paths] if isinstance(paths, str | Path) else list(paths)
    except TypeError:
        raise ParameterError(f"{paths!r} is no path: give a file, a folder, or a list of them.") from None
    for path in several:
        if not isinstance(path, str | Path) or str(path) == "":
            raise ParameterError(f"{path!r} is no path: give files and folders.")
    if not several:
        raise ParameterError("There is no path: give a file, a folder, or a list of them.")
    return several


def _predict(
    found: Found, model: str | Path | None, executor: Executor | None, progress: Progress | None
) -> Iterator[Result]:
    yield from unusable_of(found)
    recordings = found.recordings
    if executor is None:
        for done, recording in enumerate(recordings, start=1):
            yield predict_file(recording, model)
            if progress is not None:
                progress(done, len(recordings))
        return
    for outcome in executor.map(partial(predict_file, model=model), recordings, progress=progress):
        if outcome.failure is not None:
            yield Unusable(recordings[outcome.index], why_unusable(recordings[outcome.index], outcome.failure))
        elif outcome.value is not None:
            yield outcome.value


def unusable_of(found: Found) -> list[Unusable]:
    """What a search could not look at, as results."""
    return [Unusable(path, str(error)) for path, error in found.unusable.items()]


def predict_file(path: Path, model: str | Path | None = None) -> Result:
    """One recording's answer, or why there is none."""
    try:
        return Prediction(path, model_of_process(model).curve(path))
    except AudioError as error:
        return Unusable(path, str(error))


def why_unusable(path: Path, failure: Failure) -> str:
    """The sentence about a recording that cost its worker an error that nobody foresaw, or its life.

    Raises
    ------
    GenreLibError
        The recording is not to blame, such as for a model that the workers do not find: every other one would fail too.
    """
    if failure.expected:
        raise GenreLibError(failure.message)
    message = failure.message.replace(str(path), shown(path))
    return message if message.startswith(shown(path)) else f"{shown(path)}: {message}"


def to_csv(results: Iterable[Result], *, genres: Sequence[str] | None = None) -> Iterator[str]:
    """Lines of CSV: path, state, genre, probability, duration_s, a column for each genre, error.

    Where `genres` are not given they are those of the first recording that has an answer. A genre called as another
    column is has `genre_` before its name.
    """
    header: list[str] | None = None
    waiting: list[Result] = []
    if genres is not None:
        header = row_columns(genres)
        yield _csv_line(header)
    for result in results:
        if header is None and isinstance(result, Unusable):
            waiting.append(result)
            continue
        if header is None and isinstance(result, Prediction):
            header = row_columns(result.curve.genres)
            yield _csv_line(header)
            yield from (_csv_line(_csv_row(item, header)) for item in waiting)
            waiting = []
        assert header is not None
        yield _csv_line(_csv_row(result, header))
    if header is None:
        header = row_columns(())
        yield _csv_line(header)
        yield from (_csv_line(_csv_row(item, header)) for item in waiting)


def to_table(results: Iterable[Result]) -> Iterator[str]:
    """Lines for a terminal: the genre and its probability, the runner-up, the length, the file."""
    yield f"{'answer':<18} {'p':>4}  {'runner-up':<10} {'p':>4}  {'length':>7}  file"
    for result in results:
        if isinstance(result, Unusable):
            continue
        answer = result.curve.answer()
        (best, p_best), (second, p_second) = answer.ranked[:2]
        name = name_of(answer.state, best)
        # A genre that the answer does not name is the first of the others.
        named = [f"{p_best:.2f}", spoken(second), f"{p_second:.2f}"]
        if answer.state in ("unsure", "mixed"):
            named = ["", spoken(best), f"{p_best:.2f}"]
        minutes, seconds = divmod(round(result.curve.duration_s), 60)
        cells = ["", "", ""] if answer.state == "silence" else named
        length = f"{minutes:>4}:{seconds:02d}"
        yield f"{name:<18} {cells[0]:>4}  {cells[1]:<10} {cells[2]:>4}  {length}  {shown(result.path)}"


def to_json_lines(results: Iterable[Result], *, with_curve: bool = False) -> Iterator[str]:
    """One JSON object a line for each result; see `Prediction.to_dict`."""
    for result in results:
        yield to_json(result.to_dict(with_curve=with_curve))


@lru_cache(maxsize=2)
def model_of_process(model: str | Path | None) -> GenreModel:
    """A bundle's model: a worker process predicts many files, and verifies and loads the bundle once."""
    return load_model(model)


def _csv_row(result: Result, header: list[str]) -> list[str]:
    cells = row_cells(result.to_dict())
    return ["" if cells.get(name) is None else str(cells[name]) for name in header]


def _csv_line(row: list[str]) -> str:
    line = io.StringIO()
    # Only what ends lines for the writer is quoted by it.
    csv.writer(line, lineterminator="\r\n").writerow(row)
    return utf8(line.getvalue().removesuffix("\r\n"))
