"""A file, or a part of one, as ffmpeg's libraries read it."""

from __future__ import annotations

import io
from pathlib import Path


def open_section(path: Path, start: int, stop: int) -> io.RawIOBase:
    """Bytes [start, stop) of a file, as a file whose name is its suffix alone.

    Decoders guess by the name, and take whole names for addresses. A whole file is read without any Python: an
    interrupt that came in the midst of a Python function that a decoder has called would be lost, and the sound there.
    """
    if (start, stop) != (0, path.stat().st_size):
        return Section(path, start, stop)
    whole = io.FileIO(path)
    whole.name = _name(path)
    return whole


def _name(path: Path) -> str:
    return f"recording{path.suffix}"


class Section(io.RawIOBase):
    """Bytes [start, stop) of a file."""

    def __init__(self, path: Path, start: int, stop: int) -> None:
        self._file = path.open("rb")
        self._start, self._stop = start, stop
        self._at = start
        self.name = _name(path)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, n: int = -1) -> bytes:
        left = max(0, self._stop - self._at)
        if left == 0:
            return b""
        self._file.seek(self._at)
        data = self._file.read(left if n < 0 else min(n, left))
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: self._start, io.SEEK_CUR: self._at, io.SEEK_END: self._stop}[whence]
        # Damaged headers lead anywhere; only reading shows whether something is there.
        self._at = max(self._start, base + offset)
        return self._at - self._start

    def tell(self) -> int:
        return self._at - self._start

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()
