"""One way to look for recordings, which says what it leaves out."""

import os
from pathlib import Path

import pytest

from genre_lib.audio.finding import find_recordings
from genre_lib.datasets.opening import open_data_set
from genre_lib.errors import AudioError
from tests.conftest import write_song


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    for name in ("b.wav", "a/x.MP3", "a/y.wv", "a/z.mp2", "film.avi", "phone.3gp", "old.tta"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"something")
    return folder


def names(found, folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in found.recordings]


def test_everything_that_can_be_read_is_found_in_order(music: Path) -> None:
    found = find_recordings([music])
    assert names(found, music) == ["a/x.MP3", "a/y.wv", "a/z.mp2", "b.wav", "film.avi", "old.tta", "phone.3gp"]
    assert (found.unusable, found.left_out(others=True)) == ({}, None)


def test_what_is_left_out_is_counted(music: Path) -> None:
    (music / "._b.wav").write_bytes(b"of a Mac")
    (music / ".Trash").mkdir()
    (music / "cover.jpg").write_bytes(b"a picture")
    (music / "notes.txt").write_text("words")
    (music / "again").symlink_to(music)
    found = find_recordings([music])
    assert len(found.recordings) == 7
    assert found.left_out() == "2 hidden files and folders and 1 linked folder"
    assert found.left_out(others=True) == f"{found.left_out()} and 2 files of other kinds (.jpg, .txt)"


def test_links_to_nothing_are_said(music: Path) -> None:
    (music / "loop.wav").symlink_to(music / "loop.wav")
    (music / "gone.flac").symlink_to(music / "nothing.flac")
    found = find_recordings([music])
    assert {path.name: "link" in str(error) for path, error in found.unusable.items()} == {
        "loop.wav": True,
        "gone.flac": True,
    }
    assert len(found.recordings) == 7


def test_a_folder_that_may_not_be_read_is_said(music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = os.scandir

    # Root may read everything: the system's refusal is the one part that is made up.
    def refusing(path):
        if Path(path).name == "a":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = find_recordings([music])
    assert names(found, music) == ["b.wav", "film.avi", "old.tta", "phone.3gp"]
    assert str(found.unusable[music / "a"]) == f"{music / 'a'} may not be read: change its permissions."


def test_a_file_that_is_named_counts_whatever_it_is_called(music: Path) -> None:
    (music / "._b.wav").write_bytes(b"asked for")
    assert find_recordings([music / "._b.wav", music / "b.wav", music / "b.wav"]).recordings == [
        music / "._b.wav",
        music / "b.wav",
    ]


@pytest.mark.parametrize("path", ["", "x" * 300, "/".join(["folder"] * 1000), "nowhere"])
def test_paths_that_are_none_do_not_end_the_search(music: Path, path: str) -> None:
    found = find_recordings([path, music])
    assert len(found.recordings) == 7
    assert isinstance(found.unusable[Path(path)], AudioError)


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    assert "holds no audio files" in str(find_recordings([tmp_path]).unusable[tmp_path])


def test_a_data_set_says_what_it_leaves_out_and_takes_any_name(tmp_path: Path) -> None:
    for genre in ("rock", "jazz"):
        (tmp_path / genre).mkdir()
        write_song(tmp_path / genre / "one.wav", 2)
    odd = tmp_path / "rock" / os.fsdecode(b"m\xe9lodie.wav")
    (tmp_path / "rock" / "one.wav").rename(odd)
    (tmp_path / "rock" / "._one.wav").write_bytes(b"of a Mac")
    (tmp_path / "readme.md").write_text("words")
    data_set = open_data_set(tmp_path)
    assert [track.name for track in data_set.tracks] == ["jazz/one.wav", "rock/m\\xe9lodie.wav"]
    assert data_set.tracks[1].path == odd
    assert data_set.notes[-1] == (f"Left out of {tmp_path}: 1 hidden file or folder and 1 file of other kinds (.md).")
