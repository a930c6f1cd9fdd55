"""Degradations do what they are named for, and the log-mel forms stand for the audio ones."""

import numpy as np
import pytest

from genre_lib.audio.front_end import FrontEnd
from genre_lib.errors import EvaluationError, ParameterError
from genre_lib.evaluation import degradation
from genre_lib.evaluation.robustness import accuracy_by_gain, accuracy_under, audio_treatments, log_mel_treatments

FRONT_END = FrontEnd()
RATE = FRONT_END.sample_rate


@pytest.fixture(scope="module")
def music() -> np.ndarray:
    """Eight seconds of chord and beat over pink noise, so that no band is empty."""
    rng = np.random.default_rng(3)
    t = np.arange(8 * RATE) / RATE
    spectrum = np.fft.rfft(rng.standard_normal(len(t)))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    pink = np.fft.irfft(spectrum, len(t))
    beat = np.exp(-12 * (t % 0.5)) * rng.standard_normal(len(t))
    chord = sum(np.sin(2 * np.pi * f * t) for f in (220.0, 277.2, 329.6, 1760.0))
    return (0.1 * chord + 0.1 * beat + 0.02 * pink / pink.std()).astype(np.float32)


@pytest.fixture(scope="module")
def log_mel(music: np.ndarray) -> np.ndarray:
    return FRONT_END.log_mel(music)


@pytest.mark.parametrize(
    ("of_audio", "of_features"),
    [
        (
            lambda x: degradation.gain_audio(x, -30),
            lambda m: degradation.gain_log_mel(m, -30, front_end=FRONT_END),
        ),
        (
            lambda x: degradation.filter_audio(x, degradation.low_pass(4000), sample_rate=RATE),
            lambda m: degradation.filter_log_mel(m, degradation.low_pass(4000), front_end=FRONT_END),
        ),
        (
            lambda x: degradation.filter_audio(x, degradation.microphone(), sample_rate=RATE),
            lambda m: degradation.filter_log_mel(m, degradation.microphone(), front_end=FRONT_END),
        ),
        (
            lambda x: degradation.noise_audio(x, 20),
            lambda m: degradation.noise_log_mel(m, 20, front_end=FRONT_END),
        ),
    ],
    ids=["gain", "low-pass", "microphone", "noise"],
)
def test_the_log_mel_form_stands_for_the_audio_form(music, log_mel, of_audio, of_features) -> None:
    heard, simulated = FRONT_END.log_mel(of_audio(music)), of_features(log_mel)
    audible = heard > -90
    assert np.abs((simulated - heard)[audible]).mean() < 1.2
    assert abs((simulated - heard)[audible].mean()) < 1.0
    # And it is not that nothing happened.
    assert np.abs(heard - log_mel).mean() > 1.2


@pytest.mark.parametrize("kbit_per_s", [32, 64])
def test_simulated_mp3_is_nearer_to_mp3_than_the_original(music, log_mel, kbit_per_s: int) -> None:
    heard = FRONT_END.log_mel(degradation.mp3_audio(music, kbit_per_s, sample_rate=RATE))
    simulated = degradation.mp3_log_mel(log_mel, kbit_per_s, front_end=FRONT_END)
    assert simulated.shape == heard.shape
    assert np.abs(simulated - heard).mean() < 0.9 * np.abs(log_mel - heard).mean()


def test_noise_in_log_mel_fluctuates_like_noise() -> None:
    # A silent signal with a click carries the level; the noise fills everything else.
    silence = np.zeros(20 * RATE, np.float32)
    silence[RATE] = 1.0
    heard = FRONT_END.log_mel(degradation.noise_audio(silence, 0, seed=1))[30:]
    simulated = degradation.noise_log_mel(FRONT_END.log_mel(silence), 0, front_end=FRONT_END)[30:]
    for band in (5, 60, 120):
        assert simulated[:, band].std() == pytest.approx(heard[:, band].std(), rel=0.25)


def test_mp3_keeps_length_and_time(music: np.ndarray) -> None:
    for kbit_per_s in (24, 64):
        coded = degradation.mp3_audio(music, kbit_per_s, sample_rate=RATE)
        assert coded.shape == music.shape
        middle = slice(2 * RATE, 4 * RATE)
        assert np.corrcoef(coded[middle], music[middle])[0, 1] > 0.9


def test_gain_clips_audio_and_floors_features(log_mel: np.ndarray) -> None:
    assert degradation.gain_audio(np.array([0.9, -0.9], np.float32), 6).tolist() == [1.0, -1.0]
    assert degradation.gain_log_mel(log_mel, -300, front_end=FRONT_END).max() == pytest.approx(-120)


@pytest.mark.parametrize("kbit_per_s", [4, 320])
def test_an_impossible_bit_rate_is_refused(kbit_per_s: int, log_mel: np.ndarray) -> None:
    with pytest.raises(ParameterError, match="kbit/s"):
        degradation.mp3_audio(np.zeros(RATE, np.float32), kbit_per_s, sample_rate=RATE)
    with pytest.raises(ParameterError, match="kbit/s"):
        degradation.mp3_log_mel(log_mel, kbit_per_s, front_end=FRONT_END)


def loud_is_right(log_mel: np.ndarray) -> np.ndarray:
    """Names genre 1 if the mean level is above -60 dB."""
    return np.array([[0.0, 1.0 if log_mel.mean() > -60 else -1.0]])


def test_a_model_that_needs_loudness_is_found_out() -> None:
    clips = [np.full((20, 128), level, np.float32) for level in (-50, -30, -10)]
    points = accuracy_by_gain(loud_is_right, clips, [1, 1, 1], front_end=FRONT_END, gains_db=(-40, -20, 0))
    assert [point.accuracy.value for point in points] == pytest.approx([1 / 3, 2 / 3, 1])


def test_conditions_are_paired_with_the_untreated() -> None:
    clips = [np.full((20, 128), level, np.float32) for level in (-70, -50, -30)]
    conditions = accuracy_under(loud_is_right, clips, [1, 1, 1], {"quieter": lambda x: x - 20})
    assert [condition.name for condition in conditions] == ["unchanged", "quieter"]
    assert conditions[1].difference.value == pytest.approx(-1 / 3)
    assert conditions[0].difference.value == conditions[0].difference.low == 0


def test_every_standard_treatment_runs(music: np.ndarray, log_mel: np.ndarray) -> None:
    for treatment in log_mel_treatments(FRONT_END).values():
        treated = treatment(log_mel)
        assert treated.shape == log_mel.shape
        assert np.isfinite(treated).all()
        assert not np.array_equal(treated, log_mel)
    for treatment in audio_treatments(RATE).values():
        treated = treatment(music)
        assert treated.shape == music.shape
        assert treated.dtype == np.float32
        assert not np.array_equal(treated, music)


def test_labels_must_fit() -> None:
    with pytest.raises(EvaluationError, match="2 clips but 1 labels"):
        accuracy_under(loud_is_right, [np.zeros((2, 2), np.float32)] * 2, [0], {})
