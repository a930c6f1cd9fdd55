"""The ear is the bundle's own LiteRT network where there is one, and a conversion where there is none."""

import numpy as np
import pytest

from genre_lib.bundle import KERAS, LITERT, pretrained_folder
from genre_lib.export import load_keras
from genre_lib.filters import ear_file
from genre_lib.filters.ear import Ear
from genre_lib.filters.ear_file import make_ear
from genre_lib.filters.layers import find_voices


@pytest.fixture(scope="module")
def network():
    return load_keras(pretrained_folder() / KERAS)


def test_a_bundle_s_network_is_opened_without_a_conversion(network, tmp_path, monkeypatch, rng):
    monkeypatch.setattr(ear_file, "_converted", lambda *_: pytest.fail("it was converted"))
    voices = find_voices(network)
    (tmp_path / "ear.tflite").write_bytes(make_ear(network, voices, pretrained_folder() / LITERT))
    # Of another length than what the tensors were recognised by.
    log_mel = rng.normal(-40, 15, (301, network.inputs[0].shape[-1])).astype(np.float32)
    found = Ear(tmp_path / "ear.tflite", [voice.layer for voice in voices]).activations(log_mel)
    for voice, values in zip(voices, ear_file._activations(network, voices, log_mel[None]), strict=True):
        values = values[0].max(axis=1) if values.ndim == 4 else values[0]
        np.testing.assert_allclose(found[voice.layer.name], values, atol=1e-4 * np.abs(values).max())


def test_some_layers_alone_can_be_opened(network, tmp_path):
    (voice,) = [voice for voice in find_voices(network) if voice.layer.name == "residual1_mix"]
    (tmp_path / "ear.tflite").write_bytes(make_ear(network, [voice], pretrained_folder() / LITERT))
    assert Ear(tmp_path / "ear.tflite", [voice.layer]).layers == (voice.layer,)


@pytest.mark.parametrize("what", ["other weights", "no network"])
def test_where_the_file_is_not_this_network_it_is_converted(network, tmp_path, monkeypatch, what):
    monkeypatch.setattr(ear_file, "_converted", lambda *_: b"converted")
    path = pretrained_folder() / LITERT
    if what == "no network":
        path = tmp_path / "model.tflite"
        path.write_bytes(b"something else")
        assert make_ear(network, find_voices(network), path) == b"converted"
        return
    before = network.get_weights()
    network.set_weights([1.1 * weight for weight in before])
    try:
        assert make_ear(network, find_voices(network), path) == b"converted"
    finally:
        network.set_weights(before)


def test_an_ear_of_some_layers_needs_no_more_frames_than_they_do(network, tmp_path, rng):
    voices = find_voices(network)
    whole, part = tmp_path / "whole.tflite", tmp_path / "part.tflite"
    whole.write_bytes(make_ear(network, voices, pretrained_folder() / LITERT))
    first = voices[0].layer
    assert first.timing.minimum_frames < max(voice.layer.timing.minimum_frames for voice in voices)
    part.write_bytes(ear_file.ear_of_layers(whole.read_bytes(), [first.folder]))
    log_mel = rng.normal(-40, 15, (60, network.inputs[0].shape[-1])).astype(np.float32)
    of_part = Ear(part, [first])
    assert len(of_part.activations(log_mel[: first.timing.minimum_frames])[first.name])
    of_whole = Ear(whole, [voice.layer for voice in voices]).activations(log_mel)
    np.testing.assert_allclose(of_part.activations(log_mel)[first.name], of_whole[first.name], atol=1e-5)
