"""One built page, one nginx, one browser for all tests of the page."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from genre_lib.audio.synthesis.sound import SAMPLE_RATE
from genre_lib.datasets.demo import synthesise_medley
from tests.page import serving
from tests.page.visitor import Visitor, launch

SONG_S = 24.0
LATE_S = 2.0


# A machine that does other things too is slow now and then.
expect.set_options(timeout=15_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs a real browser and a real server: `make check` leaves it out."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session", autouse=True)
def everything_installed() -> None:
    reason = serving.missing()
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[serving.Site]:
    """The page at the root and below a path, a bundle of one's own beside it, and a damaged one."""
    folder = tmp_path_factory.mktemp("site")
    root = folder / "root"
    serving.build(root)
    shutil.copytree(root, root / "some" / "path")
    shutil.copytree(serving.bundle_folder(), root / "mine")
    shutil.copytree(serving.bundle_folder(), root / "damaged")
    bank = root / "damaged" / "mel.bin"
    bank.write_bytes(bank.read_bytes()[:-4] + b"\x00\x00\x80\x3f")
    with serving.nginx(root, folder) as running:
        yield running


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one piece of synthetic music in several formats, and files that are no music."""
    folder = tmp_path_factory.mktemp("sounds")
    samples, _ = synthesise_medley(seconds=SONG_S)
    soundfile.write(folder / "song.wav", samples, SAMPLE_RATE)
    for name, options in {
        "song.mp3": ["-ar", "44100", "-ac", "2", "-b:a", "128k"],
        "song.m4a": ["-ar", "44100", "-ac", "2", "-b:a", "128k"],
        "song.ogg": ["-ar", "44100", "-ac", "2", "-c:a", "libvorbis"],
        "song.opus": ["-c:a", "libopus", "-b:a", "96k"],
        "song.flac": ["-ar", "48000", "-ac", "2", "-sample_fmt", "s16"],
        "song-8k-mono.wav": ["-ar", "8000", "-ac", "1"],
        "song-96k-surround.flac": ["-ar", "96000", "-ac", "6", "-sample_fmt", "s16"],
        "song-32k.mp3": ["-ar", "32000", "-ac", "1", "-b:a", "96k"],
        "microphone.wav": ["-ar", "48000", "-ac", "1"],
    }.items():
        convert(folder / "song.wav", folder / name, *options)
    for name, codecs in {
        "video.mp4": ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"],
        "video.webm": ["-c:v", "libvpx", "-c:a", "libopus"],
    }.items():
        film(folder / "song.wav", folder / name, *codecs)
    (folder / "text.mp3").write_text("This is not music. " * 500)
    (folder / "empty.mp3").write_bytes(b"")
    mp3 = (folder / "song.mp3").read_bytes()
    (folder / "truncated.mp3").write_bytes(mp3[: len(mp3) // 2 + 77])
    soundfile.write(folder / "short.wav", samples[:2000], SAMPLE_RATE)
    soundfile.write(folder / "silence.wav", np.zeros(10 * SAMPLE_RATE), SAMPLE_RATE)
    return folder


def convert(source: Path, target: Path, *options: str) -> None:
    """Encode with ffmpeg."""
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", str(source), *options, str(target)], check=True)


def film(sound: Path, target: Path, *codecs: str) -> None:
    """A video whose sound sets in two seconds after its pictures."""
    pictures = ["-f", "lavfi", "-i", f"testsrc=d={SONG_S + LATE_S}:s=64x48:r=5"]
    command = ["ffmpeg", "-v", "error", "-y", *pictures, "-itsoffset", str(LATE_S), "-i", str(sound)]
    subprocess.run([*command, "-map", "0:v", "-map", "1:a", *codecs, str(target)], check=True)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright, sounds: Path) -> Iterator[Browser]:
    running = launch(playwright, sounds / "microphone.wav")
    yield running
    running.close()


@pytest.fixture
def arrive(browser: Browser, site: serving.Site) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors, and checks at the end that nothing went wrong behind the scenes for any of them."""
    visitors: list[Visitor] = []

    def make(path: str = "", **options: Any) -> Visitor:
        visitors.append(Visitor.arrive(browser, site.address + path, **options))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.check()
        visitor.context.close()


@pytest.fixture
def visitor(arrive: Callable[..., Visitor]) -> Visitor:
    """A visitor whose page is ready."""
    return arrive().open()
