"""Precision among the nearest songs, by other artists."""

import numpy as np
import pytest

from genre_lib.errors import EvaluationError
from genre_lib.evaluation.retrieval import precision_at


def test_genres_apart_are_found_and_mixed_ones_are_not(rng: np.random.Generator) -> None:
    genres = np.repeat(["jazz", "rock"], 40)
    apart = rng.normal(0, 0.1, (80, 8)) + np.where(genres == "jazz", 1, -1)[:, None]
    assert precision_at(5, apart, genres).value == 1
    assert precision_at(5, rng.normal(0, 1, (80, 8)), genres).value == pytest.approx(0.5, abs=0.1)


def test_an_artists_other_songs_do_not_count(rng: np.random.Generator) -> None:
    # Every artist has a place of his own, and every genre two artists who sound nothing alike.
    artists = np.repeat(np.arange(8), 5)
    vectors = np.eye(8)[artists] + rng.normal(0, 0.01, (40, 8))
    assert precision_at(4, vectors, artists // 2).value == 1
    assert precision_at(4, vectors, artists // 2, artists).value < 0.5


def test_the_interval_is_by_artist(rng: np.random.Generator) -> None:
    genres = rng.integers(0, 2, 60)
    vectors = rng.normal(0, 1, (60, 4)) + genres[:, None]
    estimate = precision_at(5, vectors, genres, np.arange(60) // 3)
    assert estimate.low < estimate.value < estimate.high
    assert "20 artist groups" in estimate.method


def test_too_few_songs_are_refused() -> None:
    with pytest.raises(EvaluationError, match="fewer than 2 others"):
        precision_at(2, np.eye(3), ["a", "b", "c"], ["x", "x", "y"])
