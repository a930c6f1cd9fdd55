"""What fires at a moment of a song."""

import subprocess
import sys

import numpy as np
import pytest

from genre_lib.audio.decoding import load_audio
from genre_lib.filters import find_filters, open_extractor, strongest
from tests.filters.conftest import FRONT_END


@pytest.fixture(scope="module")
def ear_and_filters(onset, clicks, tmp_path_factory):
    folder = tmp_path_factory.mktemp("firing") / "filters"
    filters = find_filters(onset, clicks[0], folder, sound=False)
    return open_extractor(folder, filters), filters


def test_a_neuron_fires_at_its_event_and_not_elsewhere(ear_and_filters, clicks):
    extractor, filters = ear_and_filters
    best = filters.neuron("onset", 0).excerpts[0]
    path = next(track.path for track in clicks[0].tracks if track.name == best.track)
    log_mel = FRONT_END.log_mel(load_audio(path, 22050))
    now = strongest(extractor, filters, log_mel, best.stop_s, layer="onset")
    assert (now[0].neuron.layer, now[0].neuron.neuron) == ("onset", 0)
    assert now[0].strength == pytest.approx(1, abs=1e-3)
    assert now[0].heard_s == pytest.approx((best.start_s, best.stop_s), abs=1e-4)
    later = strongest(extractor, filters, log_mel, best.stop_s + 0.5, layer="onset")
    assert all(one.strength < 0.3 for one in later if one.neuron.neuron == 0)


def test_a_window_of_a_long_song_gives_what_the_whole_does(residual, residual_ear, rng):
    """Reads around the moment alone, deep in a recording, and finds the whole's activations."""
    from genre_lib.filters import Filters, Neuron

    log_mel = rng.normal(-40, 15, (900, 48)).astype(np.float32)
    neurons = tuple(
        Neuron(layer.name, number, 1.0) for layer in residual_ear.layers for number in range(layer.n_neurons)
    )
    filters = Filters("x", "y", (), {}, FRONT_END, 1, 1, residual_ear.layers, neurons)
    whole = residual_ear.activations(log_mel)
    time_s = 50.0
    found = strongest(residual_ear, filters, log_mel, time_s, n=1000)
    assert {one.neuron.layer for one in found} == {layer.name for layer in residual_ear.layers}
    layers = {layer.name: layer for layer in residual_ear.layers}
    for one in found:
        layer = layers[one.neuron.layer]
        first = round(one.heard_s[0] / FRONT_END.frame_period_s)
        step = (first - layer.timing.first_frame) // layer.timing.step_frames
        assert one.activation == pytest.approx(whole[layer.name][step, one.neuron.neuron], rel=1e-3, abs=1e-3)
        assert -0.01 < one.heard_s[1] - time_s < 0.4


@pytest.mark.parametrize("time_s", [0.0, 0.2, 2.99, 99.0])
def test_the_ends_of_a_song_are_no_error(ear_and_filters, clicks, time_s):
    extractor, filters = ear_and_filters
    log_mel = FRONT_END.log_mel(load_audio(clicks[0].tracks[0].path, 22050))
    found = strongest(extractor, filters, log_mel, time_s, n=2)
    assert len(found) <= 2
    end_s = FRONT_END.n_samples(len(log_mel)) / FRONT_END.sample_rate
    for one in found:
        assert np.isfinite(one.strength)
        assert -0.5 < one.heard_s[0] < one.heard_s[1] <= end_s + 0.01


def test_at_its_start_a_song_of_the_data_set_excites_no_neuron_more_than_the_data_set_did(residual, clicks, tmp_path):
    """Padding before the start is nothing that a neuron may fire at."""
    filters = find_filters(residual, clicks[0], tmp_path / "x", sound=False)
    extractor = open_extractor(tmp_path / "x", filters)
    for log_mel in clicks[0].log_mels:
        for time_s in (0.0, 0.1, 0.5, 1.0, 2.0):
            found = strongest(extractor, filters, log_mel, time_s, n=5)
            assert found
            assert max(one.strength for one in found) < 1.001


def test_what_a_dashboard_needs_comes_without_tensorflow():
    code = "import sys, genre_lib.filters as f; f.strongest, f.open_extractor; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
