"""Scores of answers written by hand."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genre_lib.bundle.card import card_schema
from genre_lib.errors import EvaluationError
from genre_lib.evaluation.accuracy_by_seconds import Point
from genre_lib.evaluation.calibration import calibrate
from genre_lib.evaluation.intervals import wilson
from genre_lib.evaluation.scores import Condition, Evaluation, evaluate

GENRES = ("blues", "jazz", "rock")
# Row: what was played; the list: what was named.
NAMED = {0: [0, 0, 0, 1], 1: [1, 1, 0, 0], 2: [2, 2]}


def step_logits(named: int, n_steps: int = 6) -> np.ndarray:
    logits = np.zeros((n_steps, len(GENRES)), np.float32)
    logits[:, named] = 3
    # One step in six says something else; the clip's mean does not care.
    logits[0] = np.roll(logits[0], 1)
    return logits


def evaluation(**options) -> Evaluation:
    pairs = [(label, named) for label, row in NAMED.items() for named in row]
    labels = [label for label, _ in pairs]
    answers = [step_logits(named) for _, named in pairs]
    defaults = {"genres": GENRES, "data_set": "hand", "split": "valid", "step_period_s": 0.3, "first_step_s": 0.4}
    return evaluate(answers, labels, **(defaults | options))


def test_accuracy_and_confusion() -> None:
    result = evaluation()
    assert result.accuracy == wilson(7, 10)
    assert result.confusion == ((3, 1, 0), (2, 2, 0), (0, 0, 2))


def test_steps_count_one_by_one() -> None:
    # Right clips are right in 5 of 6 steps; the odd step names the next genre, which is right for two wrong clips.
    right = 7 * 5 / 6 + 2 * 1 / 6
    assert evaluation().step_accuracy.value == pytest.approx(right / 10)


def test_precision_recall_and_f1() -> None:
    blues, jazz, rock = evaluation().per_genre
    assert (blues.precision.value, blues.recall.value) == pytest.approx((3 / 5, 3 / 4))
    assert blues.f1 == pytest.approx(2 * 0.6 * 0.75 / (0.6 + 0.75))
    assert (jazz.n_clips, jazz.n_named) == (4, 3)
    assert rock.f1 == 1.0


def test_a_genre_never_named_has_no_precision() -> None:
    result = evaluation(genres=(*GENRES, "metal")[:3])
    assert result.macro_f1 == pytest.approx(np.mean([score.f1 for score in result.per_genre]))
    wide = [np.pad(logits, ((0, 0), (0, 1)), constant_values=-9) for logits in [step_logits(0)] * 3]
    metal = evaluate(
        wide, [0, 0, 3], genres=(*GENRES, "metal"), data_set="x", split="y", step_period_s=1, first_step_s=1
    ).per_genre[3]
    assert metal.precision is None
    assert metal.recall is not None
    assert metal.recall.value == metal.f1 == 0.0


def test_groups_change_the_interval_and_say_so() -> None:
    result = evaluation(groups=["a", "a", "b", "b", "c", "c", "d", "d", "e", "e"])
    assert result.accuracy.value == 0.7
    assert result.accuracy.method == "bootstrap over 5 artist groups"
    assert evaluation().accuracy.method == "Wilson, clips independent"


def full_evaluation() -> Evaluation:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 40)
    answers = [rng.standard_normal((12, 3)) + 2 * np.eye(3)[label] for label in labels]
    groups = [str(i // 2) for i in range(40)]
    calibration = calibrate(answers, labels, step_period_s=0.3, smoothing_s=1.2, groups=groups)
    result = evaluate(
        answers,
        labels,
        genres=GENRES,
        data_set="hand",
        split="valid",
        step_period_s=0.3,
        first_step_s=0.4,
        seconds=(2.0, 3.0),
        groups=groups,
        calibration=calibration,
        notes=["made up"],
    )
    return replace(
        result,
        by_gain=(Point(-40.0, wilson(3, 4)),),
        conditions=(Condition("noise", wilson(3, 4), wilson(1, 4)),),
    )


def test_saved_results_come_back_whole(tmp_path: Path) -> None:
    result = full_evaluation()
    assert Evaluation.load(result.save(tmp_path / "deep" / "evaluation.json")) == result


def test_card_entries_fit_the_schema() -> None:
    import fastjsonschema

    fastjsonschema.compile(card_schema()["properties"]["metrics"])(full_evaluation().card_metrics())
    report = json.loads(json.dumps(full_evaluation().card_report(), allow_nan=False))
    assert {"per_genre", "confusion", "accuracy_by_seconds", "calibration"} <= set(report)


def test_card_names_what_was_measured() -> None:
    metrics = {metric["name"]: metric for metric in full_evaluation().card_metrics()}
    assert {"accuracy", "accuracy_2_s", "accuracy_3_s", "ece_step", "ece_smoothed", "ece_clip"} <= set(metrics)
    assert metrics["accuracy"]["n"] == 40
    assert metrics["accuracy"]["split"] == "valid"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 99}', "not json"])
def test_a_file_that_is_no_evaluation_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "evaluation.json"
    path.write_text(content)
    with pytest.raises(EvaluationError, match="evaluat"):
        Evaluation.load(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"nowhere\.json"):
        Evaluation.load(tmp_path / "nowhere.json")


@pytest.mark.parametrize(
    ("answers", "labels", "says"),
    [
        ([], [], "no clip"),
        ([step_logits(0)], [0, 1], "2 labels"),
        ([step_logits(0)], [3], "names none of the 3"),
        ([step_logits(0)], [-1], "names none of the 3"),
        ([step_logits(0), np.zeros((0, 3))], [0, 1], "Clip 1 .* too short"),
        ([np.zeros((4, 2))], [0], r"shape \(4, 2\)"),
    ],
)
def test_answers_that_do_not_fit_are_refused(answers, labels, says: str) -> None:
    with pytest.raises(EvaluationError, match=says):
        evaluate(answers, labels, genres=GENRES, data_set="x", split="y", step_period_s=0.3, first_step_s=0.4)
