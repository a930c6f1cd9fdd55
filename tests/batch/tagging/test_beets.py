"""The plugin in a real library of beets, with generated files."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("beets", reason="needs beets")

import beets
import mutagen
from beets import plugins, ui

from genre_lib.batch.predict import Prediction
from genre_lib.batch.tagging import UndoJournal, undo
from genre_lib.batch.tagging.library import journal_of_changes
from tests.batch.tagging import library
from tests.batch.tagging.hearing import curve_of

CONFIG = """
directory: {folder}/library
library: {folder}/library.db
plugins: genrecurve
import: {{copy: yes, write: yes, autotag: no, log: ~}}
genrecurve: {{scores: {scores}}}
"""


@pytest.fixture
def beet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pretrained) -> Iterator[Callable[..., None]]:
    """Runs a command of beets; a song's title says what is heard in it."""
    from beetsplug import genrecurve

    def hear(paths, *, model=None):
        for path in paths:
            title = str(mutagen.File(path, easy=True).get("title", ["?"])[0])
            genre = title if title in pretrained.card.genres else None
            yield Prediction(path, curve_of(pretrained.card, (genre, 30.0)))

    monkeypatch.setattr(genrecurve, "hear", hear)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("BEETSDIR", str(tmp_path))

    def run(*arguments: str, scores: str = "no") -> None:
        (tmp_path / "config.yaml").write_text(CONFIG.format(folder=tmp_path, scores=scores))
        beets.config.clear()
        beets.config.read()
        # Made anew with this configuration.
        plugins._instances.clear()
        ui._raw_main(list(arguments))

    yield run
    beets.config.clear()


@pytest.fixture
def incoming(make, tmp_path: Path) -> Path:
    """Songs that are jazz and metal without a genre, one with another, and one of which the model is unsure."""
    for form, title in (("flac", "jazz"), ("mp3", "metal"), ("ogg", "unsure")):
        make(form, library.Sample(title=title, artist=("An artist",)), name=f"incoming/{title}")
    make("m4a", library.Sample(("Rock",), "jazz", ("An artist",)), name="incoming/rock")
    return tmp_path / "incoming"


def genres_below(folder: Path) -> dict[str, list[str] | None]:
    genres = {
        path.suffix[1:]: mutagen.File(path, easy=True).get("genre", [])
        for path in folder.rglob("*.*")
        if path.is_file()
    }
    return {form: [genre for genre in found if genre] or None for form, found in genres.items()}


def test_on_import_empty_genres_are_filled(beet, incoming: Path, tmp_path: Path) -> None:
    beet("import", "-q", str(incoming))
    assert genres_below(tmp_path / "library") == {"flac": ["Jazz"], "mp3": ["Metal"], "ogg": None, "m4a": ["Rock"]}
    assert genres_below(incoming) == {"flac": None, "mp3": None, "ogg": None, "m4a": ["Rock"]}


def test_the_command_fills_pretends_and_replaces(beet, incoming: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "config.yaml").write_text("")
    folder = tmp_path / "library"
    beet("import", "-q", str(incoming))
    before = {path: path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}
    beet("modify", "-y", "genre=", "title:jazz", "genre:Jazz")
    assert genres_below(folder)["flac"] is None
    capsys.readouterr()
    beet("genrecurve", "--pretend")
    assert "Jazz" in capsys.readouterr().out
    assert genres_below(folder)["flac"] is None
    beet("genrecurve", "title:jazz")
    assert genres_below(folder) == {"flac": ["Jazz"], "mp3": ["Metal"], "ogg": None, "m4a": ["Rock"]}
    beet("genrecurve", "--replace", "genre:Rock", scores="yes")
    assert genres_below(folder)["m4a"] == ["Jazz"]
    m4a = next(path for path in before if path.suffix == ".m4a")
    assert mutagen.File(m4a).tags["----:com.apple.iTunes:GENRE_SCORES"][0].startswith(b"jazz ")
    # The same journal of changes as `genre tag`.
    with UndoJournal(journal_of_changes()) as changes:
        assert m4a in list(undo([m4a], changes))
    assert m4a.read_bytes() == before[m4a]
