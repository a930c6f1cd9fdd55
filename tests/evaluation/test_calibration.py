"""Temperatures, reliability and the threshold of `unsure`, on answers whose calibration is known."""

import json

import numpy as np
import pytest
from scipy.special import softmax

from genre_lib.errors import EvaluationError
from genre_lib.evaluation.calibration import LEAST_SIZE, Calibration, assign_folds, calibrate, smoothed_logits
from genre_lib.evaluation.reliability import EQUAL_MASS, EQUAL_WIDTH, reliability, unsure_threshold
from genre_lib.evaluation.span_calibration import fit_temperature
from genre_lib.utils.serialization import plain, structured


def drawn(rng: np.random.Generator, n: int, temperature: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are `temperature` times too large, and labels drawn from what they should say."""
    honest = 1.5 * rng.standard_normal((n, 5))
    labels = np.array([rng.choice(5, p=row) for row in softmax(honest, axis=1)])
    return temperature * honest, labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_was_applied_is_found(rng: np.random.Generator, temperature: float) -> None:
    logits, labels = drawn(rng, 6000, temperature)
    assert fit_temperature(logits, labels) == pytest.approx(temperature, rel=0.06)


def test_weights_choose_what_is_fitted(rng: np.random.Generator) -> None:
    hot, hot_labels = drawn(rng, 3000, 4.0)
    cold, cold_labels = drawn(rng, 3000, 1.0)
    logits, labels = np.vstack([hot, cold]), np.concatenate([hot_labels, cold_labels])
    weights = np.repeat([1.0, 0.0], 3000)
    assert fit_temperature(logits, labels, weights) == pytest.approx(4.0, rel=0.1)


@pytest.mark.parametrize("binning", [EQUAL_MASS, EQUAL_WIDTH])
def test_overconfidence_shows_as_ece(rng: np.random.Generator, binning: str) -> None:
    logits, labels = drawn(rng, 6000, 4.0)
    honest = reliability(softmax(logits / 4, axis=1), labels, binning=binning)
    boastful = reliability(softmax(logits, axis=1), labels, binning=binning)
    assert honest.ece < 0.03 < 0.2 < boastful.ece
    assert sum(boastful.counts) == 6000


def test_ece_of_answers_counted_by_hand() -> None:
    # Two bins: confidence 0.6 with half right, confidence 0.9 with all right.
    p = np.array([[0.6, 0.4]] * 30 + [[0.9, 0.1]] * 30)
    labels = np.array([0, 1] * 15 + [0] * 30)
    curve = reliability(p, labels, n_bins=2)
    assert curve.counts == (30, 30)
    assert curve.confidence == pytest.approx((0.6, 0.9))
    assert curve.accuracy == pytest.approx((0.5, 1.0))
    assert curve.ece == pytest.approx(0.1)


def test_bins_of_equal_mass_are_equal(rng: np.random.Generator) -> None:
    logits, labels = drawn(rng, 1000)
    assert reliability(softmax(logits, axis=1), labels, n_bins=10).counts == (100,) * 10


def test_few_answers_show_ece_by_chance(rng: np.random.Generator) -> None:
    logits, labels = drawn(rng, 150)
    few = reliability(softmax(logits, axis=1), labels)
    assert len(few.counts) == 5
    assert 0.3 < few.ece / few.ece_by_chance < 3


def test_an_unknown_binning_is_refused() -> None:
    with pytest.raises(EvaluationError, match="equal-mass"):
        reliability([[0.5, 0.5]], [0], binning="quantile")


def test_the_threshold_is_the_smallest_that_keeps_the_promise() -> None:
    confidence = np.linspace(0.2, 0.99, 80)
    correct = np.arange(80) >= 40
    # Named from k on: 40 right ones of 80 - k; four in five from k = 30.
    found = unsure_threshold(confidence, correct, target=0.8)
    assert found.value == pytest.approx(confidence[30])
    assert found.precision == pytest.approx(0.8)
    assert found.coverage == pytest.approx(50 / 80)


def test_a_good_model_names_everything_and_a_bad_one_nothing() -> None:
    confidence = np.linspace(0.3, 0.9, 50)
    assert unsure_threshold(confidence, np.ones(50)).value == 0.0
    nothing = unsure_threshold(confidence, np.zeros(50))
    assert (nothing.value, nothing.precision, nothing.coverage) == (1.0, None, 0.0)


def test_a_lucky_handful_makes_no_threshold() -> None:
    correct = np.zeros(200)
    correct[-5:] = 1
    assert unsure_threshold(np.linspace(0.1, 0.9, 200), correct).value == 1.0


def test_smoothed_logits_are_full_windows() -> None:
    z = np.arange(8.0).reshape(4, 2)
    np.testing.assert_allclose(smoothed_logits(z, 2), [[1, 2], [3, 4], [5, 6]])
    np.testing.assert_allclose(smoothed_logits(z, 9), [[3, 4]])


def test_folds_keep_groups_together(rng: np.random.Generator) -> None:
    groups = rng.integers(0, 30, 200)
    folds = assign_folds(groups)
    assert all(len(set(folds[groups == group])) == 1 for group in range(30))
    assert np.bincount(folds).min() >= 30


def test_one_group_cannot_be_cross_fitted() -> None:
    with pytest.raises(EvaluationError, match="2 groups"):
        assign_folds(["a", "a"])


def clips(rng: np.random.Generator, n: int = 300) -> tuple[list[np.ndarray], np.ndarray]:
    """Clips whose steps err together within a clip, as real ones do."""
    labels = rng.integers(0, 4, n)
    common = 2.5 * rng.standard_normal((n, 4)) + 3 * np.eye(4)[labels]
    return [row + 3 * rng.standard_normal((20 + i % 5, 4)) for i, row in enumerate(common)], labels


def test_every_span_gets_its_own_temperature(rng: np.random.Generator) -> None:
    answers, labels = clips(rng)
    found = calibrate(answers, labels, step_period_s=0.3, smoothing_s=3.0)
    assert [span.name for span in found.spans] == ["step", "smoothed", "clip"]
    assert [round(span.seconds, 1) for span in found.spans] == [0.3, 3.0, 6.6]
    temperatures = vars(found.for_card()["temperatures"])
    assert temperatures["step"] > 1.3 * temperatures["clip"]
    for span in found.spans:
        assert span.ece_after < span.ece_before
        assert span.nll_after < span.nll_before


def test_the_promise_holds_on_clips_that_were_not_fitted(rng: np.random.Generator) -> None:
    answers, labels = clips(rng, 600)
    found = calibrate(answers, labels, step_period_s=0.3, smoothing_s=3.0, target=0.7)
    for span in found.spans:
        assert span.held_out.precision >= 0.7 or span.held_out.coverage == 1.0
        assert span.threshold.precision < 0.8 or span.held_out.coverage == 1.0
        assert 0 < span.held_out.coverage <= 1


def test_reported_ece_is_not_that_of_the_fitted_clips(rng: np.random.Generator) -> None:
    # Two folds that want opposite temperatures: whoever fits on the other one is badly off, and must say so.
    hot, hot_labels = drawn(rng, 400, 6.0)
    cold, cold_labels = drawn(rng, 400, 0.3)
    answers = [row[None, :] for row in np.vstack([hot, cold])]
    labels = np.concatenate([hot_labels, cold_labels])
    folds = np.repeat([0, 1], 400)
    # By their sizes the two would be told apart: it is the temperature alone that is cross-fitted here.
    honest = calibrate(answers, labels, step_period_s=1, smoothing_s=1, folds=folds).undivided[0]
    mixed = calibrate(answers, labels, step_period_s=1, smoothing_s=1, folds=np.tile([0, 1], 400)).undivided[0]
    assert honest.nll_after > 1.5 * mixed.nll_after


def two_worlds(rng: np.random.Generator) -> tuple[list[np.ndarray], np.ndarray, list[str]]:
    """Clips of two data sets; in the second one as much is right, but the network says it in a smaller voice."""
    here, labels = clips(rng)
    there, others = clips(rng)
    return [*here, *(row / 3 for row in there)], np.concatenate([labels, others]), ["here"] * 300 + ["there"] * 300


def test_two_worlds_with_logits_of_two_sizes_are_both_calibrated(rng: np.random.Generator) -> None:
    answers, labels, worlds = two_worlds(rng)
    answers = [4 * row for row in answers]
    found = calibrate(answers, labels, step_period_s=0.3, smoothing_s=3.0, data_sets=worlds)
    assert found.least_size == LEAST_SIZE
    for divided, undivided in zip(found.spans, found.undivided, strict=True):
        errors, without = ([part.ece for part in span.by_data_set] for span in (divided, undivided))
        assert max(errors) < 0.6 * max(without)
    card = found.for_card()
    assert card["by_size"].least_size == LEAST_SIZE
    assert card["by_size"].temperatures.clip == found["clip"].temperature
    assert card["temperatures"].clip == found.undivided[2].temperature


def test_where_sizes_say_how_sure_one_may_be_nothing_is_divided(rng: np.random.Generator) -> None:
    logits, labels = drawn(rng, 3000)
    found = calibrate([row[None, :] for row in 4 * logits], labels, step_period_s=1, smoothing_s=1)
    assert found.least_size is None
    assert found.for_card()["by_size"] is None


def test_means_are_divided_by_the_size_of_their_windows() -> None:
    z = np.array([[2.0, -2.0], [4.0, -4.0], [0.0, 0.0]])
    np.testing.assert_allclose(smoothed_logits(z, 1, least_size=3), [[2 / 3, -2 / 3], [1, -1], [0, 0]])
    size = np.sqrt((4 + 16) / 2)
    np.testing.assert_allclose(smoothed_logits(z, 2, least_size=3)[0], [3 / size, -3 / size])


def test_each_data_set_has_its_entries_in_a_card(rng: np.random.Generator) -> None:
    answers, labels, worlds = two_worlds(rng)
    metrics = calibrate(answers, labels, step_period_s=0.3, smoothing_s=3.0, data_sets=worlds).card_metrics()
    errors = {(entry["name"], entry["data_set"], entry["n"]) for entry in metrics if entry["name"].startswith("ece")}
    assert ("ece_clip", "there", 300) in errors
    assert len(errors) == 6


def test_a_long_clip_weighs_no_more_than_a_short_one(rng: np.random.Generator) -> None:
    answers, labels = clips(rng, 60)
    longer = [*answers[:-1], np.repeat(answers[-1], 200, axis=0)]
    options = {"step_period_s": 0.3, "smoothing_s": 3.0}
    plain, stretched = calibrate(answers, labels, **options), calibrate(longer, labels, **options)
    assert stretched["step"].temperature == pytest.approx(plain["step"].temperature, rel=1e-3)


def test_a_calibration_survives_json(rng: np.random.Generator) -> None:
    answers, labels = clips(rng, 60)
    found = calibrate(answers, labels, step_period_s=0.3, smoothing_s=3.0)
    assert structured(json.loads(json.dumps(plain(found), allow_nan=False)), Calibration) == found
    assert set(vars(found.for_card()["unsure_below"])) == {"step", "smoothed", "clip"}


def test_data_sets_that_share_a_calibration_count_the_same_and_both_reach_the_target(rng: np.random.Generator) -> None:
    """A large data set whose answers mean what they say, and a small one whose answers are too sure."""
    easy, hard = (4.0 * rng.standard_normal((n, 5)) for n in (3000, 600))
    easy_labels = np.array([rng.choice(5, p=row) for row in softmax(easy, axis=1)])
    hard_labels = np.array([rng.choice(5, p=row) for row in softmax(hard / 3.0, axis=1)])
    logits, labels = [row[None] for row in (*easy, *hard)], np.concatenate([easy_labels, hard_labels])
    spans = {"step_period_s": 0.3, "smoothing_s": 3.0}
    alone = calibrate(logits, labels, **spans)["clip"]
    names = ["easy"] * 3000 + ["hard"] * 600
    both = calibrate(logits, labels, data_sets=names, **spans)["clip"]
    assert alone.by_data_set == ()
    # Counted by clips, the large one would decide alone.
    assert both.temperature > alone.temperature + 0.2
    assert [part.name for part in both.by_data_set] == ["easy", "hard"]
    assert [part.n_answers for part in both.by_data_set] == [3000, 600]
    assert both.threshold.value > alone.threshold.value
    assert all(part.precision >= 0.77 for part in both.by_data_set)
    named = softmax(hard / alone.temperature, axis=1).max(axis=1) >= alone.threshold.value
    assert (hard.argmax(axis=1) == hard_labels)[named].mean() < 0.77
    again = structured(json.loads(json.dumps(plain(calibrate(logits, labels, data_sets=names, **spans)))), Calibration)
    assert again["clip"].by_data_set == both.by_data_set
    with pytest.raises(EvaluationError, match="named for"):
        calibrate(logits, labels, data_sets=names[1:], **spans)


@pytest.mark.parametrize(("n", "groups"), [(4, None), (19, None), (40, ["one band"] * 40)])
def test_few_clips_or_one_artist_calibrate_nothing_and_that_is_said(
    rng: np.random.Generator, n: int, groups: list[str] | None
) -> None:
    answers, labels = clips(rng, n)
    found = calibrate(answers, labels, step_period_s=0.3, smoothing_s=3.0, groups=groups)
    assert set(vars(found.for_card()["temperatures"]).values()) == {1.0}
    assert set(vars(found.for_card()["unsure_below"]).values()) == {0.0}
    assert f"There are {n} held-out clips" in found.notes[0]
    assert structured(plain(found), Calibration) == found


def test_a_temperature_that_does_not_help_elsewhere_is_not_applied(rng: np.random.Generator) -> None:
    hot, hot_labels = drawn(rng, 400, 6.0)
    cold, cold_labels = drawn(rng, 400, 0.3)
    answers = [row[None, :] for row in np.vstack([hot, cold])]
    folds = np.repeat([0, 1], 400)
    span = calibrate(answers, np.concatenate([hot_labels, cold_labels]), step_period_s=1, smoothing_s=1, folds=folds)
    assert span["step"].temperature == 1.0
    assert span["step"].nll_after == span["step"].nll_before
    assert "stays 1" in span.notes[0]
