"""The shipped network beside the one of 2018, on the same folds and on other music, from the evaluation's results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import Row
from genre_lib.bundle.card import Card
from genre_lib.bundle.files import read_card
from genre_lib.bundle.resources import pretrained_folder
from genre_lib.evaluation.held_out import HeldOut
from genre_lib.evaluation.intervals import proportion
from genre_lib.evaluation.model_comparison import compare
from genre_lib.inference.answer import Answer
from genre_lib.inference.curve import GenreCurve, step_times
from genre_lib.runs.pipeline.assess import Assessment
from genre_lib.runs.pipeline.belief import HELD_OUT_WORLD

_SAVED = Path(__file__).resolve().parents[1] / "data" / "models" / "gtzan-evaluation"


def run() -> list[Row]:
    """Accuracies by artist, paired differences and calibration; nothing is trained here."""
    assessment = Assessment.load(_SAVED)
    rows = []
    for _, result in assessment.validation.named():
        low, high = 100 * result.accuracy.low, 100 * result.accuracy.high
        where = f"{len(result.by_fold)} folds x {len(result.by_seed)} seeds, {len(result.names)} tracks"
        rows.append(
            Row(
                f"{result.model}, right by artist",
                100 * result.accuracy.value,
                "%",
                note=f"{low:.1f} to {high:.1f}, {where}",
            )
        )
    model, baseline = assessment.validation.model, assessment.validation.baseline
    if model is not None and baseline is not None:
        ahead = compare(model, baseline).difference
        rows.append(
            Row(
                f"{model.model} ahead of {baseline.model}",
                100 * ahead.value,
                "points",
                note=f"paired, {100 * ahead.low:.1f} to {100 * ahead.high:.1f}",
            )
        )
    evaluation = assessment.evaluation
    rows.append(
        Row(
            f"right on {evaluation.split}, trained on train alone",
            100 * evaluation.accuracy.value,
            "%",
            note=str(evaluation.accuracy),
        )
    )
    for _, other in assessment.world.named():
        rows.append(
            Row(
                f"{other.model}, right on {other.data_set}, {other.split}",
                100 * other.accuracy.value,
                "%",
                note=str(other.accuracy),
            )
        )
    for span in evaluation.calibration.spans if evaluation.calibration else ():
        rows.append(Row(f"ECE of {span.name}, held out", span.ece_after, "", aim="at most 0.05"))
        if span.held_out.precision is not None:
            rows.append(
                Row(
                    f"named answers right, {span.name}, held out",
                    span.held_out.precision,
                    "",
                    aim="at least 0.80",
                    note=f"named {span.held_out.coverage:.2f} of the time",
                )
            )
        for part in span.by_data_set:
            rows.append(Row(f"ECE of {span.name}, {part.name}", part.ece, "", aim="at most 0.06"))
            if part.precision is not None:
                title = f"named answers right, {span.name}, {part.name}"
                note = f"named {part.coverage:.2f} of the time"
                rows.append(Row(title, part.precision, "", aim="at least 0.80", note=note))
    return [*rows, *_songs_as_a_whole()]


def _songs_as_a_whole() -> list[Row]:
    """What a person is told of other music: how many clips are named, and how many of these rightly."""
    card = read_card(pretrained_folder())
    held_out = HeldOut.load(_SAVED / HELD_OUT_WORLD)
    answers = [_answer(card, logits) for logits in held_out.step_logits]
    right = np.array([answer.genre for answer in answers]) == np.array(held_out.genres)[held_out.labels]
    named = np.array([answer.state == "music" for answer in answers])
    belief = np.array([max(answer.probabilities.values()) for answer in answers])
    rows = []
    for least in (0.0, 0.65, 0.7):
        chosen = named & (belief >= least)
        groups = [group for group, is_chosen in zip(held_out.groups, chosen, strict=True) if is_chosen]
        title = "songs as a whole" + (f", belief at least {least:g}" if least else "")
        note = f"{chosen.sum()} of {len(held_out)} of {held_out.name}; {proportion(right[chosen], groups)}"
        rows.append(Row(f"named rightly, {title}", float(right[chosen].mean()), "", aim="at least 0.80", note=note))
    return rows


def _answer(card: Card, step_logits: NDArray[np.float32]) -> Answer:
    n_steps, front_end = len(step_logits), card.front_end
    n_frames = n_steps * card.timing.step_frames
    level = np.full(n_steps, np.nan)
    seconds = front_end.n_samples(n_frames) / front_end.sample_rate
    return GenreCurve(card, step_times(card, n_frames)[:n_steps], step_logits, level, seconds).answer()
