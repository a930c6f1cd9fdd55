"""Paths that are no recordings, and names that are no text, each get a sentence of one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from genre_lib.audio.files import check_file, shown, utf8
from genre_lib.errors import AudioError, UnreachableError
from tests.conftest import write_song

LATIN_1 = os.fsdecode(b"m\xe9lodie.wav")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("plain song.mp3", "plain song.mp3"),
        ("Bjö́rk 音楽.flac", "Bjö́rk 音楽.flac"),
        ("two\nlines\tand a tab", "two\\nlines\\tand a tab"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        (LATIN_1, "m\\xe9lodie.wav"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
    ],
)
def test_names_are_written_in_one_line_that_no_terminal_obeys(name: str, written: str) -> None:
    assert shown(name) == written
    shown(name).encode("utf-8")


def test_bytes_that_are_no_text_are_escaped_and_the_rest_stays() -> None:
    assert utf8(f"two\nlines {LATIN_1}") == "two\nlines m\\xe9lodie.wav"


def test_a_path_that_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AudioError, match="is empty"):
        check_file("")


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_pipes_and_devices_are_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = Path("/dev/zero") if kind == "device" else tmp_path / "pipe.wav"
    if kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(AudioError, match="pipe or a device"):
        check_file(path)


def test_links_that_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "loop.wav").symlink_to(tmp_path / "loop.wav")
    (tmp_path / "gone.wav").symlink_to(tmp_path / "nothing.wav")
    with pytest.raises(AudioError, match="leads back to itself"):
        check_file(tmp_path / "loop.wav")
    with pytest.raises(UnreachableError, match="link to a file that is not there"):
        check_file(tmp_path / "gone.wav")


def test_paths_beyond_what_the_system_takes(tmp_path: Path) -> None:
    for path in (tmp_path / ("x" * 300), tmp_path / "/".join(["folder"] * 1000)):
        with pytest.raises(AudioError, match="too long") as caught:
            check_file(path)
        assert len(str(caught.value)) < 300


def test_a_file_that_may_not_be_read_is_the_machines_fault(tmp_path: Path) -> None:
    song = write_song(tmp_path / "song.wav")
    song.chmod(0)
    code = (
        "import sys; from genre_lib.audio.files import check_file; from genre_lib.errors import UnreachableError\n"
        "try: check_file(sys.argv[1])\nexcept UnreachableError as error: print(error)"
    )
    # Root may read everything unless it lets go of that.
    command = [sys.executable, "-c", code, str(song)]
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == f"{song} may not be read: change its permissions."


@pytest.mark.parametrize("address", ["https://example.org/song.mp3", "HTTP://example.org/a", "ftp://example.org/a"])
def test_an_address_is_called_one(address: str) -> None:
    for path in (address, Path(address)):
        with pytest.raises(UnreachableError, match="is an address: fetch the file first"):
            check_file(path)
