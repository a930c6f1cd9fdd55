"""Batch prediction: files and folders in, one answer or one sentence for each out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.decoding import AUDIO_EXTENSIONS
from genre_lib.errors import AudioError, GenreLibError
from genre_lib.executors import Executor, Failure, Progress
from genre_lib.inference.curve import GenreCurve
from genre_lib.inference.model import GenreModel, load_model
from genre_lib.inference.segments import segments
from genre_lib.inference.words import name_of, spoken


@dataclass(frozen=True, eq=False)
class Prediction:
    """A recording's answer.

    Attributes
    ----------
    path : Path
    curve : GenreCurve
    """

    path: Path
    curve: GenreCurve

    def to_dict(self, *, with_curve: bool = False) -> dict[str, Any]:
        """Plain JSON values: path, genre, state, probabilities, duration_s and, if asked for, the curve."""
        answer = self.curve.answer()
        values: dict[str, Any] = {
            "path": str(self.path),
            "genre": answer.genre,
            "state": answer.state,
            "probabilities": {genre: round(p, 6) for genre, p in answer.probabilities.items()},
            "duration_s": round(self.curve.duration_s, 3),
        }
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


def find_recordings(path: str | Path) -> list[Path]:
    """The file itself, or every recording below a folder in order of name.

    Raises
    ------
    AudioError
        The path does not exist, or the folder holds nothing that looks like audio.
    """
    path = Path(path)
    if not path.exists():
        raise AudioError(f"{path} does not exist: check the path.")
    if path.is_file():
        return [path]
    found = sorted(item for item in path.rglob("*") if item.suffix.lower() in AUDIO_EXTENSIONS and item.is_file())
    if not found:
        raise AudioError(f"{path} holds no audio files: name a folder with wav, flac, ogg, mp3, au or m4a files.")
    return found


def predict(
    paths: Iterable[str | Path],
    *,
    model: str | Path | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Iterator[Result]:
    """Predict every recording of some files and folders.

    Parameters
    ----------
    paths : iterable of str or Path
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
    """
    model_of_process(model)
    return _predict(paths, model, executor, progress)


def _predict(
    paths: Iterable[str | Path], model: str | Path | None, executor: Executor | None, progress: Progress | None
) -> Iterator[Result]:
    recordings: list[Path] = []
    for path in paths:
        try:
            recordings += find_recordings(path)
        except AudioError as error:
            yield Unusable(Path(path), str(error))
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
    return failure.message if failure.message.startswith(str(path)) else f"{path}: {failure.message}"


def to_csv(results: Iterable[Result], *, genres: Sequence[str] | None = None) -> Iterator[str]:
    """Lines of CSV: path, state, genre, probability, duration_s, a column for each genre, error.

    Where `genres` are not given they are those of the first recording that has an answer.
    """
    header: list[str] | None = None
    waiting: list[Result] = []
    if genres is not None:
        header = ["path", "state", "genre", "probability", "duration_s", *genres, "error"]
        yield _csv_line(header)
    for result in results:
        if header is None and isinstance(result, Unusable):
            waiting.append(result)
            continue
        if header is None and isinstance(result, Prediction):
            header = ["path", "state", "genre", "probability", "duration_s", *result.curve.genres, "error"]
            yield _csv_line(header)
            yield from (_csv_line(_csv_row(item, header)) for item in waiting)
            waiting = []
        assert header is not None
        yield _csv_line(_csv_row(result, header))
    if header is None:
        header = ["path", "state", "genre", "probability", "duration_s", "error"]
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
        shown = ["", "", ""] if answer.state == "silence" else named
        yield f"{name:<18} {shown[0]:>4}  {shown[1]:<10} {shown[2]:>4}  {minutes:>4}:{seconds:02d}  {result.path}"


def to_json_lines(results: Iterable[Result], *, with_curve: bool = False) -> Iterator[str]:
    """One JSON object a line for each result; see `Prediction.to_dict`."""
    for result in results:
        yield json.dumps(result.to_dict(with_curve=with_curve), ensure_ascii=False)


@lru_cache(maxsize=2)
def model_of_process(model: str | Path | None) -> GenreModel:
    """A bundle's model: a worker process predicts many files, and verifies and loads the bundle once."""
    return load_model(model)


def _csv_row(result: Result, header: list[str]) -> list[str]:
    values = result.to_dict()
    probabilities = values.pop("probabilities", {})
    best = max(probabilities.values(), default="")
    flat = {**values, **probabilities, "probability": "" if values.get("genre") is None else best}
    return ["" if flat.get(name) is None else str(flat.get(name, "")) for name in header]


def _csv_line(row: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(row)
    return line.getvalue()
