"""Everything that can be decoded of a file is heard, and what could not be is said with seconds."""

import re
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from genre_lib.audio.decoding import AudioReader, load_audio
from genre_lib.errors import AudioError

RATE = 22050


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds, a tone each, 44.1 kHz stereo: what is missing or stands twice can be told by its pitch."""
    t = np.arange(44100) / 44100
    # A little noise keeps constant bit rates from compressing to nothing.
    noise = 0.01 * np.random.default_rng(3).standard_normal((4 * 44100, 2))
    sound = np.concatenate([0.3 * np.sin(2 * np.pi * hz * t) for hz in (300, 500, 800, 1300)])
    path = tmp_path_factory.mktemp("tones") / "tones.wav"
    soundfile.write(path, sound[:, None] + noise, 44100, subtype="PCM_16")
    return path


@pytest.fixture
def encode(tones: Path, tmp_path: Path) -> Callable[..., Path]:
    def encoded(name: str, *options: str, into: str | None = None) -> Path:
        out = tmp_path / name
        command = ["ffmpeg", "-v", "error", "-y", "-i", str(tones), *options]
        if into is None:
            subprocess.run([*command, str(out)], check=True)
        else:
            out.write_bytes(subprocess.run([*command, "-f", into, "pipe:1"], check=True, capture_output=True).stdout)
        return out

    return encoded


def heard(path: Path) -> tuple[np.ndarray, str | None]:
    with AudioReader(path, RATE) as reader:
        samples = np.concatenate(list(reader))
    return samples, reader.warning


def pitches(samples: np.ndarray) -> list[int]:
    """The tone in the middle of each second [Hz]."""
    found = []
    for second in range(round(len(samples) / RATE)):
        middle = samples[round((second + 0.25) * RATE) : round((second + 0.75) * RATE)]
        spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
        found.append(round(spectrum.argmax() * RATE / len(middle), -2))
    return [int(pitch) for pitch in found]


SONG = [300, 500, 800, 1300]


def wav(data: bytes, *, stated: int, riff: int, rate: int = RATE, order: str = "<") -> bytes:
    name = b"RIFF" if order == "<" else b"RIFX"
    form = struct.pack(f"{order}HHIIHH", 1, 1, rate, 2 * rate, 2, 16)
    head = struct.pack(f"{order}4sI4s4sI", name, riff, b"WAVE", b"fmt ", 16) + form
    return head + struct.pack(f"{order}4sI", b"data", stated) + data


def pcm(tones: Path, kind: str = "<i2") -> bytes:
    return (load_audio(tones, RATE) * 32767).astype(kind).tobytes()


@pytest.mark.parametrize("bit_rate", [["-q:a", "6"], ["-b:a", "128k"]])
def test_an_mp3_without_a_table_of_contents_is_heard_whole(encode, bit_rate: list[str]) -> None:
    samples, warning = heard(encode("plain.mp3", *bit_rate, "-write_xing", "0", "-id3v2_version", "0"))
    assert len(samples) / RATE == pytest.approx(4.04, abs=0.03)
    assert (pitches(samples), warning) == (SONG, None)


def test_a_table_of_contents_that_counts_other_frames_is_no_end(encode) -> None:
    path = encode("table.mp3", "-b:a", "128k", "-id3v2_version", "0")
    content = bytearray(path.read_bytes())
    at = content.find(b"Info")
    for n_frames in (20, 5000):
        content[at + 8 : at + 12] = struct.pack(">I", n_frames)
        path.write_bytes(content)
        samples, warning = heard(path)
        assert (pitches(samples), warning) == (SONG, None)


def test_two_mp3_in_one_file_are_heard_one_after_the_other(encode, tmp_path: Path) -> None:
    one = encode("one.mp3", "-b:a", "128k").read_bytes()
    (tmp_path / "two.mp3").write_bytes(one + one)
    samples, warning = heard(tmp_path / "two.mp3")
    # The filling at the joint (49 + 24 ms) stays; the second table of contents (26 ms) is no sound.
    assert len(samples) / RATE == pytest.approx(8.073, abs=0.005)
    assert (pitches(samples), warning) == (SONG + SONG, None)


def test_an_mp3_that_changes_its_rate_is_heard_whole(encode, tmp_path: Path) -> None:
    first, second = (
        encode(f"{rate}.mp3", "-ar", rate, "-b:a", "64k", "-write_xing", "0") for rate in ("44100", "22050")
    )
    (tmp_path / "both.mp3").write_bytes(first.read_bytes() + second.read_bytes())
    samples, _ = heard(tmp_path / "both.mp3")
    assert pitches(samples) == SONG + SONG


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b"APETAGEX" + struct.pack("<II", 2000, 300_000) + bytes(300_000)),
        (b"", bytes(200_000)),
        (bytes(30_000), b""),
        (b"ID3\x03\x00\x00\x00\x06\x00\x00" + bytes(98_304), b"TAG" + bytes(125)),
    ],
    ids=["picture behind", "zeros behind", "zeros before", "tags"],
)
def test_what_stands_before_and_after_the_frames_is_no_loss(encode, before: bytes, after: bytes) -> None:
    path = encode("framed.mp3", "-b:a", "128k", "-write_xing", "0", "-id3v2_version", "0")
    path.write_bytes(before + path.read_bytes() + after)
    samples, warning = heard(path)
    assert (pitches(samples), warning) == (SONG, None)


@pytest.mark.parametrize(
    ("codec", "rate"), [("libvorbis", "44100"), ("libvorbis", "32000"), ("libopus", "48000"), ("flac", "44100")]
)
def test_every_link_of_a_chain_is_heard(encode, tmp_path: Path, codec: str, rate: str) -> None:
    first = encode("first.ogg", "-c:a", "libvorbis", "-serial_offset", "1").read_bytes()
    second = encode("second.ogg", "-c:a", codec, "-ar", rate, "-ac", "1", "-serial_offset", "77").read_bytes()
    (tmp_path / "chain.ogg").write_bytes(first + second)
    samples, warning = heard(tmp_path / "chain.ogg")
    assert len(samples) / RATE == pytest.approx(8, abs=0.01)
    assert (pitches(samples), warning) == (SONG + SONG, None)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF])
def test_a_wav_whose_sizes_were_never_filled_in_is_heard_to_its_end(tones: Path, tmp_path: Path, size: int) -> None:
    (tmp_path / "open.wav").write_bytes(wav(pcm(tones), stated=size, riff=size))
    samples, warning = heard(tmp_path / "open.wav")
    assert (len(samples), pitches(samples), warning) == (4 * RATE, SONG, None)


def test_big_endian_wav_is_no_noise(tones: Path, tmp_path: Path) -> None:
    data = pcm(tones, ">i2")
    (tmp_path / "big.wav").write_bytes(wav(data, stated=len(data), riff=len(data) + 36, order=">"))
    np.testing.assert_allclose(load_audio(tmp_path / "big.wav", RATE), load_audio(tones, RATE), atol=1e-4)


@pytest.mark.parametrize("into", ["flac", "au", "caf", "ogg", "adts", "wav"])
def test_what_was_written_into_a_pipe_is_heard_whole(encode, into: str) -> None:
    codec = {"caf": "pcm_s16be", "ogg": "libvorbis", "adts": "aac"}.get(into)
    samples, warning = heard(encode(f"piped.{into}", *(["-c:a", codec] if codec else []), into=into))
    assert len(samples) / RATE == pytest.approx(4, abs=0.06)
    assert (pitches(samples), warning) == (SONG, None)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("cut.wav", []),
        ("cut.aiff", []),
        ("cut.au", []),
        ("cut.caf", ["-c:a", "pcm_s16be"]),
        ("cut.w64", []),
        ("cut.flac", []),
        ("cut.wv", []),
        ("cut.tta", []),
        ("cut.mp3", ["-b:a", "128k"]),
        ("cut.m4a", ["-movflags", "+faststart"]),
        ("cut.mka", ["-c:a", "flac"]),
    ],
)
def test_half_a_file_is_heard_as_far_as_it_goes_and_says_what_is_missing(encode, name: str, options: list[str]) -> None:
    path = encode(name, *options)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    samples, warning = heard(path)
    # Some formats have frames of a second.
    assert 1 < len(samples) / RATE < 2.5
    assert pitches(samples)[0] == 300
    assert warning == f"{path} ends after {len(samples) / RATE:.1f} s of the 4.0 s it announces: the rest is missing."


PICTURES = ["-f", "lavfi", "-i", "testsrc=d=6:s=64x64:r=5", "-map", "0:a", "-map", "1:v"]
AS_IT_COMES = ["-c:a", "aac", "-movflags", "frag_keyframe+empty_moov+default_base_moof", "-frag_duration", "500000"]


@pytest.mark.parametrize(
    ("name", "options", "into"),
    [
        ("cut.mkv", [*PICTURES, "-c:v", "mpeg4", "-c:a", "flac"], None),
        ("cut.avi", [*PICTURES, "-c:v", "mpeg4", "-c:a", "pcm_s16le"], None),
        ("alone.avi", ["-c:a", "pcm_s16le"], None),
        ("cut.wma", ["-b:a", "128k"], None),
        ("cut.flv", ["-c:a", "aac"], None),
        ("piped.mka", ["-c:a", "flac", "-cluster_time_limit", "500"], "matroska"),
        ("fragments.m4a", AS_IT_COMES, None),
    ],
)
def test_half_a_video_or_a_stream_says_that_it_is_cut(encode, name: str, options: list[str], into: str | None) -> None:
    path = encode(name, *options, into=into)
    samples, warning = heard(path)
    assert (pitches(samples), warning) == (SONG, None)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 55 // 100])
    samples, warning = heard(path)
    assert 1 < len(samples) / RATE < 3
    assert warning is not None
    assert re.fullmatch(r".* ends after .* (of the (4.\d|3.9) s it announces: the rest|followed) is missing\.", warning)


def test_a_hole_where_the_clock_jumps_is_a_loss_and_a_pause_is_none(encode) -> None:
    path = encode("hole.mka", "-c:a", "flac", "-cluster_time_limit", "250")
    content = bytearray(path.read_bytes())
    third = len(content) // 3
    content[third : 2 * third] = bytes(third)
    path.write_bytes(content)
    assert str(heard(path)[1]).startswith(f"{path} is damaged: about 1.")
    # The second tone is left out, and nobody plays in its time.
    pause = "aselect='not(between(t,1,2))'"
    samples, warning = heard(encode("pause.mka", "-c:a", "flac", "-af", pause, "-fps_mode", "passthrough"))
    assert len(samples) / RATE == pytest.approx(4, abs=0.1)
    assert warning is None


@pytest.mark.parametrize("codec", ["libvorbis", "libopus"])
def test_half_an_ogg_says_that_its_end_is_missing(encode, codec: str) -> None:
    path = encode("cut.ogg", "-c:a", codec)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    samples, warning = heard(path)
    assert 1 < len(samples) / RATE < 3
    assert (
        warning
        == f"{path} ends after {len(samples) / RATE:.1f} s without the mark of its end: what followed is missing."
    )


@pytest.mark.parametrize("name", ["hole.flac", "hole.mp3"])
def test_a_hole_is_left_out_and_said_with_its_length(encode, name: str) -> None:
    path = encode(name)
    content = bytearray(path.read_bytes())
    third = len(content) // 3
    content[third : third + len(content) // 8] = np.random.default_rng(0).bytes(len(content) // 8)
    path.write_bytes(content)
    samples, warning = heard(path)
    assert len(samples) / RATE > 3
    assert pitches(samples)[-1] == 1300
    assert warning is not None
    assert warning.startswith(f"{path} is damaged: about 0.")


def test_a_header_that_claims_what_cannot_be_announces_nothing(encode) -> None:
    path = encode("claim.flac")
    content = bytearray(path.read_bytes())
    # The 36 bits of the number of samples end at byte 26.
    content[21] |= 0x0F
    path.write_bytes(content)
    samples, warning = heard(path)
    assert (pitches(samples), warning) == (SONG, None)


@pytest.mark.parametrize("rate", [1, 8, 999, 768_001, 0x7FFFFFFF])
def test_a_rate_that_no_recording_has_is_refused(tones: Path, tmp_path: Path, rate: int) -> None:
    data = pcm(tones)
    (tmp_path / "rate.wav").write_bytes(wav(data, stated=len(data), riff=len(data) + 36, rate=rate))
    with pytest.raises(AudioError, match=f"a second has {rate} samples"):
        load_audio(tmp_path / "rate.wav", RATE)


def test_an_archive_of_songs_is_not_heard_as_one(encode, tmp_path: Path) -> None:
    import zipfile

    song = encode("inside.mp3")
    with zipfile.ZipFile(tmp_path / "album.zip", "w") as archive:
        archive.write(song, "inside.mp3")
    with pytest.raises(AudioError, match="is an archive"):
        load_audio(tmp_path / "album.zip", RATE)


def test_a_list_of_files_opens_none_of_them(tones: Path, tmp_path: Path) -> None:
    (tmp_path / "list.mp3").write_text(f"ffconcat version 1.0\nfile '{tones}'\n")
    (tmp_path / "list.m3u8").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{tones}\n#EXT-X-ENDLIST\n")
    for name in ("list.mp3", "list.m3u8"):
        with pytest.raises(AudioError, match="not a sound file"):
            load_audio(tmp_path / name, RATE)


def test_a_video_without_sound_is_called_one(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=d=1:s=64x64:r=5", "-c:v", "mpeg4", str(path)]
    subprocess.run(command, check=True)
    with pytest.raises(AudioError, match="holds pictures and no sound"):
        load_audio(path, RATE)
