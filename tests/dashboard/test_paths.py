"""What a visitor may open, whatever is written into the page's address."""

from pathlib import Path

import pytest

from genre_lib.dashboard.paths import AllowedPaths
from genre_lib.dashboard.settings import Settings
from genre_lib.dashboard.upload import Upload, safe_name
from genre_lib.dashboard.visitor_folder import session_folder, sweep
from genre_lib.errors import ParameterError
from tests.conftest import write_song


@pytest.fixture
def places(tmp_path: Path) -> AllowedPaths:
    shelf = tmp_path / "shelf"
    (shelf / "deep").mkdir(parents=True)
    write_song(shelf / "deep" / "a.wav", seconds=1)
    write_song(tmp_path / "secret.wav", seconds=1)
    (shelf / "link.wav").symlink_to(tmp_path / "secret.wav")
    (shelf / "away").symlink_to(tmp_path)
    return AllowedPaths.of(Settings(folder=str(shelf)))


def test_songs_of_the_folder_come_by_label_and_by_path(places: AllowedPaths, tmp_path: Path) -> None:
    song = tmp_path / "shelf" / "deep" / "a.wav"
    assert places.song("deep/a.wav").path == song
    assert places.song("deep/../deep/a.wav").path == song
    assert places.song(str(song)).path == song


@pytest.mark.parametrize(
    "name",
    ["../secret.wav", "deep/../../secret.wav", "link2/../../secret.wav", "away/secret.wav", "/etc/passwd"],
)
def test_nothing_outside_is_opened(places: AllowedPaths, name: str) -> None:
    with pytest.raises(ParameterError, match="may read"):
        places.song(name)


def test_an_absolute_path_outside_is_refused(places: AllowedPaths, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="may read"):
        places.song(str(tmp_path / "secret.wav"))


@pytest.mark.parametrize("name", ["nothing.wav", "~/x.wav", "a\0b", "x" * 5000, "deep", "."])
def test_what_is_not_there_is_said(places: AllowedPaths, name: str) -> None:
    with pytest.raises(ParameterError, match="choose"):
        places.song(name)


def test_links_that_lead_away_are_not_listed(places: AllowedPaths) -> None:
    assert "link.wav" not in {place.label for place in places.songs}
    with pytest.raises(ParameterError):
        places.song("link.wav")


def test_models_outside_are_refused(places: AllowedPaths) -> None:
    with pytest.raises(ParameterError, match="may read"):
        places.model("../../../tmp")


def test_the_folder_of_a_dead_process_goes(tmp_path: Path) -> None:
    folder = session_folder(tmp_path)
    dead = tmp_path / "visitor-999999999-abc"
    dead.mkdir()
    sweep(tmp_path)
    assert folder.is_dir()
    assert not dead.exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("song.mp3", "song.mp3"),
        ("../../etc/passwd", "passwd"),
        ("C:\\music\\song.wav", "song.wav"),
        ("", "recording"),
        ("..", "recording"),
        ("a\nb\x00.mp3", "ab.mp3"),
        ("ü" * 200 + ".flac", "ü" * 57 + ".flac"),
    ],
)
def test_names_of_uploads_are_made_harmless(given: str, kept: str) -> None:
    assert safe_name(given) == kept


@pytest.fixture
def upload(tmp_path: Path) -> Upload:
    got: list[Path] = []
    said: list[str] = []
    upload = Upload(tmp_path, on_file=lambda path, left: got.append(path), on_trouble=said.append, limit=100)
    upload.got, upload.said = got, said
    return upload


def test_an_upload_arrives_in_pieces(upload: Upload) -> None:
    upload._on_message(upload, {"begin": "a.wav", "size": 7}, [])
    upload._on_message(upload, {}, [b"abcd"])
    assert upload.got == []
    upload._on_message(upload, {}, [memoryview(b"efg")])
    assert upload.got[0].read_bytes() == b"abcdefg"


def test_an_empty_upload_arrives(upload: Upload) -> None:
    upload._on_message(upload, {"begin": "a.wav", "size": 0}, [])
    assert upload.got[0].read_bytes() == b""


def test_more_than_was_announced_or_allowed_is_refused(upload: Upload, tmp_path: Path) -> None:
    upload._on_message(upload, {"begin": "a.wav", "size": 101}, [])
    upload._on_message(upload, {"begin": "a.wav", "size": 5}, [])
    upload._on_message(upload, {}, [b"123456"])
    assert upload.got == []
    assert len(upload.said) == 2
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_stopped_upload_leaves_nothing(upload: Upload, tmp_path: Path) -> None:
    upload._on_message(upload, {"begin": "a.wav", "size": 5}, [])
    upload._on_message(upload, {}, [b"123"])
    upload._on_message(upload, {"stop": True}, [])
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
