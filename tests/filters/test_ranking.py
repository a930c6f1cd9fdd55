"""The running top-k is the top-k of everything, whatever the order."""

import numpy as np
import pytest

from genre_lib.filters.ranking import Ranking


@pytest.fixture
def peaks(rng) -> np.ndarray:
    """(tracks, neurons), rounded so that there are ties."""
    return np.round(rng.normal(size=(40, 15)), 1).astype(np.float32)


def _ranked(peaks, order, k=5, ranking=None):
    ranking = ranking or Ranking(peaks.shape[1], k, len(peaks))
    for track in order:
        ranking.add(track, peaks[track], np.full(peaks.shape[1], 10 * track))
    return ranking


def test_it_keeps_the_strongest_tracks(peaks):
    ranking = _ranked(peaks, range(40))
    for neuron in range(15):
        expected = np.lexsort((np.arange(40), -peaks[:, neuron]))[:5]
        np.testing.assert_array_equal(ranking.track[neuron], expected)
        np.testing.assert_array_equal(ranking.activation[neuron], peaks[expected, neuron])
        np.testing.assert_array_equal(ranking.first_frame[neuron], 10 * expected)
    np.testing.assert_array_equal(ranking.lowest, peaks.min(axis=0))


def test_the_order_of_tracks_does_not_matter(peaks, rng):
    first, second = _ranked(peaks, range(40)), _ranked(peaks, rng.permutation(40))
    for name, value in vars(first).items():
        np.testing.assert_array_equal(value, vars(second)[name])


def test_what_does_not_excite_a_neuron_is_not_ranked():
    ranking = Ranking(2, 3, 2)
    ranking.add(0, np.array([1.0, -np.inf], np.float32), np.zeros(2, np.int64))
    assert np.isfinite(ranking.activation).sum() == 1
    assert np.isinf(ranking.lowest[1])


def test_a_saved_ranking_goes_on(peaks, tmp_path):
    half = _ranked(peaks, range(20))
    half.save(tmp_path / "ranking.npz")
    resumed = Ranking(15, 5, 40)
    assert resumed.load(tmp_path / "ranking.npz")
    assert resumed.done.sum() == 20
    whole = _ranked(peaks, range(40))
    for name, value in vars(_ranked(peaks, range(20, 40), ranking=resumed)).items():
        np.testing.assert_array_equal(value, vars(whole)[name])


@pytest.mark.parametrize("state", ["missing", "damaged", "of another shape"])
def test_what_cannot_be_gone_on_with_is_begun_again(state, peaks, tmp_path):
    path = tmp_path / "ranking.npz"
    if state == "damaged":
        path.write_bytes(b"PK\x03\x04 cut off")
    elif state == "of another shape":
        _ranked(peaks, range(3)).save(path)
    ranking = Ranking(4, 5, 40)
    assert not ranking.load(path)
    assert not ranking.done.any()


def test_memory_does_not_depend_on_the_number_of_tracks():
    small, large = Ranking(1000, 10, 100), Ranking(1000, 10, 100_000)
    # One byte a track says that it is done.
    assert sum(v.nbytes for v in vars(large).values()) - sum(v.nbytes for v in vars(small).values()) == 99_900
