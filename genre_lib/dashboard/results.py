"""What an evaluation saved about a model: beside its bundle, or the short form in its card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genre_lib.bundle.card import Card
from genre_lib.errors import GenreLibError
from genre_lib.evaluation.accuracy_by_seconds import Point
from genre_lib.evaluation.intervals import Estimate
from genre_lib.evaluation.model_comparison import LeakDemonstration
from genre_lib.evaluation.scores import Answers, Evaluation, GenreScore
from genre_lib.utils.json_files import read_json
from genre_lib.utils.serialization import structured

EVALUATION = "evaluation.json"
LEAK = "leak.json"


@dataclass(frozen=True)
class Results:
    """Saved results; None where there are none.

    Attributes
    ----------
    evaluation : Evaluation or None
    folds : Evaluation or None
        The short form of a cross-validation, which says more of each genre than one part.
    leak : LeakDemonstration or None
    notes : tuple of str
        Sentences that a reader needs beside the numbers.
    """

    evaluation: Evaluation | None = None
    leak: LeakDemonstration | None = None
    notes: tuple[str, ...] = ()
    folds: Evaluation | None = None


def results_of(bundle: Path, card: Card) -> Results:
    """The results of a bundle.

    Of a bundle in a run's folder they lie in ``evaluation`` beside it, of one in ``data/models`` in
    ``NAME-evaluation``; else the card's `report` gives those it has.
    """
    leak = _leak(card.report.get("leak"))
    for folder in (bundle.parent / "evaluation", bundle.parent / f"{bundle.name}-evaluation"):
        if not (folder / EVALUATION).is_file():
            continue
        try:
            evaluation = Evaluation.load(folder / EVALUATION)
            leak = _leak(read_json(folder / LEAK, missing={})) or leak
        except GenreLibError as error:
            return Results(_of_card(card), leak, (f"The saved evaluation cannot be read: {error}",))
        if evaluation.genres == card.genres:
            of_card = _of_card(card)
            folds = of_card if of_card is not None and of_card.split != evaluation.split else None
            return Results(evaluation, leak, evaluation.notes, folds)
    return Results(_of_card(card), leak)


def _of_card(card: Card) -> Evaluation | None:
    report = card.report
    if not report.get("confusion"):
        return None
    return Evaluation(
        model=f"{card.name} {card.version}",
        data_set=report["data_set"],
        split=report["split"],
        genres=card.genres,
        accuracy=structured(report["accuracy"], Estimate),
        step_accuracy=structured(report["accuracy"], Estimate),
        per_genre=structured(report.get("per_genre", []), tuple[GenreScore, ...]),
        confusion=tuple(tuple(row) for row in report["confusion"]),
        answers=Answers((), (), None, ()),
        by_seconds=structured(report.get("accuracy_by_seconds", []), tuple[Point, ...]),
    )


def _leak(values: dict[str, Any] | None) -> LeakDemonstration | None:
    return structured(values, LeakDemonstration) if values else None
