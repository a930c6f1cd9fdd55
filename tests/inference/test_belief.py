"""The belief, held to dense matrices and to the fixture that the page is held to as well."""

import itertools
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from genre_lib.audio.front_end import FrontEnd
from genre_lib.bundle.belief_settings import BeliefSettings, NewestSettings, PieceSettings
from genre_lib.bundle.card import BySpan, Card
from genre_lib.bundle.timing import Timing
from genre_lib.inference.answer import TimeShares, answer_of
from genre_lib.inference.curve import GenreCurve, states
from genre_lib.inference.hindsight import path_evidence
from genre_lib.inference.live_belief import LiveBelief
from genre_lib.inference.path import most_probable_path
from genre_lib.inference.segments import segments
from tests.inference import belief_reference
from tests.inference.belief_reference import FIXTURE, PERIOD_S, SETTINGS

FIXED: dict[str, Any] = json.loads(FIXTURE.read_text())
LOGITS, LEVELS = np.array(FIXED["logits"]), np.array(FIXED["levels"])
BELIEF = BeliefSettings.from_dict(FIXED["belief"])
PIECES = PieceSettings.from_dict(FIXED["pieces"])
SIZED = PieceSettings.from_dict(FIXED["sized"])
TURNS = PieceSettings.from_dict(FIXED["turns"])
NEWEST = NewestSettings(**FIXED["newest"])
CARD = Card(
    name="hand",
    version="1.0.0",
    description="",
    genres=("a", "b", "c", "d"),
    front_end=FrontEnd(sample_rate=1000, n_fft=128, hop_length=100, n_mels=8, f_max=500.0),
    timing=Timing(step_frames=2, first_frame=-4, receptive_field_frames=6, minimum_frames=2),
    smoothing_s=1.0,
    temperatures=BySpan(2.0, 1.5, 1.0),
    unsure_below=BySpan(0.4, 0.5, 0.6),
    silence_dbfs=FIXED["silence_dbfs"],
    limits=(),
    licence="MIT",
    belief=BELIEF,
)


def curve(logits: np.ndarray = LOGITS, levels: np.ndarray | None = None, card: Card = CARD) -> GenreCurve:
    n = len(logits)
    levels = (LEVELS if n == len(LEVELS) else np.full(n, -20.0)) if levels is None else levels
    return GenreCurve(card, (np.arange(n) + 0.5) * PERIOD_S, logits, levels, n * PERIOD_S)


def of(**changes: Any) -> Card:
    return replace(CARD, belief=replace(BELIEF, **changes))


def test_the_fixture_is_what_the_reference_says() -> None:
    again = belief_reference.in_hindsight(LOGITS, FIXED["silence_dbfs"] > LEVELS, SETTINGS)
    np.testing.assert_allclose(again, FIXED["file"], atol=2e-9)


def test_a_recording_is_believed_in_hindsight() -> None:
    np.testing.assert_allclose(curve().belief.probabilities, FIXED["file"], atol=1e-8)


def test_a_recording_is_believed_as_pieces_where_a_card_has_them() -> None:
    np.testing.assert_allclose(curve(card=of(pieces=PIECES)).belief.probabilities, FIXED["as_pieces"], atol=1e-8)
    again = belief_reference.as_pieces(LOGITS[:30], FIXED["silence_dbfs"] > LEVELS[:30], belief_reference.PIECES)
    np.testing.assert_allclose(
        curve(LOGITS[:30], LEVELS[:30], of(pieces=PIECES)).belief.probabilities, again, atol=1e-8
    )


def test_pieces_are_believed_by_the_size_of_their_logits() -> None:
    np.testing.assert_allclose(curve(card=of(pieces=SIZED)).belief.probabilities, FIXED["as_sized"], atol=1e-8)
    sizes = LOGITS[~curve().silent].std(axis=1)
    assert sizes.min() < NEWEST.least_size < sizes.max()


def test_a_piece_of_louder_logits_is_no_surer() -> None:
    manner = np.tile([2.0, 1.0, 0.0, 1.0], (20, 1))
    loud, louder = (curve(times * manner, card=of(pieces=SIZED)).belief.probabilities[10, 0] for times in (2, 20))
    assert louder == pytest.approx(loud, abs=0.02)
    loud, louder = (curve(times * manner, card=of(pieces=PIECES)).belief.probabilities[10, 0] for times in (2, 20))
    assert louder > loud + 0.1
    quiet = curve(0.01 * manner, card=of(pieces=SIZED)).belief.probabilities[10, 0]
    assert quiet == pytest.approx(0.25, abs=0.02)


def test_the_next_piece_is_of_another_genre_where_a_card_says_so() -> None:
    n = FIXED["turns_heard"]
    believed = curve(LOGITS[:n], LEVELS[:n], of(pieces=TURNS)).belief.probabilities
    np.testing.assert_allclose(believed, FIXED["in_turn"], atol=1e-8)
    assert curve(np.empty((0, 4)), card=of(pieces=TURNS)).belief.probabilities.shape == (0, 4)


def test_genres_in_turn_by_chance_are_any_genre() -> None:
    by_chance = curve(card=of(pieces=replace(SIZED, same_genre=0.25))).belief.probabilities
    np.testing.assert_allclose(by_chance, FIXED["as_sized"], atol=1e-8)


@pytest.mark.parametrize("pieces", [PIECES, SIZED, TURNS])
def test_pieces_survive_the_card(pieces: PieceSettings) -> None:
    settings = replace(BELIEF, pieces=pieces, newest=NEWEST)
    assert BeliefSettings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings
    assert not {"pieces", "newest"} & BELIEF.to_dict().keys()
    assert "same_genre" not in replace(BELIEF, pieces=PIECES).to_dict()["pieces"]
    assert "least_size" not in replace(BELIEF, pieces=PIECES).to_dict()["pieces"]["sharpness"]


def test_a_piece_that_keeps_its_manner_is_believed_as_one() -> None:
    manner = np.array([[2.0, 1.0, 0, 0], [0, 2.0, 0, 1.0]]).repeat(30, axis=0)
    believed = curve(manner, card=of(pieces=PIECES)).belief.probabilities
    assert believed[10, 0] > 1.2 * np.exp(0.7 * manner[10])[0] / np.exp(0.7 * manner[10]).sum()
    assert believed[27:33, 0].tolist() == sorted(believed[27:33, 0], reverse=True)
    assert abs(int(np.flatnonzero(believed[:, 1] > believed[:, 0])[0]) - 30) <= 3


def test_silent_steps_show_nothing_of_a_piece() -> None:
    logits = LOGITS.copy()
    logits[curve().silent] = 50.0
    card = of(pieces=PIECES)
    np.testing.assert_allclose(curve(logits, card=card).belief.probabilities, FIXED["as_pieces"], atol=1e-8)
    silence = curve(logits, np.full(60, -90.0), card).belief
    np.testing.assert_allclose(silence.probabilities, 0.25)
    assert curve(np.empty((0, 4)), card=card).belief.probabilities.shape == (0, 4)


def live(n_at_once: int, n_heard: int, settings: BeliefSettings = BELIEF) -> np.ndarray:
    belief = LiveBelief(settings, n_genres=4, step_period_s=PERIOD_S)
    silent = curve().silent
    settled = [
        belief.push(LOGITS[at : min(at + n_at_once, n_heard)], silent[at : min(at + n_at_once, n_heard)])
        for at in range(0, n_heard, n_at_once)
    ]
    return np.concatenate([*settled, belief.recent()])


@pytest.mark.parametrize("n_at_once", [1, 7, 40])
def test_live_sound_is_believed_by_its_past_and_settles(n_at_once: int) -> None:
    np.testing.assert_allclose(live(n_at_once, FIXED["live_after"]), FIXED["live"], atol=1e-8)
    found = live(n_at_once, FIXED["live_after"], replace(BELIEF, newest=NEWEST))
    np.testing.assert_allclose(found, FIXED["live_with_newest"], atol=1e-8)


@pytest.mark.parametrize("newest", [None, NEWEST])
def test_the_newest_moment_is_what_is_first_shown_live(newest: NewestSettings | None) -> None:
    first_shown = curve(card=of(newest=newest)).believed(live=True).probabilities
    for heard in (1, 2, 17, 60):
        last = live(3, heard, replace(BELIEF, newest=newest))[-1]
        np.testing.assert_allclose(last, first_shown[heard - 1], atol=1e-9)


def test_one_stage_is_a_plain_chain() -> None:
    settings = SETTINGS | {"stages": 1}
    expected = belief_reference.in_hindsight(LOGITS, FIXED["silence_dbfs"] > LEVELS, settings)
    np.testing.assert_allclose(curve(card=of(stages=1)).belief.probabilities, expected, atol=1e-8)


def test_the_path_is_the_best_of_all() -> None:
    found = most_probable_path(LOGITS, curve().silent, BELIEF.path, step_period_s=PERIOD_S)
    assert found.tolist() == FIXED["path"]


def test_segments_of_a_belief_of_pieces_are_read_off_it() -> None:
    heard = curve(card=of(pieces=PIECES))
    settings = replace(BELIEF, pieces=PIECES)
    evidence = path_evidence(heard.step_logits, heard.belief.probabilities, settings)
    found = most_probable_path(evidence, heard.silent, BELIEF.path, step_period_s=PERIOD_S)
    assert found.tolist() == FIXED["path_of_pieces"]
    genres = [segment.genre for segment in segments(heard)]
    quiet = np.where(heard.silent, -1, FIXED["path_of_pieces"])
    assert [genre for genre in genres if genre] == [heard.genres[g] for g, _ in itertools.groupby(quiet[quiet >= 0])]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("least_s", "mean_duration_s"), [(0.0, 1.0), (0.6, 0.4), (1.0, 3.0)])
def test_the_path_is_the_best_of_all_by_chance(seed: int, least_s: float, mean_duration_s: float) -> None:
    logits = np.random.default_rng(seed).normal(size=(30, 3)) * 3
    silent = np.zeros(30, bool)
    settings = replace(BELIEF.path, least_s=least_s, mean_duration_s=mean_duration_s)
    plain = {"path": {"evidence_weight": 0.4, "least_s": least_s, "mean_duration_s": mean_duration_s}}
    found = most_probable_path(logits, silent, settings, step_period_s=PERIOD_S)
    assert found.tolist() == belief_reference.best_path(logits, silent, plain)


def test_segments_follow_the_path_and_long_silence() -> None:
    found = [(s.start_s, s.stop_s, s.state, s.genre) for s in segments(curve())]
    assert [row[2:] for row in found] == [("music", "a"), ("music", "c"), ("silence", None), ("music", "b")]
    assert [row[0] for row in found[1:]] == [row[1] for row in found[:-1]] == pytest.approx([4.4, 7.2, 8.6])
    assert (found[0][0], found[-1][1]) == (0.0, 12.0)


def test_no_segment_is_shorter_than_the_least() -> None:
    logits = np.random.default_rng(1).normal(size=(200, 4)) * 6
    lengths = [part.stop_s - part.start_s for part in segments(curve(logits))]
    assert len(lengths) > 3
    assert min(lengths) >= 0.6 - 1e-9


def test_steadiness_decides_how_often_it_changes() -> None:
    logits = np.random.default_rng(2).normal(size=(300, 4)) * 2
    changes = [
        int(np.count_nonzero(np.diff(curve(logits).believed(steadiness_s=s).probabilities.argmax(axis=1))))
        for s in (0.2, 2.0, 600.0)
    ]
    assert changes[0] > 2 * changes[1] > 4 * changes[2]
    assert len(segments(curve(logits), steadiness_s=600.0)) < len(segments(curve(logits), steadiness_s=0.2))


def test_the_newest_step_counts_less_where_genres_last_longer() -> None:
    settings = replace(BELIEF, newest=NEWEST)
    weights = [settings.with_steadiness(times * BELIEF.mean_duration_s).newest.weight for times in (0.5, 1, 4)]
    assert weights == [NEWEST.weight, NEWEST.weight, NEWEST.weight / 4]
    rows = np.random.default_rng(3).normal(size=(200, 4)) * 2
    plain, steady = (
        curve(rows, card=of(newest=NEWEST)).believed(live=True, steadiness_s=s).probabilities for s in (None, 60.0)
    )
    changes = [int(np.count_nonzero(np.diff(each.argmax(axis=1)))) for each in (plain, steady)]
    assert changes[0] > 3 * changes[1]


def test_a_moment_is_named_probable_unsure_or_silence() -> None:
    beliefs = np.array([[0.3, 0.25, 0.25, 0.2], [0.5, 0.3, 0.1, 0.1], [0.7, 0.1, 0.1, 0.1], [0.7, 0.1, 0.1, 0.1]])
    silent = np.array([False, False, False, True])
    found = states(beliefs, silent, BELIEF, named_from=0.6)
    assert found.tolist() == ["unsure", "probable", "music", "silence"]


def test_silence_says_nothing_but_time_goes_on() -> None:
    rows = np.tile([5.0, 0, 0, 0], (40, 1))
    quiet = np.where(np.arange(40) < 20, -20.0, -90.0)
    believed = curve(rows, quiet).belief.probabilities[:, 0]
    assert believed[19] > 0.55
    assert believed[20] > believed[25] > 0.2
    assert believed[-1] == pytest.approx(0.25, abs=0.01)


def shares(*parts: tuple[int, list[float], str]) -> TimeShares:
    rows = np.array([p for n, p, _ in parts for _ in range(n)])
    states = np.array([state for n, _, state in parts for _ in range(n)])
    return TimeShares.of(rows, states)


@pytest.mark.parametrize(
    ("parts", "state", "genre"),
    [
        ([(9, [0.7, 0.1, 0.1, 0.1], "music")], "music", "a"),
        ([(9, [0.1, 0.1, 0.1, 0.7], "music"), (9, [0.1, 0.7, 0.1, 0.1], "probable")], "mixed", "b"),
        ([(19, [0.1, 0.1, 0.1, 0.7], "music"), (3, [0.1, 0.7, 0.1, 0.1], "music")], "music", "d"),
        ([(9, [0.4, 0.2, 0.2, 0.2], "unsure")], "probable", "a"),
        ([(9, [0.3, 0.25, 0.25, 0.2], "unsure")], "unsure", "a"),
        ([(9, [0.7, 0.1, 0.1, 0.1], "silence")], "silence", None),
    ],
)
def test_a_recording_as_a_whole(parts: list[tuple[int, list[float], str]], state: str, genre: str | None) -> None:
    answer = answer_of(shares(*parts), CARD.genres, BELIEF)
    assert (answer.state, answer.genre) == (state, genre)
    assert sum(answer.probabilities.values()) == pytest.approx(1)


def test_shares_of_parts_add_up() -> None:
    belief = curve().belief
    whole = TimeShares.of(belief.probabilities, belief.state)
    parts = [TimeShares.of(belief.probabilities[part], belief.state[part]) for part in (slice(25), slice(25, None))]
    together = parts[0] + parts[1]
    assert together.n_steps == whole.n_steps
    np.testing.assert_allclose(together.belief, whole.belief)
    np.testing.assert_allclose(together.led, whole.led)


def test_an_empty_recording_believes_nothing() -> None:
    empty = curve(np.empty((0, 4)))
    assert empty.belief.probabilities.shape == (0, 4)
    assert segments(empty) == ()
