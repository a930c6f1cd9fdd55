"""Fixtures shared by all tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules with slow tests first: none of them is left to one process at the end while the other waits."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(2018)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The research data that may not be redistributed; it lies beside the repository where it is available."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "data" / "gtzan-mel").is_dir():
        pytest.skip("needs the real features and clips in ../shared, which is absent here")
    return folder


@pytest.fixture(scope="session")
def pretrained():
    """The model that ships."""
    import genre_lib

    return genre_lib.load_model()


@pytest.fixture(scope="session")
def real_clips(shared: Path) -> list[Path]:
    """66 real recordings of 30 s."""
    return sorted((shared / "data" / "gtzan-audio").glob("*/*.flac"))


def write_song(path: Path, seconds: float = 8.0, rate: int = 22050, seed: int = 0) -> Path:
    """A short piece of synthetic music as a file; libsndfile takes the format from the name."""
    import soundfile

    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate)) / rate
    beat = np.exp(-20 * (t % 0.4)) * rng.standard_normal(len(t))
    chord = sum(np.sin(2 * np.pi * f * 2 ** (int(seed) / 12) * t) for f in (220.0, 277.2, 329.6))
    soundfile.write(path, 0.2 * beat + 0.1 * chord, rate)
    return path


def write_drone(path: Path, seed: int = 0) -> Path:
    """Another kind of sound than `write_song`: short clicks over a low drone."""
    import soundfile

    rng = np.random.default_rng(seed)
    t = np.arange(8 * 22050) / 22050
    sound = 0.3 * np.sin(2 * np.pi * (50 + seed) * t)
    sound[rng.integers(0, len(t), 60)] += 0.8
    soundfile.write(path, sound, 22050)
    return path


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_song(tmp_path / "song.wav")


# For a module only: while it runs, no Jupyter client can run in the same process.
@pytest.fixture(scope="module")
def browser() -> Iterator:
    """Headless Chromium for pages that are files; those with servers have one of their own."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("needs a Chromium-like browser")
    options = ["--no-sandbox", "--disable-background-networking", "--autoplay-policy=no-user-gesture-required"]
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=options)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser) -> Iterator:
    """A page whose complaints, and whatever it asks the network for, fail the test."""
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    page.set_default_timeout(60_000)
    trouble: list[str] = []
    page.on("request", lambda request: trouble.append(request.url[:80]) if request.url[:4] == "http" else None)
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    yield page
    page.close()
    assert trouble == []


def until_true(page, condition: str) -> None:
    """Playwright's own waiting evaluates strings inside the page, which a content security policy forbids."""
    for _ in range(600):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"did not come true: {condition}")
