"""Pictures of the page in every state, to be looked at: `python -m tests.page.screenshots`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import soundfile
from playwright.sync_api import sync_playwright

from genre_lib.audio.synthesis.sound import SAMPLE_RATE
from genre_lib.datasets.demo import synthesise_medley
from tests.page import serving
from tests.page.conftest import convert
from tests.page.visitor import Visitor, launch

SIZES = {390: 844, 1440: 900}
SCHEMES = ("light", "dark")


def main() -> int:
    """Write STATE-WIDTH-SCHEME.png for each state, width and colour scheme."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=serving.REPOSITORY / "reports/screenshots")
    parser.add_argument("--song", type=Path, help="default: the synthetic medley")
    options = parser.parse_args()
    reason = serving.missing()
    if reason:
        print(f"No pictures were taken: it {reason}.")
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        song = options.song
        if song is None:
            song = scratch / "Synthetic medley.wav"
            soundfile.write(song, synthesise_medley()[0], SAMPLE_RATE)
        convert(song, scratch / "microphone.wav", "-ar", "48000", "-ac", "1", "-t", "60")
        (scratch / "notes.mp3").write_text("This is not music. " * 100)
        serving.build(scratch / "page")
        with serving.nginx(scratch / "page", scratch) as site, sync_playwright() as playwright:
            browser = launch(playwright, scratch / "microphone.wav")
            for width, height in SIZES.items():
                for scheme in SCHEMES:
                    visitor = Visitor.arrive(
                        browser,
                        site.address,
                        viewport={"width": width, "height": height},
                        color_scheme=scheme,
                        permissions=["microphone"],
                    ).open()
                    take(visitor, song, scratch / "notes.mp3", options.out, f"{width}-{scheme}")
                    visitor.context.close()
            browser.close()
    print(f"the pictures are in {options.out}")
    return 0


def take(visitor: Visitor, song: Path, no_music: Path, out: Path, suffix: str) -> None:
    """Lead one visitor through every state."""

    def picture(state: str, *, whole: bool = False) -> None:
        visitor.page.wait_for_timeout(300)
        visitor.page.screenshot(path=out / f"{state}-{suffix}.png", full_page=whole)

    picture("empty")
    visitor["open-about"].click()
    picture("about")
    visitor.page.keyboard.press("Escape")
    visitor.page.mouse.click(5, 5)
    visitor.choose(no_music)
    visitor["error"].wait_for(state="visible")
    picture("error")
    visitor.hear(song)
    visitor["play"].click()
    visitor.page.evaluate(
        "document.querySelector('#audio').currentTime = document.querySelector('#audio').duration / 2"
    )
    visitor.page.wait_for_timeout(700)
    picture("playing", whole=True)
    visitor["play"].click()
    visitor["threshold"].fill("90")
    visitor["slider"].focus()
    visitor.page.keyboard.press("ArrowRight")
    picture("unsure", whole=True)
    visitor["reset"].click()
    visitor["microphone"].click()
    visitor.page.wait_for_timeout(12_000)
    picture("microphone")
    visitor["stop"].click()


if __name__ == "__main__":
    sys.exit(main())
