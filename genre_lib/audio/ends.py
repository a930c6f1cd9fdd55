"""Whether a container ends before the box in which it keeps its sound does.

This tells of a cut where no header counts seconds: in videos, whose clock is the pictures', and in what was written as
it came. A size that its writer never filled in tells nothing.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_SEGMENT = 0x18538067
_EBML = 0x1A45DFA3
# As many as three hours of video have; who knows what a file with more is.
_BOXES_AT_MOST = 100_000


def is_cut(path: Path, demuxer: str) -> bool:
    """Whether a file ends in the midst of what holds its sound; False where its format, or the file, does not say.

    Parameters
    ----------
    path : Path
    demuxer : str
        ffmpeg's name of the format.
    """
    look = _FORMATS.get(demuxer)
    if look is None:
        return False
    try:
        with path.open("rb") as file:
            return look(file, os.fstat(file.fileno()).st_size)
    except (struct.error, _DamagedError):
        return False


class _DamagedError(Exception):
    """Nothing can be said of a file whose boxes do not follow each other."""


def _avi(file: BinaryIO, size: int) -> bool:
    file.seek(12)
    for _ in range(_BOXES_AT_MOST):
        name, length = struct.unpack("<4sI", file.read(8))
        begin = file.tell()
        if name == b"LIST" and file.read(4) == b"movi":
            return begin + length > size and length < 0x7FFFFFFF
        file.seek(begin + length + length % 2)
    return False


def _mp4(file: BinaryIO, size: int) -> bool:
    """In fragments alone: others have a table of their samples in one piece."""
    at, fragmented = 0, False
    for _ in range(_BOXES_AT_MOST):
        if at >= size:
            return False
        file.seek(at)
        length, name = struct.unpack(">I4s", file.read(8))
        if length == 1:
            length = struct.unpack(">Q", file.read(8))[0]
        if length < 8:
            return False
        fragmented = fragmented or name == b"moof"
        at += length
        if at > size:
            return fragmented and name in (b"moof", b"mdat")
    return False


def _matroska(file: BinaryIO, size: int) -> bool:
    name, length = _element(file)
    if name != _EBML or length is None:
        return False
    file.seek(length, os.SEEK_CUR)
    name, length = _element(file)
    if name != _SEGMENT:
        return False
    if length is not None:
        return file.tell() + length > size
    # Written as it came: clusters that tell their size, one after the other.
    for _ in range(_BOXES_AT_MOST):
        if file.tell() >= size:
            return False
        _, length = _element(file)
        if length is None:
            return False
        if file.tell() + length > size:
            return True
        file.seek(length, os.SEEK_CUR)
    return False


def _element(file: BinaryIO) -> tuple[int, int | None]:
    """Identifier and size of an EBML element (RFC 8794), the size None where it is not known."""
    name, _ = _number(file, at_most=4)
    length, n_bytes = _number(file, at_most=8)
    length &= (1 << 7 * n_bytes) - 1
    return name, None if length == (1 << 7 * n_bytes) - 1 else length


def _number(file: BinaryIO, *, at_most: int) -> tuple[int, int]:
    """A number of variable length with the mark of its length, and that length in bytes."""
    first = file.read(1)
    n_bytes = 9 - first[0].bit_length() if first else 9
    rest = file.read(n_bytes - 1) if n_bytes <= at_most else b""
    if n_bytes > at_most or len(rest) < n_bytes - 1:
        raise _DamagedError
    return int.from_bytes(first + rest, "big"), n_bytes


_FORMATS: dict[str, Callable[[BinaryIO, int], bool]] = {
    "avi": _avi,
    "matroska,webm": _matroska,
    "mov,mp4,m4a,3gp,3g2,mj2": _mp4,
}
