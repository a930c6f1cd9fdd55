"""What is in a file is heard, all of it, whatever its header says; what is not is said."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from tests.page import odd_files
from tests.page.conftest import SONG_S
from tests.page.visitor import Visitor

N_DAMAGED = 100
SEED = 14


@pytest.fixture(scope="module")
def kinds(sounds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The song in many shapes."""
    folder = tmp_path_factory.mktemp("kinds")
    song = sounds / "song.wav"
    for name, options in odd_files.ENCODINGS.items():
        odd_files.encode(song, folder / f"song.{name}", *options)
    for name, options in {
        "low.mp3": ["-ar", "22050", "-b:a", "64k"],
        "44k.mp3": ["-ar", "44100", "-b:a", "128k"],
        "no-xing.mp3": ["-q:a", "5", "-write_xing", "0"],
        "song-f64.wav": ["-c:a", "pcm_f64le"],
        "song-s24.aiff": ["-c:a", "pcm_s24be"],
        "song-mulaw.au": ["-c:a", "pcm_mulaw"],
        "in.ogg": ["-c:a", "flac", "-f", "ogg"],
        "48k.ogg": ["-c:a", "libvorbis", "-ar", "48000"],
        "layer2.mp2": ["-ar", "44100", "-ac", "2", "-b:a", "192k"],
    }.items():
        odd_files.encode(song, folder / name, *options)
    with (folder / "streamed.flac").open("wb") as out:
        subprocess.run(["ffmpeg", "-v", "error", "-i", str(song), "-f", "flac", "pipe:1"], stdout=out, check=True)
    odd_files.big_endian(song, folder / "rifx.wav")
    odd_files.with_sizes(song, folder / "size-0.wav", 0)
    odd_files.with_sizes(song, folder / "size-unknown.wav", 0xFFFFFFFF)
    odd_files.joined(folder / "two.mp3", folder / "44k.mp3", folder / "44k.mp3")
    odd_files.joined(folder / "two-rates.mp3", folder / "44k.mp3", folder / "low.mp3")
    odd_files.joined(folder / "chain.ogg", folder / "song.ogg", folder / "48k.ogg")
    odd_files.joined(folder / "chain-of-kinds.ogg", folder / "song.opus", folder / "song.ogg")
    return folder


def difference(page: dict[str, Any], other: dict[str, Any]) -> float:
    """Largest difference of a probability over the steps that both have."""
    n = min(len(page["times"]), len(other["times"]))
    return max(
        float(np.abs(np.subtract(page["raw_curve"][g][:n], other["raw_curve"][g][:n])).max()) for g in page["raw_curve"]
    )


def test_sound_that_is_not_compressed_is_heard_the_same_in_every_wrapping(visitor: Visitor, kinds: Path) -> None:
    plain = visitor.hear(kinds / "song.wav")
    for name in ("song.au", "song.aiff", "song.caf", "song.w64", "rifx.wav", "size-0.wav", "size-unknown.wav",
                 "song-f64.wav", "song-s24.aiff", "song.flac", "streamed.flac", "in.ogg"):  # fmt: skip
        heard = visitor.hear(kinds / name)
        assert len(heard["times"]) == len(plain["times"]), name
        assert difference(heard, plain) < 1e-5, name
        expect(visitor["status"]).to_have_text("")
    assert difference(visitor.hear(kinds / "song-mulaw.au"), plain) < 0.5


def test_all_of_a_recording_is_heard_whatever_its_first_part_says(visitor: Visitor, kinds: Path) -> None:
    for name, seconds in {
        "no-xing.mp3": SONG_S,
        "layer2.mp2": SONG_S,
        "two.mp3": 2 * SONG_S,
        "two-rates.mp3": 2 * SONG_S,
        "chain.ogg": 2 * SONG_S,
        "chain-of-kinds.ogg": 2 * SONG_S,
    }.items():
        heard = visitor.hear(kinds / name)
        assert heard["duration_s"] == pytest.approx(seconds, abs=0.15), name
        expect(visitor["status"]).to_have_text("")


def test_the_second_of_two_joined_songs_is_heard_as_the_first(visitor: Visitor, kinds: Path) -> None:
    alone = visitor.hear(kinds / "song.ogg")
    both = visitor.hear(kinds / "chain.ogg")
    n = len(alone["times"])
    # Its steps fall on other moments: only the whole of it can be compared.
    for genre, values in both["raw_curve"].items():
        assert np.mean(values[n:]) == pytest.approx(np.mean(alone["raw_curve"][genre]), abs=0.05), genre


def test_what_is_missing_is_said_with_its_seconds(visitor: Visitor, kinds: Path, tmp_path: Path) -> None:
    for name in ("song.wav", "song.flac", "song.au", "44k.mp3"):
        whole = (kinds / name).read_bytes()
        half = tmp_path / name
        half.write_bytes(whole[: len(whole) // 2])
        visitor.hear(half)
        expect(visitor["status"]).to_contain_text(f"{name} ends after 1")
        expect(visitor["status"]).to_contain_text("s of the 24.0 s it announces: the rest is missing")
    ogg = (kinds / "song.ogg").read_bytes()
    (tmp_path / "cut.ogg").write_bytes(ogg[: len(ogg) // 2])
    visitor.hear(tmp_path / "cut.ogg")
    expect(visitor["status"]).to_contain_text("without the mark of its end")


def test_damage_in_the_middle_leaves_the_rest_in_its_time(visitor: Visitor, kinds: Path, tmp_path: Path) -> None:
    for name in ("song.flac", "song.ogg"):
        whole = visitor.hear(kinds / name)
        data = bytearray((kinds / name).read_bytes())
        middle = len(data) // 2
        data[middle : middle + len(data) // 20] = bytes(len(data) // 20)
        (tmp_path / name).write_bytes(data)
        heard = visitor.hear(tmp_path / name)
        expect(visitor["status"]).to_contain_text(f"{name} is damaged: about")
        assert len(heard["times"]) == len(whole["times"]), name
        tails = [
            float(np.abs(np.subtract(heard["raw_curve"][genre][-15:], whole["raw_curve"][genre][-15:])).max())
            for genre in whole["raw_curve"]
        ]
        assert max(tails) < 0.05, name


def test_channels_that_cancel_each_other_out_are_heard_and_it_is_said(
    visitor: Visitor, sounds: Path, tmp_path: Path
) -> None:
    plain = visitor.hear(sounds / "song.wav")
    heard = visitor.hear(odd_files.out_of_phase(sounds / "song.wav", tmp_path / "antiphase.wav"))
    assert difference(heard, plain) < 1e-4
    expect(visitor["status"]).to_contain_text("cancel each other out for 24.0 s: the louder one is heard there")


def test_a_constant_is_silence(visitor: Visitor, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "constant.wav", np.full(6 * 22050, 0.2), 22050)
    assert set(visitor.hear(tmp_path / "constant.wav")["step_state"]) == {"silence"}


def test_sound_beyond_full_scale_is_heard_and_played_softly(visitor: Visitor, sounds: Path, tmp_path: Path) -> None:
    samples, rate = soundfile.read(sounds / "song.wav", dtype="float32")
    soundfile.write(tmp_path / "loud.wav", samples * 2**23, rate, subtype="FLOAT")
    heard = visitor.hear(tmp_path / "loud.wav")
    assert difference(heard, visitor.hear(sounds / "song.wav")) < 0.01
    visitor.hear(tmp_path / "loud.wav")
    peak = float(np.abs(samples).max() * 2**23)
    assert visitor.page.evaluate("document.querySelector('#audio').volume") == pytest.approx(1 / peak, rel=0.01)
    soundfile.write(tmp_path / "absurd.wav", samples * np.float32(1e20), rate, subtype="FLOAT")
    visitor.choose(tmp_path / "absurd.wav")
    expect(visitor["error"]).to_contain_text("beyond all measure")


@pytest.mark.parametrize("rate", [1, 8, 2_147_483_647])
def test_an_impossible_rate_is_refused_at_once(visitor: Visitor, sounds: Path, tmp_path: Path, rate: int) -> None:
    visitor.choose(odd_files.with_rate(sounds / "song.wav", tmp_path / "odd.wav", rate))
    expect(visitor["error"]).to_contain_text("rates from 1,000 to 768,000 Hz can be heard")
    assert visitor.hear(sounds / "song.wav")["times"]


def test_a_song_is_not_held_up_by_a_long_one(visitor: Visitor, sounds: Path, tmp_path: Path) -> None:
    """Three hours of wav, without a gigabyte on the disk: a file with a hole in it."""
    long = tmp_path / "long.wav"
    n_bytes = 3 * 3600 * 2 * 44100
    header = b"RIFF" + (n_bytes + 36).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    form = b"\x01\x00\x01\x00" + (44100).to_bytes(4, "little") + (88200).to_bytes(4, "little") + b"\x02\x00\x10\x00"
    with long.open("wb") as file:
        file.write(header + form + b"data" + n_bytes.to_bytes(4, "little"))
        file.truncate(44 + n_bytes)
    visitor.choose(long)
    expect(visitor["title"]).to_have_text("long")
    heard = visitor.hear(sounds / "song.wav", timeout=15_000)
    assert heard["path"] == "song.wav"


def test_a_file_that_is_no_sound_leaves_the_song_that_was_heard(visitor: Visitor, sounds: Path) -> None:
    before = visitor.hear(sounds / "song.wav")
    for name in ("text.mp3", "empty.mp3", "short.wav"):
        visitor.choose(sounds / name)
        expect(visitor["error"]).to_contain_text(name)
        expect(visitor["title"]).to_have_text("song")
    assert visitor.save_json()["times"] == before["times"]


def test_damaged_files_are_heard_or_refused_with_a_sentence(
    arrive: Callable[..., Visitor], kinds: Path, tmp_path: Path
) -> None:
    visitor = arrive().open()
    files = [kinds / f"song.{name}" for name in odd_files.ENCODINGS]
    refused = []
    for file in odd_files.damaged(files, tmp_path, n=N_DAMAGED, seed=SEED):
        visitor.page.evaluate("() => { delete document.documentElement.dataset.heard; }")
        visitor.choose(file)
        visitor.page.wait_for_selector("html[data-heard=whole], #error:not([hidden])", state="attached", timeout=30_000)
        if visitor["error"].is_visible():
            assert file.name in visitor["error"].inner_text()
            refused.append(file)
    heard_by_ffmpeg = [file.name for file in refused if seconds_by_ffmpeg(file) > 1]
    assert not heard_by_ffmpeg
    assert len(refused) < N_DAMAGED / 3


def seconds_by_ffmpeg(file: Path) -> float:
    command = ["ffmpeg", "-v", "quiet", "-i", str(file), "-map", "0:a:0", "-ac", "1", "-ar", "8000", "-f", "u8", "-"]
    return len(subprocess.run(command, stdout=subprocess.PIPE, check=False, timeout=60).stdout) / 8000
