"""Unpacking archives that came from elsewhere: regular files only, inside the folder, within a limit."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
import zlib
from pathlib import Path, PurePosixPath

from genre_lib.errors import CacheError, DataSetError
from genre_lib.executors import Progress

DEFAULT_LIMIT_BYTES = 4 * 2**30
"""Three times GTZAN: what a small malicious archive could blow up to is far beyond."""

_MAX_MEMBERS = 100_000


def unpack_tar(
    archive: Path, folder: Path, *, limit_bytes: int = DEFAULT_LIMIT_BYTES, progress: Progress | None = None
) -> None:
    """Unpack a tar file (compressed or not) into a new folder, all of it or nothing.

    Parameters
    ----------
    archive : Path
    folder : Path
        Must not exist; it appears when everything is unpacked.
    limit_bytes : int
        Most bytes of all files together.
    progress : callable, optional
        Called with (files done, None).

    Raises
    ------
    DataSetError
        The archive is damaged, too large, or holds a link, a device or a path that leads out of the folder: nothing of
        it is kept then.
    CacheError
        The disk is full.
    """
    if folder.exists():
        raise DataSetError(f"{folder} exists already: delete it to unpack {archive.name} again.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        _unpack_members(archive, unfinished, limit_bytes, progress)
        os.replace(unfinished, folder)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise DataSetError(f"{archive} is damaged ({error}): delete it and fetch it again.") from error
    except OSError as error:
        raise CacheError(f"{archive.name} cannot be unpacked into {folder} ({error}): free some space.") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _unpack_members(archive: Path, folder: Path, limit_bytes: int, progress: Progress | None) -> None:
    left = limit_bytes
    n_files = 0
    with tarfile.open(archive, "r:*") as tar:
        for n_members, member in enumerate(tar, start=1):
            place = _safe_place(archive, member)
            left -= member.size
            if left < 0 or n_members > _MAX_MEMBERS:
                raise DataSetError(
                    f"{archive} unpacks to more than {limit_bytes} bytes or {_MAX_MEMBERS} files: it is not what it "
                    "claims to be."
                )
            if member.isdir():
                continue
            source = tar.extractfile(member)
            assert source is not None
            target = folder / place
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                raise DataSetError(f"{archive} holds {member.name!r} twice: it is refused.")
            # Written by hand: owners, permissions and times of the archive mean nothing here.
            with source, target.open("xb") as file:
                shutil.copyfileobj(source, file, 2**20)
            n_files += 1
            if progress is not None:
                progress(n_files, None)


def _safe_place(archive: Path, member: tarfile.TarInfo) -> PurePosixPath:
    place = PurePosixPath(member.name)
    unusual = "\\" in member.name or ":" in member.name or "\0" in member.name
    if place.is_absolute() or ".." in place.parts or unusual:
        raise DataSetError(f"{archive} holds the path {member.name!r}, which leads out of the folder: it is refused.")
    if not (member.isreg() or member.isdir()):
        raise DataSetError(f"{archive} holds {member.name!r}, a link or a device: it is refused.")
    return place
