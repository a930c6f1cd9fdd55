"""A curve cut where its answer changes."""

import json
from pathlib import Path

import numpy as np
import pytest

from genre_lib.audio.front_end import FrontEnd
from genre_lib.bundle.card import BySpan, Card
from genre_lib.bundle.timing import Timing
from genre_lib.inference.curve import GenreCurve
from genre_lib.inference.segments import clock, segments

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"

# One step a second, no smoothing to speak of.
CARD = Card(
    name="hand",
    version="1.0.0",
    description="",
    genres=("a", "b"),
    front_end=FrontEnd(sample_rate=1024, n_fft=1024, hop_length=1024, n_mels=8, f_max=512.0),
    timing=Timing(step_frames=1, first_frame=0, receptive_field_frames=1, minimum_frames=1),
    smoothing_s=1.0,
    temperatures=BySpan(1.0, 1.0, 1.0),
    unsure_below=BySpan(0.6, 0.6, 0.6),
    silence_dbfs=-60.0,
    limits=(),
    licence="MIT",
)
LOGITS = {"a": (3.0, 0.0), "b": (0.0, 3.0), "?": (0.2, 0.0), "-": (3.0, 0.0)}


def curve(answers: str) -> GenreCurve:
    """One letter a second: a genre, `?` for unsure, `-` for silence."""
    logits = np.array([LOGITS[letter] for letter in answers], np.float32).reshape(-1, 2)
    level = np.array([-90.0 if letter == "-" else -20.0 for letter in answers])
    return GenreCurve(CARD, np.arange(len(answers)) + 0.5, logits, level, float(len(answers)))


def cut(answers: str, **options: float) -> list[tuple[float, float, str, str | None]]:
    return [(s.start_s, s.stop_s, s.state, s.genre) for s in segments(curve(answers), **options)]


def test_segments_cover_the_recording_without_gaps() -> None:
    assert cut("aaaaabbbbb-----?????") == [
        (0.0, 5.0, "music", "a"),
        (5.0, 10.0, "music", "b"),
        (10.0, 15.0, "silence", None),
        (15.0, 20.0, "unsure", "a"),
    ]


def test_short_stretches_join_the_longer_neighbour() -> None:
    assert cut("aaaaaabbaaaaa") == [(0.0, 13.0, "music", "a")]
    assert cut("aaaaabb-------") == [(0.0, 5.0, "music", "a"), (5.0, 14.0, "silence", None)]


def test_a_flicker_does_not_break_a_stretch() -> None:
    assert cut("aaaabaaaabaaaabbbbbbb") == [(0.0, 14.0, "music", "a"), (14.0, 21.0, "music", "b")]


def test_nothing_is_joined_without_a_minimum() -> None:
    assert [row[3] for row in cut("abab", least_s=0.0)] == ["a", "b", "a", "b"]


def test_a_recording_shorter_than_the_minimum_is_one_segment() -> None:
    assert cut("ab") == [(0.0, 2.0, "music", "b")] or cut("ab") == [(0.0, 2.0, "music", "a")]


def test_no_step_no_segment() -> None:
    assert segments(curve("")) == ()


def test_the_probability_is_that_of_the_named_genre() -> None:
    (segment,) = segments(curve("bbbbbb"))
    assert segment.probability == pytest.approx(1 / (1 + np.exp(-3.0)))


def test_segments_read_as_sentences() -> None:
    words = [str(segment) for segment in segments(curve("a" * 72 + "-" * 10 + "?" * 10))]
    assert words == ["0:00 to 1:12 a 0.95", "1:12 to 1:22 silence", "1:22 to 1:32 unsure, perhaps a 0.55"]


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "0:59"), (3599, "59:59"), (3661, "1:01:01")])
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), json.loads((FIXTURES / "clock.json").read_text()))
def test_moments_are_written_as_on_the_page(seconds: float, text: str) -> None:
    assert clock(seconds) == text
