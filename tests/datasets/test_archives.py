import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from genre_lib.datasets.archives import unpack_tar
from genre_lib.errors import DataSetError

Fill = Callable[[tarfile.TarFile], None]


def add(tar: tarfile.TarFile, name: str, content: bytes = b"sound", **fields: object) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for field, value in fields.items():
        setattr(member, field, value)
    tar.addfile(member, io.BytesIO(content) if member.isreg() else None)


def archive(path: Path, fill: Fill) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        add(tar, "genres/blues/blues.00000.au")
        fill(tar)
    return path


def link(kind: bytes, target: str) -> Fill:
    return lambda tar: add(tar, "genres/link", b"", type=kind, linkname=target)


def through_a_link(tar: tarfile.TarFile) -> None:
    add(tar, "genres/out", b"", type=tarfile.SYMTYPE, linkname="/tmp")
    add(tar, "genres/out/escaped")


ATTACKS: dict[str, Fill] = {
    "parent": lambda tar: add(tar, "../escaped"),
    "hidden parent": lambda tar: add(tar, "genres/../../escaped"),
    "absolute": lambda tar: add(tar, "/tmp/genre-lib-escaped"),
    "backslash": lambda tar: add(tar, "..\\escaped"),
    "drive": lambda tar: add(tar, "C:escaped"),
    "symbolic link": link(tarfile.SYMTYPE, "/etc/passwd"),
    "hard link": link(tarfile.LNKTYPE, "genres/blues/blues.00000.au"),
    "through a link": through_a_link,
    "character device": lambda tar: add(tar, "genres/null", b"", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
    "block device": lambda tar: add(tar, "genres/disk", b"", type=tarfile.BLKTYPE),
    "pipe": lambda tar: add(tar, "genres/pipe", b"", type=tarfile.FIFOTYPE),
}


def test_files_arrive_whole(tmp_path: Path) -> None:
    def fill(tar: tarfile.TarFile) -> None:
        add(tar, "genres/rock", b"", type=tarfile.DIRTYPE)
        add(tar, "genres/rock/rock.00001.au", b"guitar" * 1000, mode=0o4777)

    folder = tmp_path / "data" / "gtzan"
    unpack_tar(archive(tmp_path / "a.tar.gz", fill), folder)
    assert (folder / "genres/rock/rock.00001.au").read_bytes() == b"guitar" * 1000
    assert (folder / "genres/blues/blues.00000.au").read_bytes() == b"sound"
    assert not os.stat(folder / "genres/rock/rock.00001.au").st_mode & 0o6111
    assert os.listdir(folder.parent) == ["gtzan"]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused_and_leaves_nothing(tmp_path: Path, attack: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    path = archive(tmp_path / "a.tar.gz", ATTACKS[attack])
    with pytest.raises(DataSetError, match="refused") as caught:
        unpack_tar(path, inside / "gtzan")
    assert "\n" not in str(caught.value)
    assert list(inside.iterdir()) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.tar.gz", "inside"]


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.tar.gz", lambda tar: add(tar, "genres/zeros", bytes(10_000_000)))
    assert path.stat().st_size < 50_000
    with pytest.raises(DataSetError, match="more than 1000000 bytes"):
        unpack_tar(path, tmp_path / "gtzan", limit_bytes=1_000_000)
    assert not (tmp_path / "gtzan").exists()


def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.tar.gz", lambda tar: add(tar, "genres/blues/blues.00000.au", b"other"))
    with pytest.raises(DataSetError, match="twice: it is refused"):
        unpack_tar(path, tmp_path / "gtzan")
    assert not (tmp_path / "gtzan").exists()


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.tar.gz", lambda tar: add(tar, "genres/noise", os.urandom(100_000)))
    path.write_bytes(path.read_bytes()[:50_000])
    with pytest.raises(DataSetError, match="is damaged"):
        unpack_tar(path, tmp_path / "gtzan")
    assert not (tmp_path / "gtzan").exists()


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_text("<html>not found</html>")
    with pytest.raises(DataSetError, match="is damaged"):
        unpack_tar(tmp_path / "a.tar.gz", tmp_path / "gtzan")


def test_an_existing_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "gtzan").mkdir()
    with pytest.raises(DataSetError, match="exists already"):
        unpack_tar(archive(tmp_path / "a.tar.gz", lambda tar: None), tmp_path / "gtzan")
