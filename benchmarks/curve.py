"""What the belief is worth, cross-fitted on held-out answers of the pretrained model, and what it costs."""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.measuring import LeftOut, Row, seconds
from genre_lib.bundle.files import open_bundle
from genre_lib.bundle.resources import pretrained_folder
from genre_lib.evaluation.belief_scores import (
    BELIEF,
    BELIEF_LIVE,
    MEAN,
    MEAN_LIVE,
    METHODS,
    BeliefEvaluation,
    BeliefScore,
    evaluate_belief,
)
from genre_lib.evaluation.held_out import HeldOut
from genre_lib.evaluation.medleys import StepGrid
from genre_lib.inference.curve import GenreCurve
from genre_lib.inference.segments import segments

_MEASURES = ("right", "log loss", "ECE", "80 %", "named", "of it right", "probable", "F1", "delay s")


def run() -> list[Row]:
    """The table goes to standard error; the aims and the cost are rows."""
    bundle = open_bundle()
    folder = pretrained_folder()
    files = sorted(folder.with_name(f"{folder.name}-evaluation").glob("held_out*.npz"))
    if not files:
        raise LeftOut("No held-out answers lie beside the pretrained model.")
    parts = [HeldOut.load(path) for path in files]
    scores = evaluate_belief(
        parts, StepGrid.of(bundle.card), report=lambda line: print(line, file=sys.stderr, flush=True)
    )
    print(table(scores), file=sys.stderr, flush=True)
    return [row for part in parts for row in _aims(scores, part.name)] + _cost()


def table(scores: BeliefEvaluation) -> str:
    """Every score, a line each."""
    lines = []
    for heading in dict.fromkeys((score.part, score.material) for score in scores.scores):
        lines.append(f"\n{heading[0]}, {heading[1]}")
        lines.append(f"  {'':<18}" + "".join(f"{name:>13}" for name in _MEASURES))
        lines += [f"  {name:<18}{_line(scores.find(*heading, name))}" for name in METHODS]
    lines.append(
        "\nright: share of the time named rightly without unsure, 95 % interval over recordings; 80 %: share that"
    )
    lines.append("could be named with 80 % of it right; F1: of boundaries within 3 s. Settings are from other folds.")
    return "\n".join(lines)


def _line(score: BeliefScore) -> str:
    right = f"{100 * score.right.value:.0f} ({100 * score.right.low:.0f}-{100 * score.right.high:.0f})"
    values = [
        right,
        f"{score.log_loss:.3f}",
        f"{score.ece:.3f}",
        f"{100 * score.coverage:.0f} %",
        f"{100 * score.named:.0f} %",
        "" if score.named_right is None else f"{100 * score.named_right:.0f} %",
        f"{100 * score.probable:.0f} %",
        "" if score.boundary_f1 is None else f"{score.boundary_f1:.2f}",
        "" if score.delay_s is None else f"{score.delay_s:.1f}",
    ]
    return "".join(f"{value:>13}" for value in values)


def _aims(scores: BeliefEvaluation, part: str) -> list[Row]:
    """What the belief gains over a mean of 3 s on medleys of pieces of 30 s."""
    material = "pieces of 30 s"
    belief, mean, live, mean_live = (
        scores.find(part, material, name) for name in (BELIEF, MEAN, BELIEF_LIVE, MEAN_LIVE)
    )
    gain = 100 * (belief.right.value - mean.right.value)
    live_gain = 100 * (live.right.value - mean_live.right.value)
    coverage = 100 * (belief.coverage - mean.coverage)
    return [
        Row(f"{part}: time named rightly, more than a mean of 3 s", gain, "points", aim="at least 8"),
        Row(f"{part}: the same live", live_gain, "points", aim="at least 2.5"),
        Row(f"{part}: log loss, less", mean.log_loss - belief.log_loss, "nats", aim="at least 0.2"),
        Row(f"{part}: coverage at 80 % right, more", coverage, "points", aim="at least 20"),
        Row(f"{part}: ECE", belief.ece, "", aim="at most 0.05"),
        Row(f"{part}: ECE, live", live.ece, "", aim="at most 0.05"),
    ]


def _cost() -> list[Row]:
    card = open_bundle().card
    n_steps = round(240 / card.step_period_s)
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(n_steps, len(card.genres))).astype(np.float32)
    curve = GenreCurve(card, np.arange(n_steps) * card.step_period_s, logits, np.full(n_steps, -20.0), 240.0)
    return [
        Row("belief of 4 minutes", 1000 * seconds(lambda: curve.belief), "ms", aim="at most 20"),
        Row("belief and segments of 4 minutes", 1000 * seconds(lambda: segments(curve)), "ms"),
    ]
