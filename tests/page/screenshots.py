"""Pictures of the page in every state, width and colour scheme, to be looked at: `python -m tests.page.screenshots`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import soundfile
from playwright.sync_api import Browser, sync_playwright

from genre_lib.audio.synthesis.sound import SAMPLE_RATE
from genre_lib.datasets.demo import synthesise_medley
from tests.page import serving
from tests.page.conftest import convert
from tests.page.visitor import Visitor, launch

SIZES = {390: 844, 768: 1024, 1366: 650, 1440: 900, 2560: 1440}
SCHEMES = ("light", "dark")
EXAMPLES = serving.REPOSITORY.parent / "shared/data/librosa-examples"
EACH_S = 30
LIVE_MS = 8000


def main() -> int:
    """Write STATE-WIDTH-SCHEME.png for each state, width and colour scheme."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=serving.REPOSITORY / "reports/screenshots")
    parser.add_argument("--widths", type=int, nargs="*", default=list(SIZES))
    options = parser.parse_args()
    reason = serving.missing()
    if reason:
        print(f"No pictures were taken: it {reason}.")
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        songs = four_songs(scratch)
        medley = scratch / "Synthetic medley.wav"
        soundfile.write(medley, synthesise_medley()[0], SAMPLE_RATE)
        convert(songs, scratch / "microphone.wav", "-ar", "48000", "-ac", "1", "-t", "60")
        (scratch / "notes.mp3").write_text("This is not music. " * 100)
        make_examples()
        serving.build(scratch / "page")
        with serving.nginx(scratch / "page", scratch) as site, sync_playwright() as playwright:
            browser = launch(playwright, scratch / "microphone.wav")
            for width in options.widths:
                for scheme in SCHEMES:
                    visitor = arrive(browser, site.address, width, scheme)
                    take(visitor, [songs, medley], scratch / "notes.mp3", options.out, f"{width}-{scheme}")
                    visitor.context.close()
                    print(f"{width} {scheme}", flush=True)
            browser.close()
    print(f"the pictures are in {options.out}")
    return 0


def four_songs(scratch: Path) -> Path:
    """Half a minute each of four real recordings, or a synthetic medley where there are none."""
    parts = sorted(EXAMPLES.glob("*.ogg"))
    if not parts:
        soundfile.write(scratch / "Medley.wav", synthesise_medley()[0], SAMPLE_RATE)
        return scratch / "Medley.wav"
    song = scratch / "Four songs in a row.mp3"
    starts = [option for part in parts for option in ("-ss", "10", "-t", str(EACH_S), "-i", str(part))]
    joined = "".join(f"[{i}:a]" for i in range(len(parts))) + f"concat=n={len(parts)}:v=0:a=1"
    command = ["ffmpeg", "-v", "error", "-y", *starts, "-filter_complex", joined, "-b:a", "192k", str(song)]
    subprocess.run(command, check=True)
    return song


def make_examples() -> None:
    """The songs behind "Try an example", unless they were made before."""
    if (serving.WEB / "public/demo/songs.json").is_file():
        return
    environment = os.environ | ({"LIBROSA_DATA_DIR": str(EXAMPLES)} if EXAMPLES.is_dir() else {})
    subprocess.run([sys.executable, str(serving.WEB / "scripts/make-demo-songs.py")], env=environment, check=True)


def arrive(browser: Browser, address: str, width: int, scheme: str) -> Visitor:
    size = {"width": width, "height": SIZES.get(width, 900)}
    return Visitor.arrive(browser, address, viewport=size, color_scheme=scheme, permissions=["microphone"]).open()


def take(visitor: Visitor, songs: Sequence[Path], no_music: Path, out: Path, suffix: str) -> None:
    """Lead one visitor through every state; a state of moments is looked for in one song after the other."""

    def picture(state: str, *, whole: bool = False) -> None:
        visitor.page.evaluate("window.scrollTo(0, 0)")
        visitor.page.wait_for_timeout(300)
        visitor.page.screenshot(path=out / f"{state}-{suffix}.png", full_page=whole)

    picture("empty")
    visitor["open-about"].click()
    picture("about")
    visitor.page.keyboard.press("Escape")
    visitor.choose(no_music)
    visitor["error"].wait_for(state="visible")
    picture("error")
    visitor["example"].click()
    visitor.wait_until_heard()
    visitor.page.wait_for_timeout(2000)
    picture("example-playing", whole=True)
    visitor["play"].click()
    missing = ["probable", "unsure"]
    for song in songs:
        heard = visitor.hear(song)
        if song is songs[0]:
            picture("four-songs", whole=True)
        for state in list(missing):
            moments = [time for time, at in zip(heard["times"], heard["step_state"], strict=True) if at == state]
            if moments:
                seek(visitor, moments[len(moments) // 2])
                picture(state)
                missing.remove(state)
    visitor["microphone"].click()
    visitor.page.wait_for_timeout(LIVE_MS)
    picture("microphone")
    visitor["stop"].click()


def seek(visitor: Visitor, seconds: float) -> None:
    visitor.page.evaluate(f"document.querySelector('#audio').currentTime = {seconds}")
    visitor["play"].click()
    visitor.page.wait_for_timeout(300)
    visitor["play"].click()


if __name__ == "__main__":
    sys.exit(main())
