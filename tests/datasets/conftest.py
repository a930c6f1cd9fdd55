"""Small data sets of noise in every state of repair."""

from pathlib import Path

import numpy as np
import pytest
import soundfile


def write_noise(path: Path, seed: int, *, seconds: float = 1.5, gain: float = 0.1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = gain * np.random.default_rng(seed).standard_normal(round(seconds * 22050))
    soundfile.write(path, samples, 22050)
    return path


@pytest.fixture
def genre_folder(tmp_path: Path) -> Path:
    """Two genres; one good file each, and one of each fault."""
    folder = tmp_path / "music"
    write_noise(folder / "polka" / "good.wav", 1)
    write_noise(folder / "waltz" / "good.flac", 2)
    write_noise(folder / "waltz" / "short.wav", 3, seconds=0.2)
    write_noise(folder / "waltz" / "silent.wav", 4, gain=0.0)
    (folder / "waltz" / "empty.mp3").touch()
    (folder / "waltz" / "text.wav").write_text("this is not sound")
    (folder / "waltz" / "._good.flac").write_bytes(b"resource fork")
    (folder / "waltz" / "notes.txt").write_text("liner notes")
    return folder
