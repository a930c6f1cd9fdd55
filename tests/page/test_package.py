"""The package: packed, unpacked into an empty folder, served by a plain file server, and used as the guide says."""

from __future__ import annotations

import functools
import http.server
import json
import re
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page import serving
from tests.page.visitor import HEARD, Visitor

GUIDE = serving.REPOSITORY / "docs/guides/put-the-page-on-your-site.md"
VIBE_ACE = "librosa-examples/Kevin_MacLeod_-_Vibe_Ace.hq.ogg"

USE = """
import { listen, type Answer, type Moment } from "genre-listen";
import { GenreCurveElement } from "genre-listen/element";

export async function hear(file: File): Promise<Answer> {
  const listening = await listen({ source: file, steadinessS: 10 });
  listening.addEventListener("belief", (event) => {
    const now: Moment | null = event.now;
    console.log(now?.probabilities["jazz"]);
  });
  // @ts-expect-error: a model is no number
  await listen({ source: file, model: 3 });
  return listening.finished;
}
const element: GenreCurveElement = document.createElement("genre-curve");
element.listen(new MediaStream());
"""


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder into which the package was unpacked."""
    folder = tmp_path_factory.mktemp("package")
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder)]
    done = subprocess.run(command, cwd=serving.WEB / "core", capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"the package cannot be packed:\n{done.stdout}\n{done.stderr}"
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as contents:
        contents.extractall(folder / "site", filter="data")
    return folder / "site"


@pytest.fixture(scope="module")
def address(packed: Path, sounds: Path) -> Iterator[str]:
    """The guide's example, beside a song, on a server that knows nothing of it."""
    (example,) = re.findall(r"```html\n(<!doctype html>.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(example.splitlines()) <= 15
    (packed / "index.html").write_text(example)
    (packed / "song.mp3").write_bytes((sounds / "song.mp3").read_bytes())
    handler = functools.partial(Quiet, directory=str(packed))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Nothing: tests have their own output."""


@pytest.fixture
def guest(browser: Browser, address: str) -> Iterator[Visitor]:
    """Somebody on the page that the guide describes."""
    visitor = Visitor.arrive(browser, address, permissions=["microphone"])
    visitor.page.goto(address)
    yield visitor
    # A page that names no icon is asked for one.
    visitor.troubles = [each for each in visitor.troubles if "404" not in each]
    visitor.check()
    visitor.context.close()


def hear(page: Page, file: Path, listen: str = "await listen({ source: file })") -> dict[str, Any]:
    """What the package makes of a file, as JSON."""
    page.evaluate("() => document.body.insertAdjacentHTML('beforeend', '<input type=file id=other>')")
    page.set_input_files("#other", str(file))
    text = page.evaluate(
        f"""async () => {{
          const {{ listen }} = await import('./package/dist/index.js');
          const file = document.querySelector('#other').files[0];
          const listening = {listen};
          await listening.finished;
          return JSON.stringify(listening);
        }}"""
    )
    answer: dict[str, Any] = json.loads(text)
    return answer


def test_the_guides_example_hears_a_file_that_is_chosen(guest: Visitor, sounds: Path) -> None:
    guest.page.set_input_files("#file", str(sounds / "song.flac"))
    expect(guest["heard"]).to_have_text(re.compile(r"\w+, (music|probable|mixed|unsure)$"), timeout=HEARD)


def test_it_answers_as_the_page_does(guest: Visitor, visitor: Visitor, shared: Path, sounds: Path) -> None:
    """A real recording, and a synthetic one in a format that is decoded in another way."""
    for file in (shared / "data" / VIBE_ACE, sounds / "song.m4a"):
        assert hear(guest.page, file) == visitor.hear(file)


def test_the_element_shows_and_plays_what_it_hears(guest: Visitor) -> None:
    element = guest.page.locator("genre-curve")
    expect(element.get_by_role("img")).to_have_attribute("aria-label", re.compile("^The whole song: "), timeout=HEARD)
    expect(element.get_by_role("status")).to_have_text(re.compile("^The whole song: "))
    expect(element.get_by_role("status")).to_have_attribute("aria-live", "polite")
    colours = element.evaluate(
        """element => {
          const canvas = element.shadowRoot.querySelector('canvas');
          const pixels = canvas.getContext('2d').getImageData(canvas.width / 2, 0, 1, canvas.height).data;
          return new Set(Array.from({ length: canvas.height }, (_, y) => pixels.slice(4 * y, 4 * y + 3).join())).size;
        }"""
    )
    assert colours > 3
    element.locator(".stream").click(position={"x": 640, "y": 100})
    seconds = element.evaluate("element => element.shadowRoot.querySelector('audio').currentTime")
    assert seconds == pytest.approx(12.0, abs=1.0)
    assert not guest.violations()


def test_a_model_of_ones_own_is_checked_and_used(guest: Visitor, packed: Path, sounds: Path) -> None:
    (packed / "mine").symlink_to(serving.bundle_folder())
    own = hear(guest.page, sounds / "song.mp3", "await listen({ source: file, model: 'mine' })")
    assert own["curve"] == hear(guest.page, sounds / "song.mp3")["curve"]
    with pytest.raises(Exception, match=r"There is no model file card\.json at /nowhere/"):
        hear(guest.page, sounds / "song.mp3", "await listen({ source: file, model: 'nowhere' })")


def test_a_stream_is_heard_until_it_is_stopped(guest: Visitor) -> None:
    heard = guest.page.evaluate(
        """async () => {
          const { listen } = await import('./package/dist/index.js');
          const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
          const listening = await listen({ source: stream });
          let beliefs = 0;
          await new Promise((resolve) => listening.addEventListener('belief', ({ now }) => {
            if (now && ++beliefs === 6) resolve();
          }));
          listening.stop();
          const { genre } = await listening.finished;
          return { beliefs, genre, live: listening.recording.live, flows: stream.getTracks()[0].readyState };
        }"""
    )
    assert heard["beliefs"] >= 6
    assert heard["live"]
    # The stream is the caller's: it is not ended with the listening.
    assert heard["flows"] == "live"


def test_what_cannot_be_heard_is_said_in_a_sentence(guest: Visitor, sounds: Path) -> None:
    with pytest.raises(Exception, match=r"text\.mp3"):
        hear(guest.page, sounds / "text.mp3")
    with pytest.raises(Exception, match=r"There is no sound at .*nothing\.mp3"):
        hear(guest.page, sounds / "text.mp3", "await listen({ source: 'nothing.mp3' })")
    # What failed stands in nobody's way.
    assert hear(guest.page, sounds / "song.mp3")["genre"]


def test_a_file_can_be_given_up(guest: Visitor, sounds: Path) -> None:
    answer = hear(
        guest.page,
        sounds / "song.mp3",
        "await (async () => { (await listen({ source: file })).stop(); return listen({ source: file }); })()",
    )
    assert answer["duration_s"] == pytest.approx(24.0, abs=0.1)


def test_its_types_hold_what_they_promise(packed: Path) -> None:
    (packed / "node_modules").mkdir()
    (packed / "node_modules" / "genre-listen").symlink_to(packed / "package")
    (packed / "use.ts").write_text(USE)
    command = [str(serving.WEB / "node_modules/.bin/tsc"), "--noEmit", "--strict", "--lib", "ES2023,DOM,DOM.Iterable"]
    command += ["--module", "ESNext", "--moduleResolution", "bundler", "--types", "", "use.ts"]
    done = subprocess.run(command, cwd=packed, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
