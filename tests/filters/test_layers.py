"""Which neurons a network has, and where each speaks."""

import pytest

from genre_lib.errors import ParameterError
from genre_lib.filters.layers import NeuronLayer, chosen_layers, find_layer_outputs
from genre_lib.utils.serialization import plain, structured


def test_every_convolution_of_the_default_network_is_found_with_its_depth(residual):
    depths = {layer_output.layer.name: layer_output.layer.depth for layer_output in find_layer_outputs(residual)}
    assert depths == {
        "front1_conv": 0,
        "level_conv": 0,
        "front2_conv": 1,
        "front3_conv": 2,
        "bands_to_steps": 3,
        "residual1_conv": 4,
        "residual1_mix": 5,
        "residual2_conv": 6,
        "residual2_mix": 7,
    }


def test_a_neuron_speaks_after_its_nonlinearity(residual):
    tensors = {layer_output.layer.name: layer_output.tensor for layer_output in find_layer_outputs(residual)}
    assert tensors["front1_conv"] is residual.get_layer("front1_relu").output
    assert tensors["residual1_conv"] is residual.get_layer("residual1_relu").output
    assert tensors["level_conv"] is residual.get_layer("level_conv").output


def test_what_is_added_to_something_else_first_is_not_rectified(residual):
    layers = {layer_output.layer.name: layer_output.layer for layer_output in find_layer_outputs(residual)}
    assert layers["residual1_conv"].rectified
    assert not layers["residual1_mix"].rectified


def test_excerpts_halve_with_depth_but_one_remains(residual):
    layers = {layer_output.layer.name: layer_output.layer for layer_output in find_layer_outputs(residual)}
    counts = [layers[name].count(9) for name in ("front1_conv", "front2_conv", "front3_conv", "bands_to_steps")]
    assert counts == [9, 4, 2, 1]
    assert layers["residual2_mix"].count(9) == 1


def test_an_unknown_layer_is_refused_with_the_nearest(residual):
    known = [layer_output.layer for layer_output in find_layer_outputs(residual)]
    with pytest.raises(ParameterError, match="'front1_conv'"):
        chosen_layers(known, ["front1_cov"])


def test_a_network_without_convolutions_is_refused():
    from genre_lib.networks.tensorflow_setup import keras

    log_mel = keras.Input((None, 8))
    model = keras.Model(log_mel, {"step_logits": keras.layers.Dense(3)(log_mel)}, name="plain")
    with pytest.raises(ParameterError, match="'plain' has no convolution"):
        find_layer_outputs(model)


def test_a_layer_survives_json(residual):
    for layer_output in find_layer_outputs(residual):
        assert structured(plain(layer_output.layer), NeuronLayer) == layer_output.layer
