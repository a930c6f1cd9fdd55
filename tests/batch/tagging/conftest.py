"""Sounds to tag, made once."""

import shutil
from pathlib import Path

import pytest

pytest.importorskip("mutagen", reason="needs mutagen")
if shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None:
    pytest.skip("needs ffmpeg and ffprobe", allow_module_level=True)

from tests.batch.tagging import library


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], Path]:
    """One second of sound in each format, twice."""
    return library.make_sounds(tmp_path_factory.mktemp("sounds"))


@pytest.fixture
def make(sounds, tmp_path: Path):
    """Makes a file: a format, a sample of tags, a variant, and a name."""

    def made(form: str, sample: library.Sample = library.CASES["title"], variant: int = 0, name: str = "song") -> Path:
        path = tmp_path / f"{name}.{form}"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(sounds[form, variant], path)
        library.tag(path, sample, variant)
        return path

    return made
