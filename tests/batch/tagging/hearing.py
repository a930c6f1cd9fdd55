"""What a batch would have heard, put into its journal: tests of tags need no music."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from genre_lib.batch.journal import Finished, Journal, Task, identity_of
from genre_lib.bundle.card import Card
from genre_lib.inference.curve import GenreCurve


def curve_of(card: Card, *stretches: tuple[str | None, float]) -> GenreCurve:
    """A curve that names genres for so many seconds each; None is a stretch of which the model is unsure."""
    rows = []
    for genre, seconds in stretches:
        row = np.zeros(len(card.genres), np.float32)
        if genre is not None:
            row[card.genres.index(genre)] = 9
        rows += [row] * round(seconds / card.step_period_s)
    times = (np.arange(len(rows)) + 0.5) * card.step_period_s
    return GenreCurve(card, times, np.array(rows), np.full(len(rows), -20.0), len(rows) * card.step_period_s)


def remember(journal: Path, card: Card, heard: Mapping[Path, GenreCurve | str | None]) -> None:
    """Record what was heard: a curve, or a genre for half a minute, or None where the model is unsure."""
    with Journal(journal, card) as opened:
        for path, what in heard.items():
            curve = what if isinstance(what, GenreCurve) else curve_of(card, (what, 30.0))
            opened.record(Finished.of_curve(Task(path.absolute(), identity_of(path)), curve))
