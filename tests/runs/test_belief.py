"""A run's belief: fitted on what was held out, judged on medleys, drawn."""

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from genre_lib.evaluation.held_out import HeldOut
from genre_lib.evaluation.medleys import StepGrid
from genre_lib.figures.tables import beliefs_on_medleys
from genre_lib.runs.pipeline.belief import HELD_OUT, belief_metrics, fitted_belief, judge_belief, medley_figures
from tests.evaluation.test_belief_fit import clips

GRID = StepGrid(period_s=0.5, n_straddling=4)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("run")
    clips(24).save(folder / HELD_OUT)
    return SimpleNamespace(evaluation=folder)


def test_what_was_judged_stands_in_the_card(run: Any) -> None:
    assert belief_metrics(run) == []
    assert judge_belief(run, GRID, folds=0) is None
    scores = judge_belief(run, GRID, folds=2, report=lambda _: None)
    assert scores is not None
    table = beliefs_on_medleys(scores)
    assert ("drawn, pieces of 30 s", "belief") in table.index
    assert "medley_time_right" in {entry["name"] for entry in belief_metrics(run)}


def test_a_medley_is_drawn_with_what_plays_above(run: Any) -> None:
    figure = medley_figures(run, GRID)["medley"]
    plays = [trace.text for trace in figure.data if trace.type == "bar"]
    assert len(plays) == 10
    assert all(a != b for a, b in itertools.pairwise(plays))


def test_one_genre_has_no_belief(tmp_path: Path) -> None:
    held_out: HeldOut = clips(24)
    held_out.select(held_out.labels == 0).save(tmp_path / HELD_OUT)
    lonely: Any = SimpleNamespace(evaluation=tmp_path)
    assert fitted_belief(lonely, GRID) is None
    assert medley_figures(lonely, GRID) == {}
    assert np.unique(held_out.labels).size == 3
