"""The belief of a run: fitted on its held-out answers, and judged on medleys of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from genre_lib.audio.front_end import FrontEnd
from genre_lib.bundle.belief_settings import BeliefSettings
from genre_lib.evaluation.belief_fit import beliefs, fit_belief
from genre_lib.evaluation.belief_scores import BeliefEvaluation, evaluate_belief
from genre_lib.evaluation.held_out import HeldOut
from genre_lib.evaluation.medleys import StepGrid, medleys
from genre_lib.networks.receptive_field import timing_of
from genre_lib.runs.pipeline.prepare import about
from genre_lib.runs.pipeline.train import trained
from genre_lib.runs.run_folder import Run

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Answers of the run's own data set, and of a second one where there is one.
HELD_OUT, HELD_OUT_WORLD = "held_out.npz", "held_out_world.npz"
BELIEF = "belief.json"

Report = Callable[[str], None]


def held_out_answers(run: Run) -> list[HeldOut]:
    """What `assess` saved of clips that no network had heard that answered about them."""
    paths = [run.evaluation / name for name in (HELD_OUT, HELD_OUT_WORLD)]
    return [HeldOut.load(path) for path in paths if path.exists()]


def fitted_belief(run: Run, grid: StepGrid) -> BeliefSettings | None:
    """Settings for the run's card; None where all held-out clips are of one genre, on which none can be fitted."""
    parts = held_out_answers(run)
    if any(len(np.unique(fold.labels)) < 2 for part in parts for fold in part.by_fold()):
        return None
    return fit_belief(parts, grid)


def judge_belief(run: Run, grid: StepGrid, *, folds: int = 5, report: Report = print) -> BeliefEvaluation | None:
    """Cross-fitted scores on medleys and songs, saved in the run's evaluation folder; None with 0 folds."""
    if folds == 0:
        return None
    scores = evaluate_belief(held_out_answers(run), grid, n_folds=folds, report=report)
    scores.save(run.evaluation / BELIEF)
    return scores


def belief_metrics(run: Run) -> list[dict[str, Any]]:
    """The entries of a card's `metrics`; none where the belief was not judged."""
    path = run.evaluation / BELIEF
    return BeliefEvaluation.load(path).card_metrics() if path.exists() else []


def step_grid(run: Run) -> StepGrid:
    """The timing of the run's network."""
    front_end, timing = FrontEnd.from_dict(about(run)["front_end"]), timing_of(trained(run))
    return StepGrid.of_timing(timing, timing.step_frames * front_end.frame_period_s)


def medley_figures(run: Run, grid: StepGrid, *, piece_s: float = 30.0, dark: bool = False) -> dict[str, go.Figure]:
    """A medley of held-out clips and what is believed of it in hindsight; empty where no belief can be fitted."""
    from genre_lib.figures.medley import medley_curve

    settings = fitted_belief(run, grid)
    if settings is None:
        return {}
    held_out = held_out_answers(run)[0]
    material = medleys(held_out, piece_s, grid, np.random.default_rng(0), at_most=1)
    believed = beliefs(material, settings, grid, live=False)
    period_s = grid.period_s
    drawn = medley_curve(material.truth[:, 0], believed[:, 0], held_out.genres, step_period_s=period_s, dark=dark)
    return {"medley": drawn}
