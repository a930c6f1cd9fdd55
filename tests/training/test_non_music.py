"""Sounds that are no music: seeded, finite, and not all the same."""

import numpy as np
import pytest

from genre_lib.audio.front_end import FrontEnd
from genre_lib.training import non_music as nm


def test_a_seed_decides_every_sound():
    first, again, other = (nm.non_music(6, FrontEnd(), duration_s=2.0, seed=seed) for seed in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_sounds_have_the_size_and_range_of_spectrograms():
    front_end = FrontEnd()
    sounds = nm.non_music(12, front_end, duration_s=2.0)
    assert {sound.shape for sound in sounds} == {(front_end.n_frames(44100), 128)}
    assert all(np.isfinite(sound).all() and sound.max() < 60 and sound.dtype == np.float32 for sound in sounds)


@pytest.mark.parametrize("kind", [nm.noise, nm.voice, nm.tones, nm.clapping, nm.hum])
def test_no_kind_is_silent(kind):
    for seed in range(5):
        sound = kind(22050, 22050, np.random.default_rng(seed))
        assert sound.shape == (22050,)
        assert sound.std() > 0.01 * np.abs(sound).max()


def test_a_voice_pauses_and_a_noise_does_not():
    rng = np.random.default_rng(3)
    spread = [
        np.std([10 * np.log10(np.mean(part**2) + 1e-9) for part in np.split(kind(44000, 22050, rng), 40)])
        for kind in (nm.voice, nm.noise)
    ]
    assert spread[0] > 1.5 * spread[1]


def test_beliefs_are_certain_for_music_and_equal_for_the_rest():
    given = nm.soft_labels(np.array([1, 0]), 2, 4)
    np.testing.assert_allclose(given, [[0, 1, 0, 0], [1, 0, 0, 0], [0.25] * 4, [0.25] * 4])
