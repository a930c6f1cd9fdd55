"""Files as bytes: looked at without reading them into memory, and shifted in place."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_BLOCK = 1 << 20
_LARGE = 1 << 26


@contextmanager
def mapped(path: Path, *, whole: bool = False) -> Iterator[memoryview]:
    """The bytes of a file.

    Parameters
    ----------
    path : Path
    whole : bool
        Read a file that is not very large at once: all of it will be looked at, and a file that another program
        shortens meanwhile would end this process if it were mapped.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        if not size or (whole and size <= _LARGE):
            yield memoryview(file.read())
            return
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        try:
            yield memoryview(data)
        finally:
            # Slices that an error still holds keep it open until they are gone.
            with suppress(BufferError):
                data.close()


def replace_front(path: Path, old: int, front: bytes) -> None:
    """Put `front` in the place of the first `old` bytes."""
    replace(path, 0, old, front)


def replace(path: Path, start: int, stop: int, new: bytes) -> None:
    """Put `new` in the place of the bytes from `start` to `stop`; what follows moves."""
    with path.open("r+b") as file:
        shift = len(new) - (stop - start)
        end = file.seek(0, 2)
        if shift > 0:
            # From the end, so that nothing is overwritten before it was moved.
            while end > stop:
                begin = max(stop, end - _BLOCK)
                file.seek(begin)
                block = file.read(end - begin)
                file.seek(begin + shift)
                file.write(block)
                end = begin
        elif shift < 0:
            at = stop
            while at < end:
                file.seek(at)
                block = file.read(_BLOCK)
                file.seek(at + shift)
                file.write(block)
                at += len(block)
            file.truncate(end + shift)
        file.seek(start)
        file.write(new)
