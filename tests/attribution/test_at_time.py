"""Why this genre, now: on the model that ships and real music."""

import json

import numpy as np
import pytest
import soundfile

from genre_lib import cli
from genre_lib.attribution import attribute_at
from genre_lib.attribution.integrated_gradients import step_logits
from genre_lib.bundle.files import KERAS
from genre_lib.errors import AudioError, ParameterError
from genre_lib.networks.keras_files import load_keras
from tests.conftest import write_song


@pytest.fixture(scope="module")
def network(pretrained):
    return load_keras(pretrained.bundle.folder / KERAS)


def _belief(network, card, one, log_mel):
    logits = step_logits(network, log_mel, one.step - one.first_frame // card.timing.step_frames).astype(np.float64)
    odds = np.exp(logits - logits.max())
    return float(odds[card.genres.index(one.genre)] / odds.sum())


def _random_regions(one, share, rng, frames=2, bands=8):
    tall, wide = -(-one.log_mel.shape[0] // frames), -(-one.log_mel.shape[1] // bands)
    chosen = np.zeros(tall * wide, bool)
    chosen[rng.permutation(tall * wide)[: round(share * tall * wide)]] = True
    spread = np.repeat(np.repeat(chosen.reshape(tall, wide), frames, axis=0), bands, axis=1)
    return spread[: one.log_mel.shape[0], : one.log_mel.shape[1]]


@pytest.mark.slow
def test_what_it_names_matters_more_than_anything_else(pretrained, network, real_clips, rng):
    """Over 20 real clips: complete within 5 %, and losing the top tenth costs more belief than losing any tenth."""
    card = pretrained.card
    errors, named, any_tenth = [], [], []
    for path in real_clips[:: len(real_clips) // 20][:20]:
        one = attribute_at(pretrained.bundle, path, 15.0, network=network).attribution
        errors.append(one.completeness_error)
        whole = _belief(network, card, one, one.log_mel)
        assert whole == pytest.approx(one.belief, abs=1e-4)
        named.append(whole - _belief(network, card, one, one.without(one.strongest(0.1))))
        random = [_belief(network, card, one, one.without(_random_regions(one, 0.1, rng))) for _ in range(4)]
        any_tenth.append(whole - float(np.mean(random)))
    assert max(errors) < 0.05
    assert np.mean(named) > 2 * np.mean(any_tenth)
    assert np.mean(np.array(named) >= np.array(any_tenth) - 1e-3) >= 0.9


@pytest.mark.slow
def test_the_step_is_the_curves_and_the_sound_is_what_it_heard(pretrained, network, song):
    moment = attribute_at(pretrained.bundle, song, 5.0, network=network)
    curve = pretrained.curve(song)
    one = moment.attribution
    assert one.step == int(np.abs(curve.times - 5.0).argmin())
    assert one.genre == curve.genres[int(curve.step_logits[one.step].argmax())]
    start, stop = (round(second * 22050) for second in one.span_s)
    np.testing.assert_array_equal(moment.samples, soundfile.read(song, dtype="float32")[0][start:stop])
    np.testing.assert_allclose(moment.kept + moment.without, moment.samples, atol=1e-3)
    assert 0 < np.square(moment.kept).sum() < np.square(moment.samples).sum()


@pytest.mark.slow
def test_the_first_step_hears_what_there_is(pretrained, network, song):
    one = attribute_at(pretrained.bundle, song, 0.0, network=network).attribution
    assert one.span_s[0] == 0
    assert one.completeness_error < 0.05


@pytest.mark.slow
def test_a_recording_too_short_is_told(pretrained, network):
    with pytest.raises(AudioError, match="too short"):
        attribute_at(pretrained.bundle, np.zeros(3000, np.float32), 0, network=network)


@pytest.mark.slow
@pytest.mark.parametrize("time_s", [-5.0, 999.0, float("nan"), float("inf")])
def test_a_moment_that_is_not_in_the_recording_is_refused(pretrained, network, song, time_s):
    with pytest.raises(ParameterError, match="has no moment at"):
        attribute_at(pretrained.bundle, song, time_s, network=network)


@pytest.mark.slow
def test_silence_is_not_explained(pretrained, network):
    with pytest.raises(AudioError, match="There is silence at 5 s"):
        attribute_at(pretrained.bundle, np.zeros(8 * 22050, np.float32), 5.0, network=network)


@pytest.mark.slow
def test_a_folder_that_is_a_file_is_told(pretrained, song, tmp_path, capsys):
    (tmp_path / "x").write_text("a file")
    assert cli.main(["explain", str(song), "--at", "4", "--out", str(tmp_path / "x")]) == 1
    assert "cannot be written (File exists)" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_writes_sounds_numbers_and_a_picture(pretrained, tmp_path, capsys):
    song = write_song(tmp_path / "song.wav")
    assert (
        cli.main(
            ["explain", str(song), "--at", "4", "--genre", pretrained.card.genres[0], "--out", str(tmp_path / "x")]
        )
        == 0
    )
    assert capsys.readouterr().out.strip().endswith("attribution.html")
    values = json.loads((tmp_path / "x" / "attribution.json").read_text())
    assert values["genre"] == pretrained.card.genres[0]
    assert {"heard.flac", "kept.flac", "without.flac", "attribution.html"} <= {
        p.name for p in (tmp_path / "x").iterdir()
    }
    assert cli.main(["explain", str(song), "--at", "4", "--genre", "polka", "--out", str(tmp_path / "y")]) == 2
    assert "polka" in capsys.readouterr().err
