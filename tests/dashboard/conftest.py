"""One warm dashboard and one browser for all tests of the dashboard; every visitor is a page of its own."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC

from genre_lib.bundle.files import open_bundle, seal
from genre_lib.bundle.resources import pretrained_folder
from genre_lib.dashboard.server import Serving, serving
from genre_lib.dashboard.settings import Settings
from tests.conftest import write_drone, write_song
from tests.dashboard.visitor import Visitor

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
OTHER = "another"
NEURONS = 12


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What visitors have on their computers."""
    folder = tmp_path_factory.mktemp("visitors")
    rng = np.random.default_rng(0)
    write_song(folder / "my_song.wav", seconds=20)
    if shutil.which("ffmpeg"):
        real = sorted((Path(__file__).parents[2].parent / "shared" / "data" / "gtzan-audio").glob("reggae/*.flac"))
        source = real[0] if real else folder / "my_song.wav"
        options = ["-ar", "44100", "-ac", "2", "-b:a", "128k"]
        subprocess.run(["ffmpeg", "-v", "error", "-i", str(source), *options, str(folder / "song.mp3")], check=True)
    soundfile.write(folder / "sun.au", soundfile.read(folder / "my_song.wav")[0], 22050)
    soundfile.write(folder / "silence.wav", np.zeros(8 * 22050), 22050)
    soundfile.write(folder / "large.wav", 0.1 * rng.standard_normal((30_000_000 // 4, 2)), 44100)
    soundfile.write(folder / "huge.wav", np.tile(0.1 * rng.standard_normal((1_500_000, 2)), (20, 1)), 44100)
    (folder / "text.mp3").write_text("This is not music. " * 200)
    (folder / "empty.mp3").write_bytes(b"")
    with (folder / "too_large.wav").open("wb") as file:
        file.truncate(201_000_000)
    batch = folder / "holiday"
    (batch / "deep").mkdir(parents=True)
    write_song(batch / "one.wav", seed=1)
    write_song(batch / "deep" / "two.flac", seed=2)
    (batch / "notes.txt").write_text("not a recording")
    return folder


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder given at the start; beside it lies a song that no visitor may hear."""
    root = tmp_path_factory.mktemp("server")
    shelf = root / "shelf"
    (shelf / "mixed" / "live").mkdir(parents=True)
    (shelf / "many").mkdir()
    for seed, name in enumerate(["b.wav", "a.flac", "live/c.ogg"]):
        write_song(shelf / "mixed" / name, seconds=10 + seed, seed=seed)
    (shelf / "mixed" / "broken.mp3").write_text("not a song")
    (shelf / "cut").mkdir()
    whole = (shelf / "mixed" / "b.wav").read_bytes()
    (shelf / "cut" / "half.wav").write_bytes(whole[: len(whole) // 2])
    real = sorted((Path(__file__).parents[2].parent / "shared" / "data" / "gtzan-audio").glob("classical/*.flac"))
    if real:
        (shelf / "tagged").mkdir()
        for name, genre in (("wrong.flac", "Death Metal"), ("right.flac", "Baroque")):
            (shelf / "tagged" / name).write_bytes(real[0].read_bytes())
            song = FLAC(shelf / "tagged" / name)
            song["genre"] = genre
            song.save()
    for genre, make in (("beat", write_song), ("drone", write_drone)):
        (shelf / "dances" / genre).mkdir(parents=True)
        for seed in range(2):
            make(shelf / "dances" / genre / f"{genre}-{seed}.wav", seed=seed)
    write_drone(root / "secret-drone.wav", seed=9)
    with contextlib.suppress(OSError):
        (shelf / "dances" / "drone" / "link.wav").symlink_to(root / "secret-drone.wav")
    for number in range(120):
        shutil.copy(shelf / "mixed" / "live" / "c.ogg", shelf / "many" / f"{number}.ogg")
    write_song(root / "secret.wav")
    with contextlib.suppress(OSError):
        (shelf / "link.wav").symlink_to(root / "secret.wav")
    return shelf


@pytest.fixture(scope="session")
def other_model(shelf: Path) -> Path:
    """A second model: the pretrained one under another name, inside a folder that is named at the start."""
    folder = shelf.parent / "model"
    shutil.copytree(pretrained_folder(), folder)
    card = open_bundle(pretrained_folder()).card
    (folder / "card.json").unlink()
    seal(folder, replace(card, name=OTHER, version="2.0.0", temperatures=replace(card.temperatures, smoothed=4.0)))
    return folder


@pytest.fixture(scope="session")
def filters(other_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Filters of the second model: some neurons of a shallow and of a deep layer."""
    from genre_lib.filters.of_bundle import filters_of_bundle

    music = tmp_path_factory.mktemp("music")
    for seed, genre in enumerate(("calm", "calm", "loud", "loud")):
        (music / genre).mkdir(exist_ok=True)
        write_song(music / genre / f"{seed}.wav", seconds=8, seed=seed)
    folder = other_model.parent / "filters"
    filters_of_bundle(other_model, music, folder, layers=["front1_conv", "residual2_conv"], neurons=range(NEURONS))
    return folder


@pytest.fixture(scope="session")
def dashboard(shelf: Path, other_model: Path, filters: Path) -> Iterator[Serving]:
    pytest.importorskip("voila")
    with serving(Settings(folder=str(shelf), model=str(other_model)), port=0) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if CHROMIUM is None:
        pytest.skip("needs a Chromium-like browser")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def arrive(browser, dashboard: Serving) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors, and checks at the end that nothing went wrong behind the scenes for any of them."""
    visitors: list[Visitor] = []

    def make(query: str = "", **options) -> Visitor:
        visitors.append(Visitor(browser, dashboard.url, query, **options))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.leave()
    for visitor in visitors:
        assert visitor.trouble == []


@pytest.fixture
def visitor(arrive: Callable[..., Visitor]) -> Visitor:
    return arrive()
