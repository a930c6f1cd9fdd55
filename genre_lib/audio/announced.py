"""How long a file says that it is: only where it says so itself, and what it says can be.

Nothing is guessed from a bit rate or from the size of the file: a guess that is too long looks like a loss, one that is
too short like the whole.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

# What writers leave in a size that they never came back to fill in.
_UNKNOWN_SIZES = {0, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF}
# Formats whose header counts samples or seconds, which ffmpeg then reports.
_COUNTED = {"flac", "ogg", "wv", "tta", "ape", "flv", "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}
_ASF_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
# Digital silence in FLAC takes 150 bytes a second: a header that claims less is damaged.
_FEWEST_BYTES_A_SECOND = 125
# Mono speech at 8 kbit/s, and the largest frame that the format has.
_MP3_FRAME_BYTES = range(24, 2882)
# Of an mp3's bytes; the Xing frame itself is counted by some encoders and not by others.
_WHOLE = 0.99


def announced_s(path: Path, demuxer: str, *, counted_s: float | None, heard_s: float) -> float | None:
    """Seconds that a file's header claims, or None where it claims nothing that can be, or no more than is there.

    Parameters
    ----------
    path : Path
    demuxer : str
        ffmpeg's name of the format.
    counted_s : float, optional [s]
        ffmpeg's figure, which is the header's in formats that count samples or seconds.
    heard_s : float [s]
        How long the part of the file is that is there.
    """
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            if demuxer == "mp3":
                return _by_xing(file, size)
            if demuxer in _DATA_CHUNK:
                begin, stated = _DATA_CHUNK[demuxer](file)
                there = size - begin
                return heard_s * stated / there if stated not in _UNKNOWN_SIZES and 0 < there < stated else None
    except (struct.error, _NoDataError):
        return None
    if demuxer not in _COUNTED or counted_s is None or counted_s * _FEWEST_BYTES_A_SECOND > size:
        return None
    return counted_s


class _NoDataError(Exception):
    """The header ends without a word about the sound."""


def _riff(file: BinaryIO) -> tuple[int, int]:
    """First byte of the samples and how many bytes the header counts, also of the large and the big-endian kinds."""
    kind = file.read(12)[:4]
    order = ">" if kind == b"RIFX" else "<"
    large = None
    while True:
        name, size = struct.unpack(f"{order}4sI", file.read(8))
        if name == b"ds64":
            large = struct.unpack("<QQ", file.read(16))[1]
            size -= 16
        elif name == b"data":
            return file.tell(), large if large is not None and size == 0xFFFFFFFF else size
        file.seek(size + size % 2, 1)


def _w64(file: BinaryIO) -> tuple[int, int]:
    file.seek(40)
    while True:
        name, size = struct.unpack("<4s12xQ", file.read(24))
        if name == b"data":
            return file.tell(), size - 24
        if size < 24:
            raise _NoDataError
        file.seek((size - 24 + 7) // 8 * 8, 1)


def _au(file: BinaryIO) -> tuple[int, int]:
    begin, size = struct.unpack(">4xII", file.read(12))
    return begin, size


def _aiff(file: BinaryIO) -> tuple[int, int]:
    file.seek(12)
    while True:
        name, size = struct.unpack(">4sI", file.read(8))
        if name == b"SSND":
            return file.tell() + 8, size - 8 if size > 8 else 0
        file.seek(size + size % 2, 1)


def _caf(file: BinaryIO) -> tuple[int, int]:
    file.seek(8)
    while True:
        name, size = struct.unpack(">4sq", file.read(12))
        if name == b"data":
            return file.tell() + 4, max(0, size - 4)
        if size < 0:
            raise _NoDataError
        file.seek(size, 1)


def _asf(file: BinaryIO) -> tuple[int, int]:
    """The data object, which follows the header; ffmpeg's seconds of a cut file are a guess from its size."""
    header = struct.unpack("<16xQ", file.read(24))[0]
    file.seek(header)
    name, size = struct.unpack("<16sQ", file.read(24))
    if name != _ASF_DATA:
        raise _NoDataError
    return header, size


_DATA_CHUNK: dict[str, Callable[[BinaryIO], tuple[int, int]]] = {
    "wav": _riff,
    "w64": _w64,
    "au": _au,
    "aiff": _aiff,
    "caf": _caf,
    "asf": _asf,
}


def _by_xing(file: BinaryIO, size: int) -> float | None:
    """Seconds by the Xing (or Info) frame at the beginning of an mp3, where the file lacks bytes that it counts.

    The frame holds a tag, flags and, where bits 0 and 1 are set, the number of frames and of bytes, big-endian
    (http://gabriel.mp3-tech.org/mp3infotag.html). One that counts no bytes, or other bytes than are there, was
    written for another file.
    """
    head = file.read(10)
    tag = 0
    if head[:3] == b"ID3":
        tag = 10 + ((head[6] << 21) | (head[7] << 14) | (head[8] << 7) | head[9])
    file.seek(tag)
    data = file.read(4096)
    start = next((i for i in range(len(data) - 4) if data[i] == 0xFF and data[i + 1] & 0xE0 == 0xE0), None)
    if start is None:
        return None
    version, rate_index = (data[start + 1] >> 3) & 3, (data[start + 2] >> 2) & 3
    frame = data[start : start + 200]
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    if at < 0 or version == 1 or rate_index == 3:
        return None
    flags, n_frames, n_bytes = struct.unpack(">III", frame[at + 4 : at + 16])
    if flags & 3 != 3 or n_frames == 0 or n_bytes // n_frames not in _MP3_FRAME_BYTES:
        return None
    if size - tag - start >= _WHOLE * n_bytes:
        return None
    rate = (44100, 48000, 32000)[rate_index] // {3: 1, 2: 2, 0: 4}[version]
    return n_frames * (1152 if version == 3 else 576) / rate
