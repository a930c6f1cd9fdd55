"""Decoding real files made by ffmpeg and libsndfile: of every format the samples that are in it, and mono."""

import subprocess
import sys
from pathlib import Path
from types import FrameType

import numpy as np
import pytest
import soundfile

from genre_lib.audio.decoding import AudioReader, load_audio, stream_audio
from genre_lib.audio.mono import to_mono
from genre_lib.errors import AudioError


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of two tones, 44.1 kHz stereo."""
    t = np.arange(6 * 44100) / 44100
    left, right = 0.3 * np.sin(2 * np.pi * 440 * t), 0.2 * np.sin(2 * np.pi * 1000 * t)
    path = tmp_path_factory.mktemp("songs") / "song with a space.wav"
    soundfile.write(path, np.stack([left, right], axis=1), 44100, subtype="PCM_16")
    return path


def encode(song: Path, name: str, *options: str) -> Path:
    out = song.with_name(name)
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", str(song), *options, str(out)], check=True)
    return out


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.flac", []),
        ("a.ogg", ["-c:a", "libvorbis"]),
        ("a.opus", ["-c:a", "libopus"]),
        ("a.mp3", ["-b:a", "128k"]),
        ("a.au", []),
        ("a.m4a", ["-c:a", "aac"]),
        ("a.aac", ["-c:a", "aac"]),
        ("a.wv", []),
        ("a.mp2", []),
        ("a.tta", []),
        ("a.wma", []),
        ("a.ac3", []),
        ("a.w64", []),
        ("a.caf", ["-c:a", "pcm_s16be"]),
        ("a.aiff", []),
        ("adpcm.wav", ["-c:a", "adpcm_ms"]),
        ("f64.wav", ["-c:a", "pcm_f64le"]),
        ("u8.wav", ["-c:a", "pcm_u8"]),
        ("flac.ogg", ["-c:a", "flac"]),
        ("a.mka", ["-c:a", "libvorbis"]),
        ("mono48.flac", ["-ac", "1", "-ar", "48000"]),
        ("six.wav", ["-ac", "6"]),
    ],
)
def test_every_format_gives_the_same_sound(song: Path, name: str, options: list[str]) -> None:
    reference = load_audio(song, 22050)
    decoded = load_audio(encode(song, name, *options), 22050)
    assert len(decoded) == pytest.approx(len(reference), abs=2500)
    spectra = [np.abs(np.fft.rfft(samples[22050 : 4 * 22050])) for samples in (reference, decoded)]
    # The two tones must be there; a surround down-mix spreads them over more channels, which only scales.
    similarity = np.dot(*spectra) / np.prod([np.linalg.norm(spectrum) for spectrum in spectra])
    assert similarity > 0.99


@pytest.mark.parametrize(
    ("name", "options", "tolerance"),
    [
        ("exact.wav", [], 0),
        ("exact.au", [], 0),
        ("exact.flac", ["-sample_fmt", "s32"], 0),
        ("exact.ogg", ["-c:a", "libvorbis"], 1e-6),
        ("lame.mp3", ["-b:a", "128k"], 1e-5),
        ("vbr.mp3", ["-q:a", "4"], 1e-5),
        ("plain.mp3", ["-b:a", "128k", "-write_xing", "0"], 1e-5),
    ],
)
def test_samples_are_those_of_libsndfile(song: Path, name: str, options: list[str], tolerance: float) -> None:
    path = encode(song, name, *options)
    expected, rate = soundfile.read(path, dtype="float32")
    np.testing.assert_allclose(load_audio(path, rate), expected.mean(axis=1), atol=tolerance + 1e-7)


@pytest.mark.parametrize("name", ["late.mp4", "late.mkv", "late.webm"])
def test_the_sound_of_a_video_keeps_the_time_of_its_pictures(song: Path, name: str) -> None:
    pictures = ["-f", "lavfi", "-i", "testsrc=d=8:s=64x48:r=5"]
    codecs = ["-c:v", "libvpx", "-c:a", "libopus"] if name.endswith("webm") else ["-c:a", "aac"]
    command = ["ffmpeg", "-v", "error", "-y", *pictures, "-itsoffset", "2", "-i", str(song)]
    subprocess.run([*command, "-map", "0:v", "-map", "1:a", *codecs, str(song.with_name(name))], check=True)
    with AudioReader(song.with_name(name), 22050, block_s=0.5) as reader:
        decoded = np.concatenate(list(reader))
    assert reader.warning is None
    assert len(decoded) / 22050 == pytest.approx(8, abs=0.1)
    begins = np.flatnonzero(np.abs(decoded) > 0.05)[0] / 22050
    assert begins == pytest.approx(2, abs=0.03)


def test_mono_is_the_mean_of_the_channels(song: Path) -> None:
    stereo, rate = soundfile.read(song, dtype="float32")
    np.testing.assert_allclose(load_audio(song, rate), stereo.mean(axis=1), atol=1e-6)


def test_blocks_join_to_the_whole(song: Path) -> None:
    blocks = list(stream_audio(song, 22050, block_s=0.7))
    assert len(blocks) > 5
    np.testing.assert_allclose(np.concatenate(blocks), load_audio(song, 22050), atol=1e-5)


def test_a_long_file_streams_in_small_blocks(tmp_path: Path) -> None:
    path = tmp_path / "hour.wav"
    soundfile.write(path, np.zeros(8000 * 3600, np.int16), 8000)
    largest = max(len(block) for block in stream_audio(path, 22050, block_s=5))
    assert largest < 22050 * 6


def test_a_truncated_mp3_gives_what_is_there_and_says_so(song: Path) -> None:
    whole = encode(song, "whole.mp3", "-b:a", "128k")
    truncated = song.with_name("truncated.mp3")
    truncated.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with AudioReader(truncated, 22050) as reader:
        samples = np.concatenate(list(reader))
    assert 2 < len(samples) / 22050 < 4
    assert reader.warning is not None
    assert "of the 6.0 s" in reader.warning


def test_a_whole_mp3_has_no_warning(song: Path) -> None:
    with AudioReader(encode(song, "whole.mp3", "-b:a", "128k"), 22050) as reader:
        list(reader)
    assert reader.warning is None


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.wav", b"", "empty"),
        ("text.mp3", b"these are words, not music\n" * 50, "not a sound file"),
        ("text.m4a", b"these are words, not music\n" * 50, "not a sound file"),
        ("header.wav", b"RIFF", "not a sound file"),
    ],
)
def test_what_is_not_audio_is_refused_with_a_sentence(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(AudioError, match=says) as caught:
        load_audio(path, 22050)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="does not exist"):
        load_audio(tmp_path / "no.wav", 22050)
    with pytest.raises(AudioError, match="is a folder"):
        load_audio(tmp_path, 22050)


def test_no_program_is_needed_for_any_format(song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode(song, "b.m4a", "-c:a", "aac")
    monkeypatch.setenv("PATH", "")
    assert len(load_audio(path, 22050)) == pytest.approx(6 * 22050, abs=2500)


def test_to_mono_takes_integers_channels_and_rates() -> None:
    samples = np.stack([np.full(44100, 16384, np.int16), np.zeros(44100, np.int16)], axis=1)
    mono = to_mono(samples, 44100, 22050)
    assert mono.shape == (22050,)
    assert mono[5000:15000] == pytest.approx(0.25, abs=1e-3)


def test_to_mono_refuses_nan_and_nothing() -> None:
    with pytest.raises(AudioError, match="NaN"):
        to_mono(np.array([np.nan, 0.0]), 22050, 22050)
    with pytest.raises(AudioError, match="non-empty"):
        to_mono(np.zeros(0), 22050, 22050)


def test_decoders_call_no_python_in_which_an_interrupt_would_be_lost(song: Path) -> None:
    entered = set()

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.endswith("sections.py"):
            entered.add(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        load_audio(song, 22050)
    finally:
        sys.setprofile(None)
    assert not entered & {"read", "seek", "tell"}
    assert entered == {"open_section", "_name"}


@pytest.mark.parametrize("rate", [0, -1, 22050.5, "22050", None])
def test_a_rate_that_is_none_is_refused(song: Path, rate: object) -> None:
    with pytest.raises(AudioError, match="sample rate is"):
        load_audio(song, rate)


def test_blocks_of_no_time_are_refused(song: Path) -> None:
    with pytest.raises(AudioError, match="block_s is 0"):
        list(stream_audio(song, 22050, block_s=0))
