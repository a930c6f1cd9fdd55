"""The front end against librosa."""

import itertools

import librosa
import numpy as np
import pytest

from genre_lib.audio.front_end import FrontEnd
from genre_lib.errors import ParameterError
from genre_lib.export.golden_values import reference_log_mel


@pytest.mark.parametrize("gain_db", [0, -40, 6])
@pytest.mark.parametrize(
    "front_end",
    [FrontEnd(), FrontEnd(16000, 1024, 400, 40, 50.0, 7600.0), FrontEnd(44100, 4096, 1024, 96, 0.0, 16000.0)],
)
def test_equal_to_librosa(front_end: FrontEnd, gain_db: float, rng: np.random.Generator) -> None:
    t = np.arange(3 * front_end.sample_rate) / front_end.sample_rate
    samples = np.sin(2 * np.pi * (200 * t + 500 * t**2)) * np.exp(-t) + 0.01 * rng.standard_normal(len(t))
    samples = (samples * 10 ** (gain_db / 20) / 4).astype(np.float32)
    np.testing.assert_allclose(front_end.log_mel(samples), reference_log_mel(samples, front_end), atol=0.02)


def test_filter_bank_is_librosas() -> None:
    np.testing.assert_allclose(
        FrontEnd().filter_bank(), librosa.filters.mel(sr=22050, n_fft=2048, n_mels=128), atol=1e-8
    )


def test_equal_to_librosa_on_real_clips(shared) -> None:
    from genre_lib.audio.decoding import load_audio

    front_end = FrontEnd()
    for path in sorted((shared / "data" / "gtzan-audio").glob("*/*.flac"))[::9]:
        samples = load_audio(path, 22050)
        np.testing.assert_allclose(front_end.log_mel(samples), reference_log_mel(samples, front_end), atol=0.02)


def test_thirty_seconds_give_the_frames_of_the_features() -> None:
    assert FrontEnd().n_frames(30 * 22050) == 387


def test_blocks_give_the_frames_of_the_whole(rng: np.random.Generator) -> None:
    front_end = FrontEnd()
    samples = rng.standard_normal(100_000).astype(np.float32)
    cuts = [0, 10, 1000, 1700, 40_000, 40_001, 90_000, 100_000]
    parts = list(front_end.stream(samples[a:b] for a, b in itertools.pairwise(cuts)))
    np.testing.assert_allclose(np.concatenate([part[0] for part in parts]), front_end.log_mel(samples), atol=1e-4)
    np.testing.assert_allclose(np.concatenate([part[1] for part in parts]), front_end.frame_power(samples), rtol=1e-5)


@pytest.mark.parametrize("offset", [0.001, 0.5, -0.9, 1e6])
def test_a_constant_has_no_power(offset: float) -> None:
    assert FrontEnd().frame_power(np.full(50_000, offset, np.float32)).max() == 0


def test_an_offset_adds_no_power(rng: np.random.Generator) -> None:
    samples = (0.01 * rng.standard_normal(50_000)).astype(np.float32)
    np.testing.assert_allclose(
        FrontEnd().frame_power(samples + np.float32(0.5)), FrontEnd().frame_power(samples), rtol=1e-3
    )


def test_digital_silence_is_the_floor() -> None:
    assert np.all(FrontEnd().log_mel(np.zeros(5000, np.float32)) == pytest.approx(-120))


def test_too_short_gives_no_frame() -> None:
    assert FrontEnd().log_mel(np.zeros(2047, np.float32)).shape == (0, 128)


def test_definition_survives_json_and_its_digest_tells_definitions_apart() -> None:
    front_end = FrontEnd(hop_length=512)
    assert FrontEnd.from_dict(front_end.to_dict()) == front_end
    assert front_end.digest() != FrontEnd().digest()


@pytest.mark.parametrize("values", [{"n_fft": 1000}, {"hop_length": 0}, {"f_max": 20000.0}, {"colour": 1}])
def test_impossible_definitions_are_refused(values: dict) -> None:
    with pytest.raises(ParameterError):
        FrontEnd.from_dict(values)
