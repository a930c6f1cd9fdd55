"""A mask over the spectrogram, heard."""

import numpy as np
import pytest

from genre_lib.attribution import masked_sound
from genre_lib.audio.front_end import FrontEnd

FRONT_END = FrontEnd()
N_FRAMES = 40


@pytest.fixture
def two_tones() -> np.ndarray:
    t = np.arange(FRONT_END.n_samples(N_FRAMES)) / 22050
    return (0.3 * np.sin(2 * np.pi * 300 * t) + 0.3 * np.sin(2 * np.pi * 4000 * t)).astype(np.float32)


def _level(samples, hz):
    t = np.arange(len(samples)) / 22050
    return np.abs(np.mean(samples * np.exp(-2j * np.pi * hz * t))) * 2


def test_a_mask_that_lets_everything_through_changes_nothing(two_tones):
    sound = masked_sound(two_tones, np.ones((N_FRAMES, 128)), FRONT_END)
    assert len(sound) == len(two_tones)
    np.testing.assert_allclose(sound, two_tones, atol=1e-5)


def test_a_mask_and_its_opposite_make_up_the_whole(two_tones, rng):
    mask = rng.random((N_FRAMES, 128)) < 0.3
    parts = masked_sound(two_tones, mask, FRONT_END) + masked_sound(two_tones, ~mask, FRONT_END)
    np.testing.assert_allclose(parts, two_tones, atol=1e-4)


def test_bands_that_are_masked_are_not_heard(two_tones):
    mask = np.zeros((N_FRAMES, 128))
    mask[:, FRONT_END.filter_bank().argmax(axis=1) * 22050 / 2048 < 1500] = 1
    sound = masked_sound(two_tones, mask, FRONT_END)
    assert _level(sound, 300) == pytest.approx(0.3, rel=0.02)
    assert _level(sound, 4000) < 0.001


def test_frames_that_are_masked_are_not_heard(two_tones):
    mask = np.zeros((N_FRAMES, 128))
    mask[20:] = 1
    sound = masked_sound(two_tones, mask, FRONT_END)
    middle = 20 * FRONT_END.hop_length
    assert np.abs(sound[: middle - 4096]).max() < 1e-3
    np.testing.assert_allclose(sound[middle + 4096 :], two_tones[middle + 4096 :], atol=1e-3)


def test_a_mask_of_one_frame_works(two_tones):
    assert np.isfinite(masked_sound(two_tones[: FRONT_END.n_fft], np.ones((1, 128)), FRONT_END)).all()
