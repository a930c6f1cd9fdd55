"""The extractor's file: a LiteRT network with other outputs, or a conversion; and which tensors hold what."""

import numpy as np
import pytest

from genre_lib.bundle.files import KERAS, LITERT
from genre_lib.bundle.resources import pretrained_folder
from genre_lib.filters import extractor_file
from genre_lib.filters.activation_extractor import ActivationExtractor
from genre_lib.filters.extractor_file import converted, find_tensors, with_outputs
from genre_lib.filters.layers import find_layer_outputs
from genre_lib.networks.keras_files import load_keras


@pytest.fixture(scope="module")
def network():
    return load_keras(pretrained_folder() / KERAS)


@pytest.fixture(scope="module")
def places(network):
    layer_outputs = find_layer_outputs(network)
    found = find_tensors(network, layer_outputs, pretrained_folder() / LITERT)
    layers = [layer_output.layer for layer_output in layer_outputs]
    return {layer.folder: (place, layer.n_neurons) for layer, place in zip(layers, found, strict=True)}


@pytest.fixture
def log_mel(network, rng):
    # Of another length than what the tensors were recognised by.
    return rng.normal(-40, 15, (301, network.inputs[0].shape[-1])).astype(np.float32)


@pytest.mark.parametrize("way", ["opened", "converted"])
def test_the_ear_hears_what_keras_computes(network, places, log_mel, tmp_path, way):
    layer_outputs = find_layer_outputs(network)
    if way == "opened":
        content = with_outputs((pretrained_folder() / LITERT).read_bytes(), places)
    else:
        content = converted(network, layer_outputs)
    (tmp_path / "activations.tflite").write_bytes(content)
    found = ActivationExtractor(
        tmp_path / "activations.tflite", [layer_output.layer for layer_output in layer_outputs]
    ).activations(log_mel)
    for layer_output, values in zip(
        layer_outputs, extractor_file._activations(network, layer_outputs, log_mel[None]), strict=True
    ):
        values = values[0].max(axis=1) if values.ndim == 4 else values[0]
        np.testing.assert_allclose(found[layer_output.layer.name], values, atol=1e-4 * np.abs(values).max())


@pytest.mark.parametrize("what", ["other weights", "no network"])
def test_a_file_that_is_not_this_network_has_none_of_its_tensors(network, tmp_path, what):
    path = pretrained_folder() / LITERT
    if what == "no network":
        path = tmp_path / "model.tflite"
        path.write_bytes(b"something else")
        assert find_tensors(network, find_layer_outputs(network), path) is None
        return
    before = network.get_weights()
    network.set_weights([1.1 * weight for weight in before])
    try:
        assert find_tensors(network, find_layer_outputs(network), path) is None
    finally:
        network.set_weights(before)


def test_an_ear_of_some_layers_needs_no_more_frames_than_they_do(network, places, log_mel, tmp_path):
    layers = [layer_output.layer for layer_output in find_layer_outputs(network)]
    first, content = layers[0], (pretrained_folder() / LITERT).read_bytes()
    assert first.timing.minimum_frames < max(layer.timing.minimum_frames for layer in layers)
    (tmp_path / "whole.tflite").write_bytes(with_outputs(content, places))
    (tmp_path / "part.tflite").write_bytes(with_outputs(content, {first.folder: places[first.folder]}))
    of_part = ActivationExtractor(tmp_path / "part.tflite", [first])
    assert len(of_part.activations(log_mel[: first.timing.minimum_frames])[first.name])
    of_whole = ActivationExtractor(tmp_path / "whole.tflite", layers).activations(log_mel)
    np.testing.assert_allclose(of_part.activations(log_mel)[first.name], of_whole[first.name], atol=1e-5)
