"""Augmentations keep the size, change what they say, and draw all chance from their generator."""

import numpy as np
import pytest

from genre_lib.training import augmentation as aug

EVERYTHING = aug.Augmentation(
    stretch=0.15, shift_bands=3, equaliser_db=4, floor_db=20, noise_share=1, band_limit_share=1, gain_db=20,
    frequency_masks=2, frequency_mask_bands=16, time_masks=2, time_mask_share=0.12,
)  # fmt: skip


@pytest.fixture
def log_mel():
    return np.random.default_rng(5).normal(-40, 15, (200, 128)).clip(-80, 0).astype(np.float32)


def test_the_same_generator_gives_the_same_excerpt(log_mel):
    first, second, third = (aug.augment(log_mel, 129, EVERYTHING, np.random.default_rng(s)) for s in (1, 1, 2))
    assert first.shape == (129, 128)
    assert first.dtype == np.float32
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, third)


def test_the_clip_itself_is_left_unchanged(log_mel):
    kept = log_mel.copy()
    aug.augment(log_mel, 129, EVERYTHING, np.random.default_rng(0))
    np.testing.assert_array_equal(log_mel, kept)


def test_no_augmentation_gives_a_piece_of_the_clip(log_mel):
    piece = aug.augment(log_mel, 50, aug.Augmentation(), np.random.default_rng(0))
    assert any(np.array_equal(piece, log_mel[start : start + 50]) for start in range(151))


def test_a_stretch_takes_whole_frames_in_order():
    clip = np.arange(300, dtype=np.float32)[:, None] * np.ones((1, 4), np.float32)
    lengths = []
    for seed in range(30):
        frames = aug.excerpt(clip, 100, 0.3, np.random.default_rng(seed))[:, 0]
        assert set(frames) <= set(range(300))
        assert (np.diff(frames) >= 0).all()
        lengths.append(frames[-1] - frames[0])
    assert min(lengths) >= 99 * np.exp(-0.3) - 2
    assert max(lengths) <= 99 * np.exp(0.3) + 2
    assert np.std(lengths) > 10


def test_a_short_clip_is_repeated():
    clip = np.arange(30, dtype=np.float32)[:, None]
    assert aug.excerpt(clip, 100, 0.0, np.random.default_rng(0)).shape == (100, 1)


@pytest.mark.parametrize("bands", [-3, 0, 3])
def test_a_shift_moves_whole_bands(log_mel, bands):
    moved = aug.shift(log_mel, bands)
    np.testing.assert_array_equal(moved[:, 10 + bands], log_mel[:, 10])


def test_an_equaliser_curve_is_smooth_and_as_strong_as_asked():
    rng = np.random.default_rng(0)
    curves = np.stack([aug.equaliser_curve(128, 4.0, rng) for _ in range(500)])
    assert curves.std() == pytest.approx(4.0 * np.sqrt((0.25 + 0.36 + 0.64 + 0.16 + 1.0) / 2), rel=0.1)
    assert np.abs(np.diff(curves, axis=1)).max() < 2.5


@pytest.mark.parametrize("snr_db", [0.0, 20.0])
def test_noise_fills_what_is_quieter_than_itself(log_mel, snr_db):
    noisy = aug.add_noise(log_mel, snr_db, np.random.default_rng(0))
    assert (noisy >= log_mel - 1e-3).all()
    assert noisy.min() > log_mel.min() + 10


def test_less_noise_changes_less(log_mel):
    change = [np.abs(aug.add_noise(log_mel, snr, np.random.default_rng(0)) - log_mel).mean() for snr in (0, 20, 40)]
    assert change[0] > change[1] > change[2]


def test_a_band_limit_takes_the_highest_bands(log_mel):
    limited = aug.band_limit(log_mel, np.random.default_rng(0))
    assert (limited[:, -1] <= -100).all()
    np.testing.assert_array_equal(limited[:, 40:80], log_mel[:, 40:80])


def test_the_floor_is_raised_from_80_db_under_the_loudest(log_mel):
    raised = aug.raise_floor(log_mel, 20.0)
    assert raised.min() == log_mel.max() - 60
    np.testing.assert_array_equal(raised[log_mel > raised.min()], log_mel[log_mel > raised.min()])


def test_masks_blank_at_most_what_they_may(log_mel):
    for seed in range(20):
        masked = log_mel.copy()
        aug.mask_bands(masked, 16, np.random.default_rng(seed))
        assert (masked != log_mel).any(axis=0).sum() <= 16
        masked = log_mel.copy()
        aug.mask_time(masked, 0.1, np.random.default_rng(seed))
        assert (masked != log_mel).any(axis=1).sum() <= 20
