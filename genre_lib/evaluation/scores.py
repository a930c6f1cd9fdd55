"""How good a model's answers are, on clips it has not seen.

Everything here works on plain arrays: per clip the logits of its steps, the right genre, the artist. The result is
an `Evaluation`, which holds the clips' answers too: figures, the dashboard and comparisons of runs work from the
saved file, years later, without a network.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genre_lib.errors import EvaluationError
from genre_lib.evaluation.accuracy_by_seconds import SECONDS, Point, accuracy_by_seconds
from genre_lib.evaluation.calibration import Calibration
from genre_lib.evaluation.intervals import Estimate, proportion
from genre_lib.utils.serialization import StructureError, plain, structured

FORMAT = 1


@dataclass(frozen=True)
class Answers:
    """What a model said about each clip; enough to compare two models pairwise later.

    Attributes
    ----------
    names : tuple of str
        One per clip, the same in every run on the same data set.
    labels : tuple of int
        The right genre's index.
    groups : tuple of str, or None
        Artist or group of each clip; None where it is not known.
    clip_logits : tuple of tuples of float
        Mean of the clip's step logits, one per genre.
    """

    names: tuple[str, ...]
    labels: tuple[int, ...]
    groups: tuple[str, ...] | None
    clip_logits: tuple[tuple[float, ...], ...]

    @property
    def predicted(self) -> NDArray[np.intp]:
        """Index of the genre named for each clip (n_clips,)."""
        return np.asarray(np.asarray(self.clip_logits).argmax(axis=1))

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether each clip was named rightly (n_clips,)."""
        return np.asarray(self.predicted == np.asarray(self.labels))


@dataclass(frozen=True)
class GenreScore:
    """How one genre fares: `precision` is None if it was never named, `recall` if no clip is of it."""

    genre: str
    precision: Estimate | None
    recall: Estimate | None
    f1: float | None
    n_clips: int
    n_named: int


@dataclass(frozen=True)
class Condition:
    """Accuracy when every recording is treated in one way, such as low-pass filtered.

    `difference` is the treated minus the untreated accuracy, paired over the same clips.
    """

    name: str
    accuracy: Estimate
    difference: Estimate


@dataclass(frozen=True)
class Evaluation:
    """The results of one model on one part of one data set.

    Attributes
    ----------
    model, data_set, split : str
        What was evaluated, on what, and on which part of it.
    genres : tuple of str
        In the order of the network's outputs.
    accuracy : Estimate
        Of whole clips.
    step_accuracy : Estimate
        Of single steps; every clip weighs the same however long it is.
    per_genre : tuple of GenreScore
    confusion : tuple of tuples of int
        Row: the right genre; column: the genre named.
    by_seconds : tuple of Point
        Accuracy after the first x seconds, as heard live.
    by_gain : tuple of Point
        Accuracy with every recording made x dB louder.
    conditions : tuple of Condition
        Accuracy under codec, band limit, noise and the like.
    calibration : Calibration, optional
    answers : Answers
    notes : tuple of str
        What a reader must know to read the numbers rightly.
    """

    model: str
    data_set: str
    split: str
    genres: tuple[str, ...]
    accuracy: Estimate
    step_accuracy: Estimate
    per_genre: tuple[GenreScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    answers: Answers
    by_seconds: tuple[Point, ...] = ()
    by_gain: tuple[Point, ...] = ()
    conditions: tuple[Condition, ...] = ()
    calibration: Calibration | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def macro_f1(self) -> float:
        """Mean F1 over the genres that have clips."""
        scores = [score.f1 for score in self.per_genre if score.f1 is not None]
        return float(np.mean(scores)) if scores else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Evaluation:
        """From what `to_dict` gave, directly or through JSON.

        Raises
        ------
        EvaluationError
            If the data is not an evaluation or of a newer format.
        """
        if data.get("format") != FORMAT:
            raise EvaluationError(
                f"This is not an evaluation of format {FORMAT} (its format is {data.get('format')}); "
                "evaluate the model again with this version."
            )
        try:
            return structured(data, cls)
        except StructureError as error:
            raise EvaluationError(f"This evaluation is damaged ({error}); evaluate the model again.") from error

    def save(self, path: str | Path) -> Path:
        """Write as JSON; returns the path."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.to_dict(), allow_nan=False) + "\n", encoding="utf-8")
        return path

    @classmethod
    def load(cls, path: str | Path) -> Evaluation:
        """Read what `save` wrote.

        Raises
        ------
        EvaluationError
            If the file is missing or is not an evaluation.
        """
        try:
            data = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise EvaluationError(
                f"{path} cannot be read as an evaluation ({error}); run notebook 03 to make it."
            ) from error
        if not isinstance(data, dict):
            raise EvaluationError(f"{path} holds no evaluation; run notebook 03 to make it.")
        return cls.from_dict(data)

    def headline(self) -> str:
        """The accuracy in a line, which says whether artists were kept apart."""
        how = "artists unknown" if self.answers.groups is None else "by artist"
        return f"{how}, {self.data_set}, {self.split}: {self.accuracy}"

    def card_metrics(self) -> list[dict[str, Any]]:
        """The entries of a model card's `metrics`."""
        entries = [self._metric("accuracy", self.accuracy), self._metric("step_accuracy", self.step_accuracy)]
        entries += [
            self._metric(f"accuracy_{point.x:g}_s", point.accuracy, note=f"first {point.x:g} s, as heard live")
            for point in self.by_seconds
        ]
        for span in self.calibration.spans if self.calibration else ():
            note = f"temperature {span.temperature:.2f}, {span.binning} bins, cross-fitted over {span.n_folds} folds"
            note = note if span.n_folds else "not calibrated: too few clips"
            entries.append(self._metric(f"ece_{span.name}", span.ece_after, n=span.n_clips, note=note))
        return entries

    def card_report(self) -> dict[str, Any]:
        """A model card's `report`: what a page shows of the results."""
        return {
            "data_set": self.data_set,
            "split": self.split,
            "accuracy": plain(self.accuracy),
            "per_genre": [asdict(score) for score in self.per_genre],
            "confusion": [list(row) for row in self.confusion],
            "accuracy_by_seconds": [asdict(point) for point in self.by_seconds],
            "calibration": [span.summary() for span in self.calibration.spans] if self.calibration else [],
        }

    def _metric(
        self, name: str, value: Estimate | float, *, n: int | None = None, note: str | None = None
    ) -> dict[str, Any]:
        entry: dict[str, Any] = {"name": name, "data_set": self.data_set, "split": self.split}
        if isinstance(value, Estimate):
            note = f"{note}; {value.method}" if note else value.method
            entry |= {"value": value.value, "interval": [value.low, value.high], "n": value.n}
        else:
            entry |= {"value": value, "n": n}
        return {**entry, "note": note} if note else entry


def evaluate(
    step_logits: Sequence[NDArray[np.floating[Any]]],
    labels: ArrayLike,
    *,
    genres: Sequence[str],
    data_set: str,
    split: str,
    step_period_s: float,
    first_step_s: float,
    model: str = "",
    names: Sequence[str] | None = None,
    groups: Sequence[Any] | None = None,
    seconds: Sequence[float] = SECONDS,
    calibration: Calibration | None = None,
    notes: Sequence[str] = (),
) -> Evaluation:
    """Score a model's answers.

    Parameters
    ----------
    step_logits : sequence of arrays [shape=(n_steps, n_genres)]
        One per clip; clips may differ in length.
    labels : int array [shape=(n_clips,)]
        Index of the right genre.
    genres : sequence of str [length n_genres]
    step_period_s : float > 0 [s]
        Time between steps.
    first_step_s : float > 0 [s]
        Sound needed until the first step is out.
    groups : sequence [shape=(n_clips,)], optional
        Artist or group of each clip; given, intervals come from a bootstrap over groups.
    seconds : sequence of float [s]
        Where to measure the accuracy against seconds heard.

    Raises
    ------
    EvaluationError
        If the arrays do not fit each other, a label names no genre, or a clip has no step.
    """
    true = np.asarray(labels, dtype=np.intp)
    names = [str(i) for i in range(len(step_logits))] if names is None else [str(name) for name in names]
    check_answers(step_logits, true, n_genres=len(genres), names=names)
    clip_logits = np.stack([np.asarray(logits, dtype=np.float64).mean(axis=0) for logits in step_logits])
    answers = Answers(
        names=tuple(names),
        labels=tuple(int(label) for label in true),
        groups=None if groups is None else tuple(str(group) for group in groups),
        clip_logits=tuple(tuple(round(float(value), 5) for value in row) for row in clip_logits),
    )
    step_share = [
        float((np.argmax(logits, axis=1) == label).mean()) for logits, label in zip(step_logits, true, strict=True)
    ]
    confusion = np.zeros((len(genres), len(genres)), dtype=int)
    np.add.at(confusion, (true, answers.predicted), 1)
    return Evaluation(
        model=model,
        data_set=data_set,
        split=split,
        genres=tuple(genres),
        accuracy=proportion(answers.correct, groups),
        step_accuracy=proportion(step_share, groups),
        per_genre=tuple(_genre_score(index, genre, answers) for index, genre in enumerate(genres)),
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
        answers=answers,
        by_seconds=accuracy_by_seconds(
            step_logits,
            true,
            step_period_s=step_period_s,
            first_step_s=first_step_s,
            seconds=seconds,
            groups=groups,
        ),
        calibration=calibration,
        notes=tuple(notes),
    )


def check_answers(
    step_logits: Sequence[NDArray[np.floating[Any]]],
    labels: NDArray[np.intp],
    *,
    n_genres: int,
    names: Sequence[str] | None = None,
) -> None:
    """Refuse answers that do not fit together.

    Raises
    ------
    EvaluationError
        As `evaluate`.
    """
    if not len(step_logits):
        raise EvaluationError("There is no clip to evaluate; the chosen split is empty.")
    if labels.shape != (len(step_logits),) or (names is not None and len(names) != len(step_logits)):
        raise EvaluationError(
            f"{len(step_logits)} clips were answered but there are {labels.size} labels"
            + (f" and {len(names)} names." if names is not None else ".")
        )
    if labels.min() < 0 or labels.max() >= n_genres:
        raise EvaluationError(f"The label {int(labels.max())} names none of the {n_genres} genres.")
    for index, logits in enumerate(step_logits):
        if logits.ndim != 2 or logits.shape[1] != n_genres or not logits.shape[0]:
            raise EvaluationError(
                f"Clip {names[index] if names is not None else index} has logits of shape {logits.shape}, where "
                f"(at least 1 step, {n_genres} genres) is needed; leave out clips that are too short."
            )


def _genre_score(index: int, genre: str, answers: Answers) -> GenreScore:
    of_genre = np.asarray(answers.labels) == index
    named = answers.predicted == index
    recall = _share(answers, of_genre)
    precision = _share(answers, named)
    n_clips, n_named, n_right = int(of_genre.sum()), int(named.sum()), int((of_genre & named).sum())
    f1 = 2 * n_right / (n_clips + n_named) if n_clips else None
    return GenreScore(genre, precision, recall, f1, n_clips, n_named)


def _share(answers: Answers, chosen: NDArray[np.bool_]) -> Estimate | None:
    if not chosen.any():
        return None
    groups = None if answers.groups is None else np.asarray(answers.groups)[chosen]
    return proportion(answers.correct[chosen], groups)


def _estimate_or_none(data: dict[str, Any] | None) -> Estimate | None:
    return None if data is None else Estimate(**data)
