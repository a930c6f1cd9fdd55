"""Channels become one: what cancels in their mean is heard through the louder of them."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from genre_lib.audio.decoding import AudioReader, load_audio
from genre_lib.audio.mono import Mixer, as_floats, to_mono
from genre_lib.errors import AudioError

RATE = 22050


@pytest.fixture
def music(rng: np.random.Generator) -> np.ndarray:
    return (0.2 * rng.standard_normal(4 * RATE)).astype(np.float32)


def write(path: Path, *channels: np.ndarray) -> Path:
    soundfile.write(path, np.stack(channels, axis=1), RATE, subtype="FLOAT")
    return path


def test_opposite_polarity_is_heard_and_said(tmp_path: Path, music: np.ndarray) -> None:
    path = write(tmp_path / "opposite.wav", music, -music)
    with AudioReader(path, RATE) as reader:
        samples = np.concatenate(list(reader))
    np.testing.assert_array_equal(samples, music)
    assert reader.warning == f"The channels of {path} cancel each other out for 4.0 s: the louder one is heard there."


def test_of_channels_that_cancel_the_louder_is_heard(music: np.ndarray) -> None:
    # Three channels: the third as loud as both of the others and against them.
    channels = np.stack([0.5 * music, 0.5 * music, -music], axis=1)
    np.testing.assert_allclose(to_mono(channels, RATE, RATE), -music, atol=1e-7)


@pytest.mark.parametrize("other", [0.0, 0.5, 1.0, -0.5])
def test_channels_that_do_not_cancel_are_averaged(music: np.ndarray, other: float) -> None:
    mono = to_mono(np.stack([music, other * music], axis=1), RATE, RATE)
    np.testing.assert_allclose(mono, (1 + other) / 2 * music, atol=1e-6)


def test_unrelated_channels_are_averaged(music: np.ndarray, rng: np.random.Generator) -> None:
    second = (0.2 * rng.standard_normal(len(music))).astype(np.float32)
    mono = to_mono(np.stack([music, second], axis=1), RATE, RATE)
    np.testing.assert_allclose(mono, (music + second) / 2, atol=1e-6)


def test_only_the_seconds_that_cancel_are_heard_through_one_channel(music: np.ndarray) -> None:
    polarity = np.repeat([1, -1, 1, -1], RATE)
    mixer = Mixer(RATE)
    mono = np.concatenate([*mixer.push(np.stack([music, polarity * music]).astype(np.float32)), *mixer.finish()])
    np.testing.assert_allclose(mono, music, atol=1e-6)
    assert mixer.cancelled_s == 2


def test_an_offset_does_not_hide_that_channels_cancel(music: np.ndarray) -> None:
    mono = to_mono(np.stack([0.5 + music, 0.5 - music], axis=1), RATE, RATE)
    np.testing.assert_allclose(mono, 0.5 + music, atol=1e-6)


def test_where_blocks_end_does_not_matter(tmp_path: Path, music: np.ndarray) -> None:
    polarity = np.sign(np.sin(np.arange(len(music)) / 9000))
    path = write(tmp_path / "changing.wav", music, (polarity * music).astype(np.float32))
    blocks = []
    for block_s in (0.3, 1.7, 60.0):
        with AudioReader(path, RATE, block_s=block_s) as reader:
            blocks.append(np.concatenate(list(reader)))
    np.testing.assert_allclose(blocks[0], blocks[2], atol=1e-7)
    np.testing.assert_allclose(blocks[1], blocks[2], atol=1e-7)


@pytest.mark.parametrize("scale", [2**23, 2**31])
def test_floats_at_the_scale_of_integers_are_heard(tmp_path: Path, music: np.ndarray, scale: int) -> None:
    np.testing.assert_allclose(load_audio(write(tmp_path / "scale.wav", music * scale), RATE), music * scale, rtol=1e-6)


@pytest.mark.parametrize("value", [1e20, np.inf, -np.inf, np.nan])
def test_samples_without_a_spectrum_are_silence_and_said(tmp_path: Path, music: np.ndarray, value: float) -> None:
    path = write(tmp_path / "few.wav", np.where(np.arange(len(music)) // 10 == 100, value, music), music)
    with AudioReader(path, RATE) as reader:
        samples = np.concatenate(list(reader))
    assert np.flatnonzero(samples != music).tolist() == list(range(1000, 1010))
    assert reader.warning == f"10 samples of {path} are no numbers or beyond all measure, and heard as silence."


@pytest.mark.parametrize("value", [1e20, np.inf, -np.inf, np.nan])
def test_a_recording_without_a_spectrum_is_refused(tmp_path: Path, music: np.ndarray, value: float) -> None:
    music[RATE:] = value
    with pytest.raises(AudioError, match="not numbers"):
        load_audio(write(tmp_path / "huge.wav", music, music), RATE)
    with pytest.raises(AudioError, match="not numbers"):
        to_mono(music, RATE, RATE)


@pytest.mark.parametrize("rate", [None, 0, -1, 8, float("nan"), 44100.5, "44100", True, 10**9])
def test_a_rate_that_is_none_is_refused(music: np.ndarray, rate: object) -> None:
    with pytest.raises(AudioError, match="sample rate is"):
        to_mono(music, rate, RATE)


@pytest.mark.parametrize(
    "samples", [None, "song", float("nan"), [], {}, [None, 1.0], np.zeros((2, 2, 2)), np.array(1.0)]
)
def test_what_are_no_samples_is_refused(samples: object) -> None:
    with pytest.raises(AudioError, match=r"samples|Samples|array"):
        to_mono(samples, RATE, RATE)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int16, np.uint16, np.int32])
def test_integers_of_every_type_are_the_same_music(music: np.ndarray, kind: type) -> None:
    half = 2 ** (8 * np.dtype(kind).itemsize - 1)
    whole = np.round(music * half) + (half if np.dtype(kind).kind == "u" else 0)
    np.testing.assert_allclose(as_floats(whole.astype(kind)), music, atol=1 / half)


def test_integers_of_no_known_scale_are_refused(music: np.ndarray) -> None:
    with pytest.raises(AudioError, match="full scale of samples of type int64"):
        to_mono(np.round(music * 32767).astype(np.int64), RATE, RATE)
    with pytest.raises(AudioError, match="full scale"):
        to_mono([0, 1, 2], RATE, RATE)


def test_channels_first_is_said(music: np.ndarray) -> None:
    with pytest.raises(AudioError, match=r"transpose them \(samples.T\)"):
        to_mono(np.stack([music, music]), RATE, RATE)
