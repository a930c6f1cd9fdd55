"""Loudness is read from a spectrogram as an ear would tell it."""

import numpy as np
import pytest

from genre_lib.audio.front_end import FrontEnd
from genre_lib.filters.excerpts import LOUDNESS_DBFS, PEAK, prepared
from genre_lib.filters.loudness import loudness, weighted_power

FRONT_END = FrontEnd()
T = np.arange(2 * FRONT_END.sample_rate) / FRONT_END.sample_rate


def level(samples: np.ndarray, front_end: FrontEnd = FRONT_END) -> float:
    return loudness(weighted_power(front_end.log_mel(samples.astype(np.float32)), front_end))


@pytest.mark.parametrize(
    ("hz", "db"), [(60, -26.2), (100, -19.1), (200, -10.9), (1000, 0), (4000, 1.0), (10_000, -2.5)]
)
def test_the_weighting_is_that_of_the_standard(hz, db):
    """IEC 61672-1, table 3, within what a band of mels tells apart."""
    full_scale = level(np.sin(2 * np.pi * hz * T)) + 3.01
    assert full_scale == pytest.approx(db, abs=1.2)


def test_white_noise_has_the_level_that_the_whole_spectrum_gives(rng):
    samples = 0.1 * rng.standard_normal(len(T))
    power = np.abs(np.fft.rfft(samples)) ** 2
    f2 = np.fft.rfftfreq(len(T), T[1]) ** 2
    weights = 12194.0**2 * f2**2 / ((f2 + 20.6**2) * np.sqrt((f2 + 107.7**2) * (f2 + 737.9**2)) * (f2 + 12194.0**2))
    expected = 10 * np.log10(2 * (power * weights**2).sum() / len(T) ** 2) + 2.0
    for front_end in (FRONT_END, FrontEnd(n_mels=48), FrontEnd(n_mels=64, n_fft=1024, hop_length=512)):
        assert level(samples, front_end) == pytest.approx(expected, abs=0.3)


def test_ten_decibels_more_are_ten_decibels_more(rng):
    samples = 0.01 * rng.standard_normal(len(T))
    assert level(10**0.5 * samples) - level(samples) == pytest.approx(10, abs=0.01)


def test_silence_has_a_level_all_the_same():
    assert level(np.zeros(len(T))) == -100


def test_bass_and_cymbals_come_out_equally_loud_to_the_ear():
    for samples in (0.1 * np.sin(2 * np.pi * 500 * T), 0.001 * np.sin(2 * np.pi * 6000 * T)):
        made = prepared(samples.astype(np.float32), FRONT_END.sample_rate, level(samples)) / 32767
        assert level(made) == pytest.approx(LOUDNESS_DBFS, abs=0.3)


def test_what_would_clip_stays_softer():
    samples = 0.5 * np.sin(2 * np.pi * 40 * T)
    made = prepared(samples.astype(np.float32), FRONT_END.sample_rate, level(samples)) / 32767
    assert np.abs(made).max() == pytest.approx(PEAK, abs=1e-3)
