"""The extractor gives Keras's activations, and a neuron's moment is exactly what it heard."""

import numpy as np
import pytest

from genre_lib.errors import BundleError
from genre_lib.filters import activation_extractor as ear_module
from genre_lib.filters.activation_extractor import ActivationExtractor
from genre_lib.filters.layers import find_layer_outputs
from tests.filters.conftest import FRONT_END


@pytest.fixture(scope="module")
def music() -> np.ndarray:
    rng = np.random.default_rng(3)
    seconds = np.arange(5 * 22050) / 22050
    tone = np.sin(2 * np.pi * 220 * seconds * (1 + (seconds % 1.7)))
    return (0.2 * tone + 0.1 * rng.standard_normal(len(tone)) * (seconds % 0.6)).astype(np.float32)


def test_activations_are_those_of_keras(residual, residual_ear, music):
    from genre_lib.networks.tensorflow_setup import keras

    log_mel = FRONT_END.log_mel(music)
    layer_outputs = find_layer_outputs(residual)
    expected = keras.Model(residual.inputs, [layer_output.tensor for layer_output in layer_outputs])(log_mel[None])
    found = residual_ear.activations(log_mel)
    for layer_output, tensor in zip(layer_outputs, expected, strict=True):
        values = np.asarray(tensor)[0]
        # Pictures have (steps, bands, neurons): the strongest band speaks.
        values = values.max(axis=1) if values.ndim == 3 else values
        np.testing.assert_allclose(found[layer_output.layer.name], values, atol=1e-4 * np.abs(values).max())


def test_a_long_recording_in_blocks_gives_the_peaks_of_the_whole(residual_ear, monkeypatch, rng):
    log_mel = rng.normal(-40, 15, (1700, 48)).astype(np.float32)
    in_blocks = residual_ear.peaks(log_mel)
    monkeypatch.setattr(ear_module, "_BLOCK_FRAMES", 10_000)
    for found, whole in zip(in_blocks, residual_ear.peaks(log_mel), strict=True):
        np.testing.assert_array_equal(found, whole)


def _moments(extractor, log_mel):
    """Layer, neuron, peak and first frame of what was heard, for every neuron that fires."""
    peak, first = extractor.peaks(log_mel)
    at = 0
    for layer in extractor.layers:
        for neuron in range(layer.n_neurons):
            if not layer.rectified or peak[at + neuron] > 0:
                yield layer, neuron, peak[at + neuron], int(first[at + neuron])
        at += layer.n_neurons


def _activation(extractor, samples, layer, neuron, first_frame):
    step = (first_frame - layer.timing.first_frame) // layer.timing.step_frames
    return extractor.activations(FRONT_END.log_mel(samples))[layer.name][step, neuron]


def test_nothing_outside_an_excerpt_matters_and_both_its_ends_do(residual_ear, music):
    """Sample-exact, in every layer: other sound up to both bounds changes nothing, inside either bound it does."""
    rng = np.random.default_rng(4)
    moved_at_start, moved_at_end = set(), set()
    # Max pooling hides an end that is not the loudest of its neighbours: several pieces, and several neurons of each.
    for piece in (music, music[::-1].copy(), np.roll(music, 9000), np.roll(music, 31_000)):
        for layer, neuron, peak, first in _moments(residual_ear, FRONT_END.log_mel(piece)):
            start = first * FRONT_END.hop_length
            stop = start + FRONT_END.n_samples(layer.timing.receptive_field_frames)
            assert 0 <= start < stop <= len(piece)
            noise = 0.5 * rng.standard_normal(len(piece)).astype(np.float32)
            other = noise.copy()
            other[start:stop] = piece[start:stop]
            assert _activation(residual_ear, other, layer, neuron, first) == pytest.approx(peak, rel=1e-4, abs=1e-4)
            for low, high, moved in (
                (start, start + FRONT_END.hop_length, moved_at_start),
                (stop - FRONT_END.hop_length, stop, moved_at_end),
            ):
                other[:] = piece
                other[low:high] = noise[low:high]
                if abs(_activation(residual_ear, other, layer, neuron, first) - peak) > 3e-4 * abs(peak):
                    moved.add(layer.name)
    names = {layer.name for layer in residual_ear.layers}
    assert moved_at_start == names
    assert moved_at_end == names


def test_a_layer_s_receptive_field_is_exactly_what_its_gradient_reaches(residual, rng):
    """For every layer: no frame outside, and each one inside, has a say in some neuron's activation."""
    from genre_lib.networks.tensorflow_setup import keras, tf

    layer_outputs = find_layer_outputs(residual)
    extractor = keras.Model(residual.inputs[0], [layer_output.tensor for layer_output in layer_outputs])
    log_mel = tf.constant(rng.normal(-40, 15, (32, 120, 48)).astype(np.float32))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(log_mel)
        said = []
        for layer_output, values in zip(layer_outputs, extractor(log_mel, training=False), strict=True):
            # Not a plain sum: neurons that cancel each other out must not hide a frame.
            weights = rng.uniform(0.5, 1, values.shape[1:]).astype(np.float32)
            step = 60 // layer_output.layer.timing.step_frames
            said.append(tf.reduce_sum((values * weights)[:, step]))
    for layer_output, sums in zip(layer_outputs, said, strict=True):
        reached = np.abs(tape.gradient(sums, log_mel)).max(axis=(0, 2)) > 0
        start, stop = layer_output.layer.frames(60 // layer_output.layer.timing.step_frames)
        assert np.flatnonzero(reached).tolist() == list(range(start, stop)), layer_output.layer.name


def test_moments_do_not_reach_into_what_is_padded_before_the_start(residual_ear):
    log_mel = np.full((60, 48), -60, np.float32)
    # An onset at the very first frame: with silence padded before, early steps would fire most.
    log_mel[0] = 0
    _, first = residual_ear.peaks(log_mel)
    assert (first >= 0).all()


def test_a_recording_shorter_than_the_receptive_field_has_no_moment(residual_ear):
    peak, _ = residual_ear.peaks(np.full((12, 48), -30, np.float32))
    at = dict(zip([layer.name for layer in residual_ear.layers],
                  np.cumsum([0, *(layer.n_neurons for layer in residual_ear.layers)]), strict=False))  # fmt: skip
    assert np.isfinite(peak[at["front1_conv"]])
    assert np.isneginf(peak[at["residual2_mix"]])


def test_a_recording_shorter_than_anything_the_network_takes_has_no_moment(residual_ear):
    for n_frames in (0, 1, 3):
        assert np.isneginf(residual_ear.peaks(np.full((n_frames, 48), -30, np.float32))[0]).all()


def test_a_file_that_is_no_network_is_refused(residual_ear, tmp_path):
    (tmp_path / "activations.tflite").write_bytes(b"not a network")
    with pytest.raises(BundleError, match=r"activations\.tflite is not a network"):
        ActivationExtractor(tmp_path / "activations.tflite", residual_ear.layers)
