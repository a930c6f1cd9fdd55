"""Fit what a bundle believes and how sure it is again, from held-out answers, without touching its network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from genre_lib.bundle.card import Card
from genre_lib.bundle.files import Bundle, open_to_change, seal
from genre_lib.evaluation.belief_fit import fit_belief
from genre_lib.evaluation.belief_scores import BeliefEvaluation, evaluate_belief
from genre_lib.evaluation.calibration import Calibration, calibrate, is_note
from genre_lib.evaluation.held_out import HeldOut, check_genres
from genre_lib.evaluation.medleys import StepGrid
from genre_lib.evaluation.scores import evaluate


def refit_belief(
    folder: str | Path,
    held_out: Sequence[str | Path],
    *,
    scores: BeliefEvaluation | None = None,
    report: Callable[[str], None] = print,
) -> Bundle:
    """Write a bundle's belief, its temperatures and thresholds, and what they are worth into its card.

    Parameters
    ----------
    folder : str or Path
        The bundle.
    held_out : sequence of str or Path
        Files of answers about clips that the model, or its twins in a cross-validation, were not trained on
        (`HeldOut`); each counts the same.
    scores : BeliefEvaluation, optional
        Ready scores for the card's metrics; by default they are measured.

    Raises
    ------
    BundleError, EvaluationError
        The bundle or a file cannot be used, or they are about different genres.
    """
    bundle = open_to_change(folder)
    parts = [HeldOut.load(path) for path in held_out]
    check_genres(parts, bundle.card.genres)
    grid = StepGrid.of(bundle.card)
    settings = fit_belief(parts, grid)
    report(f"belief: {settings}")
    scores = scores or evaluate_belief(parts, grid, report=report)
    calibration = calibrated(parts, step_period_s=bundle.card.step_period_s, smoothing_s=bundle.card.smoothing_s)
    card = with_calibration(bundle.card, calibration)
    measured = scores.card_metrics()
    names = {entry["name"] for entry in measured}
    card = replace(
        card,
        belief=settings,
        metrics=(*(entry for entry in card.metrics if entry["name"] not in names), *measured),
        report=card.report | report_of_folds(parts[0], card),
    )
    return seal(bundle.folder, card)


def with_calibration(card: Card, calibration: Calibration) -> Card:
    """The card with another calibration, and nothing left of what it said about the one before.

    Examples
    --------
    >>> import genre_lib
    >>> from genre_lib.evaluation.calibration import calibrate
    >>> card = genre_lib.load_model().card
    >>> few = calibrate([np.zeros((9, 10))], [0], step_period_s=card.step_period_s, smoothing_s=card.smoothing_s)
    >>> with_calibration(card, few).temperatures
    BySpan(step=1.0, smoothed=1.0, clip=1.0)
    """
    of_spans = tuple(f"{kind}_{span.name}" for kind in ("ece", "named_right") for span in calibration.spans)
    return replace(
        card,
        metrics=(*(entry for entry in card.metrics if entry["name"] not in of_spans), *calibration.card_metrics()),
        limits=(*calibration.notes, *(sentence for sentence in card.limits if not is_note(sentence))),
        report=card.report | {"calibration": [span.summary() for span in calibration.spans]},
        **calibration.for_card(),
    )


def report_of_folds(held_out: HeldOut, card: Card) -> dict[str, Any]:
    """What a card's `report` says by genre, from the answers of a cross-validation; nothing where there was none."""
    if len(np.unique(held_out.folds)) < 2:
        return {}
    timing, front_end = card.timing, card.front_end
    found = evaluate(
        held_out.step_logits,
        held_out.labels,
        genres=held_out.genres,
        data_set=held_out.name.removesuffix(", folds"),
        split="artist-grouped folds",
        step_period_s=card.step_period_s,
        first_step_s=front_end.n_samples(timing.first_frame + timing.receptive_field_frames) / front_end.sample_rate,
        names=held_out.names,
        groups=held_out.groups,
    )
    return {name: value for name, value in found.card_report().items() if name != "calibration"}


def calibrated(parts: Sequence[HeldOut], *, step_period_s: float, smoothing_s: float) -> Calibration:
    """Temperatures and thresholds from held-out answers about one or several data sets, each counting the same."""
    return calibrate(
        [logits for part in parts for logits in part.step_logits],
        np.concatenate([part.labels for part in parts]),
        step_period_s=step_period_s,
        smoothing_s=smoothing_s,
        groups=[group for part in parts for group in part.groups],
        data_sets=[part.name for part in parts for _ in part.names],
    )
