"""The shares of an explanation add up, lie where they belong, and matter."""

import numpy as np
import pytest

from genre_lib.attribution.integrated_gradients import attribute_step
from genre_lib.audio.front_end import FrontEnd
from genre_lib.errors import ParameterError

FRONT_END = FrontEnd(n_mels=48)
GENRES = ("calm", "loud", "odd")


@pytest.fixture(scope="module")
def network():
    """Hears one thing: band 20 of the last of three frames, for `loud`."""
    from genre_lib.networks.tensorflow_setup import keras

    log_mel = keras.Input((None, 48), name="log_mel")
    logits = keras.layers.Conv1D(3, 3, name="step_logits")(log_mel)
    model = keras.Model(log_mel, {"step_logits": logits}, name="one_band")
    kernel = np.zeros((3, 48, 3), np.float32)
    kernel[2, 20, 1] = 0.1
    model.get_layer("step_logits").set_weights([kernel, np.zeros(3, np.float32)])
    return model


@pytest.fixture
def log_mel(rng) -> np.ndarray:
    return rng.normal(-50, 12, (30, 48)).astype(np.float32)


def test_only_what_the_network_hears_gets_a_share(network, log_mel):
    one = attribute_step(network, log_mel, 7, genres=GENRES, front_end=FRONT_END, genre="loud")
    assert (one.first_frame, one.log_mel.shape) == (7, (3, 48))
    assert set(zip(*np.nonzero(one.attribution), strict=True)) == {(2, 20)}
    assert one.completeness_error < 1e-3
    expected = 0.1 * (log_mel[9, 20] - log_mel[9].mean())
    assert one.attribution.sum() == pytest.approx(expected, rel=1e-3)


def test_regions_hold_the_same_sum_and_the_strongest_holds_the_cell(network, log_mel):
    log_mel[9, 20] = 0
    one = attribute_step(network, log_mel, 7, genres=GENRES, front_end=FRONT_END, genre="loud")
    assert one.strongest(0.1)[2, 20]
    assert not one.strongest(0.1, against=True)[2, 20]
    assert one.regions(frames=1, bands=1) == pytest.approx(one.attribution)
    assert one.without(one.strongest(0.1))[2, 20] == pytest.approx(log_mel[9].mean())


def test_the_belief_is_the_probability_at_that_step(network, log_mel):
    one = attribute_step(network, log_mel, 11, genres=GENRES, front_end=FRONT_END)
    logits = np.array([0, 0.1 * log_mel[13, 20], 0])
    probabilities = np.exp(logits) / np.exp(logits).sum()
    assert one.belief == pytest.approx(probabilities[GENRES.index(one.genre)], rel=1e-4)
    assert one.genre == GENRES[int(probabilities.argmax())]


@pytest.mark.parametrize(
    ("choice", "sentence"), [({"genre": "calmm"}, "did you mean 'calm'"), ({"step": 28}, "no step 28: .* has 28")]
)
def test_what_is_not_there_is_refused(choice, sentence, network, log_mel):
    with pytest.raises(ParameterError, match=sentence):
        attribute_step(network, log_mel, **{"step": 0, "genres": GENRES, "front_end": FRONT_END} | choice)


@pytest.mark.parametrize("share", [0, 1.5])
def test_an_impossible_share_is_refused(share, network, log_mel):
    one = attribute_step(network, log_mel, 0, genres=GENRES, front_end=FRONT_END)
    with pytest.raises(ParameterError, match="share"):
        one.strongest(share)
