"""Fit the belief of a bundle again, from held-out answers, without touching its network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from genre_lib.bundle.files import Bundle, open_to_change, seal
from genre_lib.evaluation.belief_fit import fit_belief
from genre_lib.evaluation.belief_scores import BeliefEvaluation, evaluate_belief
from genre_lib.evaluation.held_out import HeldOut, check_genres
from genre_lib.evaluation.medleys import StepGrid


def refit_belief(
    folder: str | Path,
    held_out: Sequence[str | Path],
    *,
    scores: BeliefEvaluation | None = None,
    report: Callable[[str], None] = print,
) -> Bundle:
    """Write a bundle's belief, and what it is worth, into its card.

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
    metrics = scores.card_metrics()
    names = {entry["name"] for entry in metrics}
    kept = [entry for entry in bundle.card.metrics if entry["name"] not in names]
    card = replace(bundle.card, belief=settings, metrics=(*kept, *metrics))
    return seal(bundle.folder, card)
