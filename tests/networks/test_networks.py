"""Every network: two named outputs, any length, standard layers only, light."""

import subprocess
import sys

import numpy as np
import pytest

from genre_lib.errors import ParameterError
from genre_lib.networks import build, config_of, names
from genre_lib.networks.receptive_field import is_recurrent, timing_of


@pytest.fixture(scope="module", params=["residual", "deepsound2018", "deepsound2016", "dieleman2014"])
def network(request):
    return build(request.param, n_genres=4, n_mels=128)


def _log_mel(n_frames, seed=0, n_mels=128):
    return np.random.default_rng(seed).normal(-40, 15, (1, n_frames, n_mels)).astype(np.float32)


def test_every_name_builds_its_default_configuration():
    assert names() == ["residual", "deepsound2018", "deepsound2016", "dieleman2014"]
    assert config_of("residual").width == 160


@pytest.mark.parametrize("n_frames", [64, 70, 77, 387])
def test_any_length_gives_the_steps_that_its_timing_says(network, n_frames):
    outputs = network(_log_mel(n_frames), training=False)
    assert outputs["step_logits"].shape == (1, timing_of(network).n_steps(n_frames), 4)
    np.testing.assert_allclose(outputs["clip_logits"], np.mean(outputs["step_logits"], axis=1), atol=1e-5)


def test_networks_that_can_be_shipped_stay_under_a_million_parameters(network):
    assert is_recurrent(network) or network.count_params() <= 1_000_000


def test_the_2018_network_has_its_published_size():
    weights = 5 * 128 * 256 + 2 * 5 * 256 * 256 + 3 * (256 + 4 * 256) + 256 * 10 + 10
    assert build("deepsound2018", n_genres=10, n_mels=128).count_params() == weights


def test_the_network_of_2016_remembers_what_no_window_holds():
    network = build("deepsound2016", n_genres=4, n_mels=128)
    timing = timing_of(network)
    log_mel = _log_mel(200)
    whole = np.asarray(network(log_mel, training=False)["step_logits"])[0]
    start, stop = timing.input_frames(15)
    alone = np.asarray(network(log_mel[:, start:stop], training=False)["step_logits"])[0]
    assert is_recurrent(network)
    assert np.abs(alone[-1] - whole[15]).max() > 1e-3
    # The past alone: what comes later changes nothing.
    earlier = np.asarray(network(log_mel[:, :150], training=False)["step_logits"])[0]
    np.testing.assert_allclose(earlier, whole[: len(earlier)], atol=1e-5)


def test_the_network_of_2014_answers_a_window_as_if_it_were_a_clip():
    network = build("dieleman2014", n_genres=4, n_mels=128)
    timing = timing_of(network)
    log_mel = _log_mel(200)
    whole = np.asarray(network(log_mel, training=False)["step_logits"])[0]
    for step in (0, 7, timing.n_steps(200) - 1):
        start, stop = timing.input_frames(step)
        clip = network(log_mel[:, start:stop], training=False)
        assert clip["step_logits"].shape[1] == 1
        np.testing.assert_allclose(clip["clip_logits"][0], whole[step], atol=1e-5)
    assert not is_recurrent(network)


@pytest.mark.parametrize("gain_db", [-60.0, 20.0])
def test_the_default_network_does_not_hear_the_recording_level(gain_db):
    network = build("residual", n_genres=4, n_mels=128)
    log_mel = _log_mel(80)
    quiet = network(log_mel + np.float32(gain_db), training=False)["step_logits"]
    np.testing.assert_allclose(quiet, network(log_mel, training=False)["step_logits"], atol=1e-4)


def test_a_live_stream_gives_the_numbers_of_the_whole_file():
    network = build("residual", n_genres=4, n_mels=128)
    timing = timing_of(network)
    log_mel = _log_mel(200)
    whole = np.asarray(network(log_mel, training=False)["step_logits"])[0]
    for step in (0, 3, 20, timing.n_steps(200) - 1):
        start, stop = timing.input_frames(step)
        alone = np.asarray(network(log_mel[:, start:stop], training=False)["step_logits"])[0]
        np.testing.assert_allclose(alone[-1], whole[step], atol=1e-5)


def test_other_sizes_build():
    network = build("residual", n_genres=3, n_mels=64, width=24, dilations=(1, 2, 4), front_filters=(4, 8, 8))
    timing = timing_of(network)
    assert timing.receptive_field_frames == config_of("residual", {"dilations": [1, 2, 4]}).receptive_field_frames
    assert network(_log_mel(50, n_mels=64))["step_logits"].shape == (1, timing.n_steps(50), 3)


def test_a_saved_network_opens_in_safe_mode_without_this_package(network, tmp_path):
    path = tmp_path / "model.keras"
    network.save(path)
    np.save(tmp_path / "log_mel.npy", _log_mel(80))
    code = (
        "import sys, keras, numpy as np\n"
        "model = keras.saving.load_model('model.keras', safe_mode=True)\n"
        "assert 'genre_lib' not in sys.modules\n"
        "np.save('out.npy', model(np.load('log_mel.npy'))['step_logits'])\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)
    expected = network(_log_mel(80), training=False)["step_logits"]
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), expected, atol=1e-5)


def test_an_unknown_network_is_named_with_the_nearest_known_one():
    with pytest.raises(ParameterError, match="did you mean 'residual'"):
        build("residal", n_genres=4, n_mels=128)


def test_an_unknown_option_is_named_with_the_nearest_known_one():
    with pytest.raises(ParameterError, match="did you mean 'dropout'"):
        build("residual", n_genres=4, n_mels=128, droput=0.1)
