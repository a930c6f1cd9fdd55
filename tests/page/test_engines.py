"""The core of the page in Firefox and in WebKitGTK: each is started once and led through everything."""

from __future__ import annotations

import shutil
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import genre_lib
from genre_lib.inference.model import GenreModel
from tests.page import engines, serving
from tests.page.conftest import LATE_S, SONG_S
from tests.page.engines import Engine
from tests.page.test_models import pack

FORMATS = ("song.wav", "song.flac", "song.mp3", "song.ogg", "song.m4a", "song.opus")


@pytest.fixture(scope="module")
def model() -> GenreModel:
    return genre_lib.load_model(serving.bundle_folder())


@pytest.fixture(scope="module")
def own_site(site: serving.Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[serving.Site]:
    """A server of its own, because the last test takes it away."""
    with serving.nginx(site.root, tmp_path_factory.mktemp("engines-site")) as running:
        yield running


@pytest.fixture(scope="module", params=["firefox", "webkit"])
def engine(
    request: pytest.FixtureRequest, own_site: serving.Site, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    reason = engines.missing(request.param)
    if reason:
        pytest.skip(reason)
    with engines.started(request.param, tmp_path_factory.mktemp(request.param)) as running:
        yield running.open(own_site.address)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_heard_as_python_hears_it(engine: Engine, model: GenreModel, sounds: Path, name: str) -> None:
    page = engine.hear(sounds / name)
    python = model.curve(sounds / name)
    n = min(len(page["times"]), len(python.times))
    assert abs(len(page["times"]) - len(python.times)) <= 1
    assert np.abs(np.array(page["times"][:n]) - python.times[:n]).max() < 0.010
    probabilities = np.array([page["raw_curve"][genre] for genre in python.genres]).T
    # What the page decodes by itself is heard to the last digits, but for 48 kHz, where two resamplers differ by a
    # hair; the rest is the engine's own decoder.
    limit = {"song.wav": 1e-4, "song.mp3": 1e-4, "song.ogg": 1e-4, "song.flac": 5e-4}.get(name, 0.02)
    assert np.abs(probabilities[:n] - python.probabilities[:n]).max() < limit


@pytest.mark.parametrize("name", ["video.mp4", "video.webm"])
def test_the_sound_of_a_video_keeps_the_time_of_its_pictures(engine: Engine, sounds: Path, name: str) -> None:
    heard = engine.hear(sounds / name)
    assert heard["step_state"][:4] == ["silence"] * 4
    assert heard["duration_s"] == pytest.approx(SONG_S + LATE_S, abs=0.1)


def test_it_plays_and_seeks(engine: Engine, sounds: Path) -> None:
    engine.hear(sounds / "song.mp3")
    engine.until("!document.getElementById('play').disabled")
    engine.driver.click("play")
    engine.until("document.getElementById('audio').currentTime > 0.5")
    engine.driver.click("play")
    engine.until("document.getElementById('audio').paused")
    engine.driver.run(
        "document.getElementById('slider').dispatchEvent(new KeyboardEvent('keydown', { key: 'End', bubbles: true }));"
    )
    engine.until("Math.abs(document.getElementById('audio').currentTime - 24) < 0.5")


def test_an_example_that_comes_late_plays_all_the_same(engine: Engine, own_site: serving.Site) -> None:
    if not (own_site.root / "demo" / "songs.json").is_file():
        pytest.skip("the examples were not made (python web/scripts/make-demo-songs.py)")
    engine.open(own_site.address)
    # A press counts as leave to sound for some seconds only.
    engine.driver.run(
        """const fetch = window.fetch;
           window.fetch = (...wanted) => new Promise(done => setTimeout(() => done(fetch(...wanted)), 7000));"""
    )
    engine.driver.click("example")
    engine.until("document.getElementById('audio').currentTime > 0.5", 30)


def test_the_curve_is_saved(engine: Engine, sounds: Path) -> None:
    heard = engine.hear(sounds / "song.wav")
    name, table = engine.save("save-csv")
    assert name == "song.csv"
    assert len(table.decode().splitlines()) >= len(heard["times"])
    name, picture = engine.save("save-png")
    assert name == "song.png"
    assert struct.unpack(">II", picture[16:24]) == (1600, 900)


def test_what_is_no_sound_is_refused_with_a_sentence(engine: Engine, sounds: Path) -> None:
    engine.hear(sounds / "song.wav")
    engine.choose(sounds / "text.mp3")
    engine.until("!document.getElementById('error').hidden")
    assert "text.mp3 is not a sound file that this browser can read" in engine.text("error")
    assert engine.text("title") == "song"


def test_the_microphone_is_heard(engine: Engine, sounds: Path) -> None:
    with engines.playing(sounds / "song.wav", engine.environment):
        engine.driver.click("microphone")
        engine.until("document.body.classList.contains('is-live')")
        engine.until("document.getElementById('now-genre').dataset.state in { music: 1, probable: 1, unsure: 1 }")
        time.sleep(6)
        engine.driver.click("stop")
    heard = engine.save_json()
    assert len(heard["times"]) > 4
    assert set(heard["step_state"]) - {"silence"}


def test_the_sound_of_a_tab_is_offered_only_where_there_is_any(engine: Engine) -> None:
    assert engine.value("document.getElementById('tab-sound').hidden")


def test_a_model_of_ones_own_is_used(engine: Engine, sounds: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    shutil.copytree(serving.bundle_folder(), folder)
    card = folder / "card.json"
    card.write_text(card.read_text().replace('"name": "', '"name": "own-', 1))
    engine.choose(pack(folder, tmp_path / "own.zip"))
    engine.until("document.getElementById('model-line').textContent.includes('own-')", engines.READY_S)
    assert engine.hear(sounds / "song.wav")["model"].startswith("own-")


def test_it_goes_on_without_a_network(engine: Engine, own_site: serving.Site, sounds: Path) -> None:
    engine.open(own_site.address)
    engine.until("navigator.serviceWorker.controller !== null || navigator.serviceWorker.ready", 30)
    engine.driver.run("navigator.serviceWorker.ready.then(() => { window.kept = true; });")
    engine.until("window.kept", 30)
    with own_site.away():
        engine.open(own_site.address)
        assert engine.hear(sounds / "song.mp3")["times"]


def test_without_a_sound_output_it_says_so(own_site: serving.Site, sounds: Path, tmp_path: Path) -> None:
    reason = engines.missing("firefox")
    if reason:
        pytest.skip(reason)
    with engines.started("firefox", tmp_path, silent=True) as firefox:
        firefox.open(own_site.address)
        firefox.driver.click("microphone")
        firefox.until("document.getElementById('status').textContent.includes('has no sound output')")
        firefox.hear(sounds / "song.mp3")
        firefox.driver.click("play")
        firefox.until("document.getElementById('error').textContent.includes('has no sound output')")
        firefox.until("document.getElementById('clock').textContent > '0:00'")
        assert not firefox.value("document.getElementById('play').disabled")
