"""Features on disk: one ``.npy`` file a track, named by the hash of its content and of the front end.

A name that depends on nothing but content and definition needs no bookkeeping: renamed files, other folders, other runs
and other machines find the same entry, and a changed file or front end simply has another one. Entries are written
under a temporary name and renamed, so that a run can be killed at any moment. A small SQLite table remembers the hash
of files seen before (by path, size and time of change): it only saves reading them again and may be deleted.
"""

from __future__ import annotations

import errno
import hashlib
import os
import sqlite3
import time
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.decoding import AudioReader
from genre_lib.audio.files import utf8
from genre_lib.audio.front_end import FrontEnd
from genre_lib.errors import AudioError, CacheError
from genre_lib.utils.atomic import replaced_file

MINIMUM_S = 1.0
"""Recordings shorter than this are skipped: hardly a network has one step for them."""

SILENT_DBFS = -90.0
"""A recording none of whose frames is louder is silent: that is the last bit of 16-bit audio."""

_STALE_S = 3600.0
_CHECKSUM_BYTES = 4


@dataclass(frozen=True)
class Entry:
    """A cached track.

    Attributes
    ----------
    key : str
        Name of its file: hash of content and front end.
    content : str
        SHA-256 of the recording's bytes.
    n_frames : int
    warning : str or None
        One sentence where the recording is usable but not whole.
    """

    key: str
    content: str
    n_frames: int
    warning: str | None = None


@dataclass(frozen=True)
class FeatureCache:
    """Log-mel spectrograms of one front end in one folder; small and picklable, so that any worker can fill it."""

    folder: Path
    front_end: FrontEnd

    def key(self, content: str) -> str:
        """Name of the entry for a recording with the SHA-256 `content`."""
        return hashlib.sha256(f"log-mel {content} {self.front_end.digest()}".encode()).hexdigest()

    def path(self, key: str) -> Path:
        """File of an entry; two hexadecimal digits a folder keep folders small."""
        return self.folder / key[:2] / f"{key}.npy"

    def compute(self, recording: Path) -> Entry:
        """Make sure the features of a recording are there, and say where.

        Raises
        ------
        AudioError
            The recording is unreadable, silent or too short.
        CacheError
            The disk is full or may not be written.
        """
        content = content_hash(recording)
        key = self.key(content)
        log_mel, warning = self._log_mel(recording)
        self._write(key, log_mel)
        return Entry(key, content, len(log_mel), warning)

    def read(self, key: str) -> NDArray[np.float32]:
        """A memory map [shape=(n_frames, n_mels)] of an entry; CacheError if it is missing or damaged."""
        path = self.path(key)
        try:
            log_mel = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise CacheError(f"The cached features {path} cannot be read ({error}): delete the file.") from error
        if log_mel.dtype != np.float32 or log_mel.ndim != 2 or log_mel.shape[1] != self.front_end.n_mels:
            raise CacheError(f"The cached features {path} have shape {log_mel.shape}: delete the file.")
        return log_mel

    def is_sound(self, key: str) -> bool:
        """Whether an entry is there, whole, and has the checksum it was written with."""
        try:
            log_mel = self.read(key)
            with self.path(key).open("rb") as file:
                file.seek(-_CHECKSUM_BYTES, os.SEEK_END)
                return log_mel.size > 0 and file.read() == _checksum(log_mel)
        except (CacheError, OSError):
            return False

    def sweep(self) -> None:
        """Delete what killed runs left half written (an hour ago or earlier, so that no running one is disturbed)."""
        for path in self.folder.glob("*/.*.tmp.npy"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _STALE_S:
                    path.unlink()

    def _log_mel(self, recording: Path) -> tuple[NDArray[np.float32], str | None]:
        blocks, loudest = [], 0.0
        with AudioReader(recording, self.front_end.sample_rate) as reader:
            for log_mel, power in self.front_end.stream(reader):
                blocks.append(log_mel)
                loudest = max(loudest, float(power.max()))
            warning = reader.warning
        n_frames = sum(map(len, blocks))
        if n_frames < self.front_end.n_frames(round(MINIMUM_S * self.front_end.sample_rate)):
            raise AudioError(f"{recording} is shorter than {MINIMUM_S:g} s: too short to hear a genre in.")
        if loudest <= 10 ** (SILENT_DBFS / 10):
            raise AudioError(f"{recording} is silent: no moment of it is louder than {SILENT_DBFS:g} dBFS.")
        return np.concatenate(blocks), warning

    def _write(self, key: str, log_mel: NDArray[np.float32]) -> None:
        path = self.path(key)
        try:
            with replaced_file(path) as draft, draft.open("wb") as file:
                np.save(file, log_mel, allow_pickle=False)
                # Bytes after the array are ignored by numpy.
                file.write(_checksum(log_mel))
        except OSError as error:
            raise _cache_error(self.folder, error) from error


class KnownContents:
    """Content hashes of files seen before, by path, size and time of change; use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "contents.sqlite"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _cache_error(folder, error) from error
        try:
            self._table = self._open()
        except sqlite3.DatabaseError:
            self._path.unlink(missing_ok=True)
            self._table = self._open()

    def __enter__(self) -> KnownContents:
        return self

    def __exit__(self, *_: object) -> None:
        self._table.close()

    def get(self, recording: Path) -> str | None:
        """SHA-256 of a recording that has not changed since it was last seen, else None."""
        try:
            row = self._table.execute("SELECT content FROM seen WHERE file = ?", (_identity(recording),)).fetchone()
        except (OSError, sqlite3.Error):
            return None
        return None if row is None else str(row[0])

    def put(self, recording: Path, content: str) -> None:
        """Remember the SHA-256 of a recording; forgetting it on a full disk costs time only."""
        with suppress(OSError, sqlite3.Error), self._table:
            self._table.execute("INSERT OR REPLACE INTO seen VALUES (?, ?)", (_identity(recording), content))

    def _open(self) -> sqlite3.Connection:
        table = sqlite3.connect(self._path, timeout=30.0)
        # Losing the last rows in a power cut is harmless, waiting for the disk at every row is not.
        table.execute("PRAGMA synchronous = OFF")
        table.execute("CREATE TABLE IF NOT EXISTS seen (file TEXT PRIMARY KEY, content TEXT NOT NULL)")
        return table


class CachedLogMels(Sequence[NDArray[np.float32]]):
    """Spectrograms of a cache, each mapped when asked for: thousands of open maps would exceed the system's limit."""

    def __init__(self, cache: FeatureCache, keys: Sequence[str]) -> None:
        self._cache = cache
        self._keys = list(keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        if isinstance(index, slice):
            return CachedLogMels(self._cache, self._keys[index])
        return self._cache.read(self._keys[index])


def content_hash(path: Path) -> str:
    """SHA-256 of a file's bytes [64 hexadecimal digits]; AudioError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise AudioError(f"{path} cannot be read ({error.strerror}): check the path and its permissions.") from error


def _identity(path: Path) -> str:
    status = path.stat()
    return utf8(f"{os.path.realpath(path)}|{status.st_size}|{status.st_mtime_ns}")


def _checksum(log_mel: NDArray[np.float32]) -> bytes:
    return zlib.crc32(np.ascontiguousarray(log_mel).data).to_bytes(_CHECKSUM_BYTES, "little")


def _cache_error(folder: Path, error: OSError) -> CacheError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return CacheError(f"The disk of {folder} is full: free some space and run again, what is done is kept.")
    return CacheError(f"The cache folder {folder} cannot be written ({error.strerror}): name another one.")
