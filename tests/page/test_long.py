"""A recording of ninety minutes on the page: heard to its end, in bounded memory."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.page.conftest import convert
from tests.page.serving import Site
from tests.page.visitor import Visitor, launch

MINUTES = 90
LIMIT_BYTES = 600 * 1024 * 1024


@pytest.fixture
def long_file(sounds: Path, tmp_path: Path) -> Path:
    """Ninety minutes of 44.1 kHz stereo mp3: the same song again and again, without encoding it again."""
    convert(sounds / "song.wav", tmp_path / "part.mp3", "-ar", "44100", "-ac", "2", "-b:a", "96k", "-write_xing", "0")
    long = tmp_path / "long.mp3"
    command = ["ffmpeg", "-v", "error", "-stream_loop", "-1", "-i", str(tmp_path / "part.mp3"), "-t", str(60 * MINUTES)]
    subprocess.run([*command, "-c", "copy", str(long)], check=True)
    return long


@pytest.fixture
def fresh_browser(playwright: Playwright) -> Iterator[Browser]:
    """A browser of its own: peak memory counts from the start of a process."""
    browser = launch(playwright)
    yield browser
    browser.close()


def renderer_peaks(browser: Browser) -> dict[int, int]:
    """Peak resident memory in bytes of every renderer process."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    peaks = {}
    for process in processes:
        if process["type"] != "renderer":
            continue
        status = Path(f"/proc/{process['id']}/status")
        if not status.is_file():
            pytest.skip("needs /proc to see a renderer's peak memory")
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        peaks[process["id"]] = int(fields["VmHWM"].split()[0]) * 1024
    return peaks


@pytest.mark.timeout(280)
def test_ninety_minutes_stay_below_600_megabytes(fresh_browser: Browser, site: Site, long_file: Path) -> None:
    visitor = Visitor.arrive(fresh_browser, site.address).open()
    heard = visitor.hear(long_file, timeout=600_000)
    peaks = renderer_peaks(fresh_browser)

    assert heard["duration_s"] == pytest.approx(60 * MINUTES, abs=10)
    assert len(heard["times"]) > 17_000
    assert peaks
    assert max(peaks.values()) < LIMIT_BYTES, {pid: f"{peak / 2**20:.0f} MB" for pid, peak in peaks.items()}
    visitor["slider"].focus()
    visitor.page.keyboard.press("End")
    expect(visitor["clock"]).to_contain_text("1:30:0")
    visitor.check()
