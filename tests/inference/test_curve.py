"""The curve's arithmetic, on logits written by hand."""

from dataclasses import replace

import numpy as np
import pytest

from genre_lib.audio.front_end import FrontEnd
from genre_lib.bundle.card import BySize, BySpan, Card
from genre_lib.bundle.timing import Timing
from genre_lib.inference.curve import GenreCurve, step_levels, step_times

CARD = Card(
    name="hand",
    version="1.0.0",
    description="",
    genres=("a", "b", "c"),
    front_end=FrontEnd(sample_rate=1000, n_fft=128, hop_length=100, n_mels=8, f_max=500.0),
    timing=Timing(step_frames=2, first_frame=-4, receptive_field_frames=6, minimum_frames=2),
    smoothing_s=1.0,
    temperatures=BySpan(2.0, 1.5, 1.0),
    unsure_below=BySpan(0.4, 0.5, 0.6),
    silence_dbfs=-80.0,
    limits=(),
    licence="MIT",
)


def curve(logits: list[list[float]], level: list[float] | None = None, card: Card = CARD) -> GenreCurve:
    values = np.array(logits, np.float32)
    levels = np.full(len(values), -20.0) if level is None else np.array(level)
    return GenreCurve(card, np.arange(len(values)) * 0.2, values, levels, len(values) * 0.2)


def test_times_are_the_centre_of_what_was_heard() -> None:
    # Step 0 hears frames 0 and 1: samples 0 to 228; step 3 hears frames 2 to 7: samples 200 to 828.
    assert step_times(CARD, 9) == pytest.approx([0.114, 0.214, 0.314, 0.514])


def test_levels_are_the_mean_power_of_what_was_heard() -> None:
    power = np.array([1, 1, 0, 0, 0, 0, 0, 0, 1, 1], float)
    assert step_levels(CARD, power) == pytest.approx(
        [0, 10 * np.log10(0.5), 10 * np.log10(1 / 3), -120, 10 * np.log10(1 / 3)]
    )


def test_probabilities_use_the_steps_temperature() -> None:
    expected = np.exp([1.0, 0, 0]) / np.exp([1.0, 0, 0]).sum()
    np.testing.assert_allclose(curve([[2.0, 0, 0]]).probabilities[0], expected)


def test_states() -> None:
    states = curve([[4.0, 0, 0], [0.1, 0, 0], [4.0, 0, 0]], [-20, -20, -90]).state
    assert states.tolist() == ["music", "unsure", "silence"]


def test_smoothing_is_causal_or_centred() -> None:
    steps = curve([[0, 0, 0]] * 5 + [[6, 0, 0]] + [[0, 0, 0]] * 5)
    causal = steps.smoothed(0.6, causal=True).probabilities[:, 0]
    centred = steps.smoothed(0.6).probabilities[:, 0]
    assert np.flatnonzero(causal > 0.34).tolist() == [5, 6, 7]
    assert np.flatnonzero(centred > 0.34).tolist() == [4, 5, 6]


def test_smoothing_leaves_silent_steps_out_and_keeps_them_silent() -> None:
    steps = curve([[6.0, 0, 0], [0, 9.0, 0], [6.0, 0, 0]], [-20, -100, -20])
    smoothed = steps.smoothed(0.6)
    assert smoothed.state.tolist() == ["music", "silence", "music"]
    np.testing.assert_allclose(smoothed.probabilities[0], smoothed.probabilities[2])
    assert smoothed.probabilities[0, 1] < 0.1


def test_a_span_of_one_step_is_the_raw_curve() -> None:
    steps = curve([[1.0, 2, 3], [3.0, 2, 1]])
    np.testing.assert_allclose(steps.smoothed(0.1).probabilities, steps.probabilities)


def test_the_answer_is_the_mean_of_musical_logits_at_the_clips_temperature() -> None:
    card = replace(CARD, temperatures=BySpan(2.0, 2.0, 2.0))
    steps = curve([[2.0, 0, 0], [4.0, 0, 0], [0, 99.0, 0]], [-20, -20, -100], card)
    expected = np.exp([1.5, 0, 0]) / np.exp([1.5, 0, 0]).sum()
    answer = steps.answer()
    assert (answer.genre, answer.state) == ("a", "music")
    np.testing.assert_allclose(steps.clip_probabilities(), expected)
    assert answer.ranked[0] == ("a", pytest.approx(expected[0]))


def test_logits_are_divided_by_the_size_of_what_their_span_heard() -> None:
    values = BySpan(0.5, 0.4, 0.25)
    card = replace(CARD, by_size=BySize(1.5, values, BySpan(0.9, 0.8, 0.7)))
    rows = [[6.0, 0, 0], [0.3, 0, 0], [0, 99.0, 0], [0, 3.0, 0]]
    steps = curve(rows, [-20, -20, -100, -20], card)
    sizes = np.std(rows, axis=1)
    raw = np.exp(np.array([6.0, 0, 0]) / sizes[0] / 0.5)
    np.testing.assert_allclose(steps.probabilities[0], raw / raw.sum())
    # A small voice is not made a loud one.
    flat = np.exp(np.array([0.3, 0, 0]) / 1.5 / 0.5)
    np.testing.assert_allclose(steps.probabilities[1], flat / flat.sum())
    assert steps.state.tolist() == ["music", "unsure", "silence", "music"]

    heard = [0, 1, 3]
    size = np.sqrt(np.mean(sizes[heard] ** 2))
    span_s = 3 * card.step_period_s
    temperature = values.at(span_s, step_period_s=card.step_period_s, smoothing_s=1.0)
    whole = np.exp(np.mean(np.array(rows)[heard], axis=0) / size / temperature)
    np.testing.assert_allclose(steps.clip_probabilities(), whole / whole.sum())
    shown = steps.smoothed(3 * card.step_period_s).probabilities[1]
    pair = np.array(rows)[[0, 1]]
    mean = np.exp(pair.mean(axis=0) / np.sqrt(np.mean(np.std(pair, axis=1) ** 2)) / temperature)
    np.testing.assert_allclose(shown, mean / mean.sum())


def test_a_flat_answer_is_unsure_and_still_says_what_is_nearest() -> None:
    answer = curve([[0.1, 0, 0]] * 3).answer()
    assert (answer.state, answer.genre) == ("unsure", "a")


def test_silence_names_no_genre() -> None:
    answer = curve([[9.0, 0, 0]] * 3, [-100] * 3).answer()
    assert (answer.state, answer.genre) == ("silence", None)
    assert sum(answer.probabilities.values()) == pytest.approx(1)


def test_an_unknown_level_is_not_silence() -> None:
    assert curve([[9.0, 0, 0]], [np.nan]).answer().state == "music"
