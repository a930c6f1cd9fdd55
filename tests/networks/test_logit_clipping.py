"""Logits that are clipped stay within their limit and change nothing else."""

import numpy as np
import pytest

from genre_lib.errors import ParameterError
from genre_lib.networks import build, with_clipped_logits
from genre_lib.networks.receptive_field import timing_of


@pytest.fixture(scope="module")
def network():
    model = build("residual", n_genres=4, n_mels=32, width=16, front_filters=(4, 4, 8))
    kernel, _ = model.get_layer("step_logits").get_weights()
    model.get_layer("step_logits").set_weights([20 * kernel, np.array([5.0, 6.0, 7.0, 8.0], np.float32)])
    return model


@pytest.fixture(scope="module")
def log_mel():
    return np.random.default_rng(0).normal(-40, 15, (1, 90, 32)).astype(np.float32)


def test_bent_logits_are_those_of_the_network_around_their_mean(network, log_mel):
    free = np.asarray(network(log_mel, training=False)["step_logits"])
    clipped = with_clipped_logits(network, 3.0)(log_mel, training=False)
    centred = free - free.mean(axis=2, keepdims=True)
    assert np.abs(centred).max() > 3.5
    np.testing.assert_allclose(clipped["step_logits"], 3.0 * np.tanh(centred / 3.0), atol=1e-4)
    np.testing.assert_allclose(clipped["clip_logits"], np.mean(clipped["step_logits"], axis=1), atol=1e-5)


def test_the_timing_stays(network):
    assert timing_of(with_clipped_logits(network, 8.0)) == timing_of(network)


def test_the_network_itself_stays_as_it_was(network, log_mel):
    before = np.asarray(network(log_mel, training=False)["step_logits"])
    with_clipped_logits(network, 1.0)
    np.testing.assert_array_equal(network(log_mel, training=False)["step_logits"], before)


def test_a_limit_of_nothing_is_refused(network):
    with pytest.raises(ParameterError, match="above 0"):
        with_clipped_logits(network, 0.0)
