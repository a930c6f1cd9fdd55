"""The timing derived from layers is the one that changing single frames shows."""

import subprocess
import sys

import numpy as np
import pytest

from genre_lib.bundle.timing import Timing
from genre_lib.errors import ParameterError
from genre_lib.networks import build
from genre_lib.networks.receptive_field import timing_of


def _perturbed(model, n_frames, n_mels):
    """For each step the first and the last frame, plus one, that change it."""
    rng = np.random.default_rng(0)
    log_mel = rng.normal(-40, 15, (n_frames, n_mels)).astype(np.float32)
    changed = np.repeat(log_mel[None], n_frames, axis=0)
    changed[np.arange(n_frames), np.arange(n_frames)] += rng.normal(0, 30, (n_frames, n_mels))
    logits = np.asarray(model(np.concatenate([changed, log_mel[None]]), training=False)["step_logits"])
    moved = np.abs(logits[:-1] - logits[-1]).max(axis=2) > 1e-5 * np.abs(logits).max()
    return [(int(np.flatnonzero(m)[0]), int(np.flatnonzero(m)[-1]) + 1) for m in moved.T]


def _randomised(model):
    """Random weights everywhere, so that no path is blocked by an initial zero."""
    rng = np.random.default_rng(1)
    model.set_weights([rng.uniform(0.05, 0.3, weight.shape) * rng.choice([-1, 1], weight.shape)
                       if weight.ndim > 1 else rng.uniform(0.5, 1.0, weight.shape)
                       for weight in model.get_weights()])  # fmt: skip
    return model


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("residual", {"width": 12, "front_filters": (4, 4, 4), "frame_range_db": None}),
        ("residual", {"width": 12, "front_filters": (4, 4, 4), "dilations": (1, 2, 4), "frame_range_db": None}),
        ("deepsound2018", {"filters": 12}),
    ],
)
def test_changing_one_frame_changes_exactly_the_steps_that_hear_it(name, options):
    model = _randomised(build(name, n_genres=3, n_mels=32, band_padding=(5, 6), left_out_bands=0, **options)
                        if name == "residual" else build(name, n_genres=3, n_mels=32, **options))  # fmt: skip
    timing = timing_of(model)
    n_frames = 90
    found = _perturbed(model, n_frames, 32)
    assert len(found) == timing.n_steps(n_frames)
    # Max pooling hides some frames: nothing outside may matter, and the reach must be used nearly in full.
    for step, (first, stop) in enumerate(found):
        start, end = timing.input_frames(step)
        assert start <= first
        assert stop <= end
    starts = [first - timing.input_frames(step)[0] for step, (first, _) in enumerate(found)]
    ends = [timing.input_frames(step)[1] - stop for step, (_, stop) in enumerate(found)]
    assert min(starts) == 0
    assert min(ends) == 0


def test_the_default_network_is_causal_and_quick():
    timing = timing_of(build("residual", n_genres=10, n_mels=128))
    assert timing.first_frame + timing.receptive_field_frames == timing.step_frames == timing.minimum_frames
    assert timing.step_frames * 1708 / 22050 <= 0.4
    assert timing.receptive_field_frames * 1708 / 22050 <= 10


def _model(*steps):
    from genre_lib.networks.tensorflow_setup import keras

    log_mel = keras.Input((None, 8), name="log_mel")
    tensor = log_mel
    for step in steps:
        tensor = step(tensor)
    return keras.Model(log_mel, {"step_logits": tensor})


@pytest.fixture(scope="module")
def layers():
    from genre_lib.networks.tensorflow_setup import keras

    return keras.layers


def test_causal_strided_and_dilated_layers_are_derived(layers):
    model = _model(
        layers.Conv1D(4, 3, padding="causal", dilation_rate=2),
        layers.MaxPooling1D(3, strides=2),
        layers.SeparableConv1D(4, 3),
        layers.Cropping1D((1, 0)),
    )
    timing = timing_of(model)
    assert timing == Timing(step_frames=2, first_frame=-2, receptive_field_frames=11, minimum_frames=9)
    assert model(np.zeros((1, 9, 8), np.float32))["step_logits"].shape[1] == timing.n_steps(9) == 1


@pytest.mark.parametrize("kind", ["strided same", "same", "layer norm over time", "flat"])
def test_what_cannot_be_derived_is_refused_with_its_name(layers, kind):
    bad = {
        "strided same": layers.Conv1D(4, 3, strides=2, padding="same", name="culprit"),
        "same": layers.Conv1D(4, 3, padding="same"),
        "layer norm over time": layers.BatchNormalization(axis=1, name="culprit"),
        "flat": layers.Reshape((-1, 4), name="culprit"),
    }[kind]
    if kind == "layer norm over time":
        from genre_lib.networks.tensorflow_setup import keras

        log_mel = keras.Input((20, 8))
        model = keras.Model(log_mel, {"step_logits": bad(log_mel)})
    else:
        model = _model(bad)
    with pytest.raises(ParameterError, match="at the end" if kind == "same" else "'culprit'"):
        timing_of(model)


def test_a_missing_output_is_refused(layers):
    with pytest.raises(ParameterError, match="clip_logits"):
        timing_of(_model(layers.Dense(2)), output="clip_logits")


def test_the_timing_is_read_without_keras():
    code = "import sys; import genre_lib.bundle.timing as t; t.Timing(4, -36, 40, 4); sys.exit('keras' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
