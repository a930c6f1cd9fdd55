"""Medleys, the belief that is fitted on them, and what it is worth, on clips whose steps are drawn at random."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genre_lib.errors import EvaluationError
from genre_lib.evaluation.belief_fit import fit_belief, log_loss
from genre_lib.evaluation.belief_scores import (
    BELIEF,
    BELIEF_LIVE,
    MEAN,
    ONE_GENRE,
    BeliefEvaluation,
    evaluate_belief,
)  # fmt: skip
from genre_lib.evaluation.boundaries import boundary_f1, delays
from genre_lib.evaluation.held_out import HeldOut, check_genres
from genre_lib.evaluation.medleys import StepGrid, medleys, whole_clips

GRID = StepGrid(period_s=0.5, n_straddling=4)
GENRES = ("a", "b", "c")


def clips(n: int = 48, seed: int = 0, clarity: float = 1.0) -> HeldOut:
    """Clips of 30 s that a network hears dimly: each has a manner of its own, and steps that depend on each other."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    steps = []
    for label in labels:
        noise = rng.normal(size=(70, 3))
        rows = np.stack([noise[i : i + 60] for i in range(5)]).mean(axis=0) * 2 + rng.normal(size=3) * 0.5
        rows[:, label] += clarity
        steps.append(rows.astype(np.float32))
    names = tuple(f"clip {i}" for i in range(n))
    return HeldOut("drawn", GENRES, names, labels, names, np.arange(n) // 3 % 2, steps)


def test_a_medley_has_the_right_genre_at_each_step() -> None:
    pure = clips(clarity=50.0)
    made = medleys(pure, 10.0, GRID, np.random.default_rng(0))
    assert made.logits.shape[:2] == made.truth.shape
    assert (made.logits.argmax(axis=-1) == made.truth).mean() > 0.98
    assert (np.diff(made.truth, axis=0) != 0).sum(axis=0).tolist() == [29] * made.truth.shape[1]


def test_live_a_change_is_true_before_the_steps_centre_reaches_it() -> None:
    made = medleys(clips(), 10.0, GRID, np.random.default_rng(0))
    at, now = (np.flatnonzero(np.diff(labels[:, 0]))[0] for labels in (made.truth, made.now))
    assert at - now == 2


def test_pieces_of_a_medley_are_heard_by_one_network() -> None:
    marked = clips()
    marked = replace(marked, step_logits=[np.full((60, 3), fold, np.float32) for fold in marked.folds])
    made = medleys(marked, 10.0, GRID, np.random.default_rng(0))
    np.testing.assert_allclose(made.logits, np.broadcast_to(made.logits[:1], made.logits.shape))


def test_short_clips_are_played_again() -> None:
    assert medleys(clips(), 60.0, GRID, np.random.default_rng(0)).truth.shape[0] > 500
    assert whole_clips(clips(), 30.0, GRID, repeats=4).truth.shape == (240, 48)


def test_one_genre_makes_no_medley() -> None:
    held_out = clips()
    with pytest.raises(EvaluationError, match="two genres"):
        medleys(held_out.select(held_out.labels == 0), 10.0, GRID, np.random.default_rng(0))


def test_the_fit_beats_what_is_not_fitted_and_keeps_its_promise() -> None:
    settings = fit_belief([clips()], GRID)
    others = evaluate_belief([clips(seed=1)], GRID)
    belief, mean = (others.find("drawn", "pieces of 30 s", method) for method in (BELIEF, MEAN))
    assert belief.log_loss < mean.log_loss
    assert belief.right.value > others.find("drawn", "pieces of 30 s", ONE_GENRE).right.value
    assert belief.named_right == pytest.approx(0.8, abs=0.12)
    assert belief.ece < 0.12
    assert settings.evidence_weight.file < 1
    assert settings.newest is not None
    assert settings.newest.weight > 0
    assert settings.probable_lead >= 0.1


def test_the_fit_is_the_same_every_time() -> None:
    few = clips(24)
    assert fit_belief([few], GRID) == fit_belief([few], GRID)


def test_scores_survive_a_file(tmp_path: Path) -> None:
    scores = evaluate_belief([clips(24)], GRID, n_folds=2)
    assert BeliefEvaluation.load(scores.save(tmp_path / "belief.json")) == scores
    names = {entry["name"] for entry in scores.card_metrics()}
    assert {"medley_time_right", "medley_time_right_live", "medley_time_ece"} <= names
    assert scores.find("drawn", "pieces of 30 s", BELIEF_LIVE).boundary_f1 is None


def test_held_out_answers_survive_a_file_in_sixteenths(tmp_path: Path) -> None:
    held_out = clips()
    back = HeldOut.load(held_out.save(tmp_path / "a.npz"))
    assert (back.names, back.groups, back.genres, back.name) == (held_out.names, held_out.groups, GENRES, "drawn")
    np.testing.assert_array_equal(back.folds, held_out.folds)
    np.testing.assert_allclose(np.concatenate(back.step_logits), np.concatenate(held_out.step_logits), atol=1 / 32)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"no")
    with pytest.raises(EvaluationError, match="held-out answers"):
        HeldOut.load(tmp_path / "a.npz")
    with pytest.raises(EvaluationError, match="answered in the genres a, b, c"):
        check_genres([clips()], ("a", "b"))


def test_boundaries_are_matched_once_and_within_three_seconds() -> None:
    truth = np.repeat([0, 1, 2], 20)[:, None]
    late = np.roll(truth, 6, axis=0)
    late[:6] = 0
    assert boundary_f1(truth, truth, GRID) == 1.0
    assert boundary_f1(late, truth, GRID) == 1.0
    assert boundary_f1(np.repeat([0, 1], [20, 40])[:, None], truth, GRID) == pytest.approx(2 / 3)
    assert boundary_f1(np.zeros_like(truth), truth, GRID) == 0.0


def test_the_delay_is_until_a_change_is_named() -> None:
    now = np.repeat([0, 1, 2], 20)[:, None]
    named = np.full_like(now, -1)
    named[26:40] = 1
    assert delays(named, now, GRID) == [3.0, float("inf")]


def test_log_loss_is_that_of_the_right_genre() -> None:
    assert log_loss(np.array([[[0.5, 0.5]]]), np.array([[1]])) == pytest.approx(np.log(2))
