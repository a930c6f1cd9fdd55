"""Fixtures shared by all tests."""

from pathlib import Path

import numpy as np
import pytest


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


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_song(tmp_path / "song.wav")
