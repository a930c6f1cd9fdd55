"""The difference between two versions of a file, small enough to keep one for every song of a library.

Made for what an edit of tags does: a stretch is replaced, what follows is shifted, and here and there a length, a place
or a checksum changes. A difference is a row of stretches copied from the one version and of bytes that only the other
has.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

Bytes = bytes | memoryview

# A stretch of 0 bytes to copy does not occur: it announces bytes that follow.
_OP = struct.Struct("<QQ")
_SAME = 32
_NEAR = 64
_MOST_ANCHORS = 1 << 17
_STEP = 1 << 16


def difference(new: Bytes, old: Bytes) -> bytes:
    """What has to be done to `new` to get `old` again.

    Examples
    --------
    >>> b"".join(restored(b"genre=jazz, sound", difference(b"genre=jazz, sound", b"genre=, sound")))
    b'genre=, sound'
    """
    out, at = [], 0
    for start, place, length in _matches(new, old):
        if start > at:
            out.append(_OP.pack(start - at, 0) + bytes(old[at:start]))
        out.append(_OP.pack(place, length))
        at = start + length
    if at < len(old):
        out.append(_OP.pack(len(old) - at, 0) + bytes(old[at:]))
    return zlib.compress(b"".join(out), 6)


def restored(new: Bytes, made: bytes) -> Iterator[bytes]:
    """The parts of the old version, one after the other."""
    ops, at = zlib.decompress(made), 0
    while at < len(ops):
        place, length = _OP.unpack_from(ops, at)
        at += _OP.size
        if length:
            for start in range(place, place + length, _STEP):
                yield bytes(new[start : min(start + _STEP, place + length)])
        else:
            yield ops[at : at + place]
            at += place


def _matches(new: Bytes, old: Bytes) -> Iterator[tuple[int, int, int]]:
    """Stretches that both have: where in the old, where in the new, how long; in the order of the old."""
    behind = _common_end(new, old)
    end_old, end_new = len(old) - behind, len(new) - behind
    at = place = 0
    anchors: dict[bytes, int] | None = None
    while at < end_old:
        length = _common(new, old, place, at, end_new, end_old)
        if length >= _SAME or (length and at + length == end_old):
            yield at, place, length
            at, place = at + length, place + length
        near = _near(new, old, place, at, end_new, end_old)
        if near is not None:
            # Some bytes were overwritten, such as a checksum.
            at, place = at + near, place + near
            continue
        if anchors is None:
            anchors = _anchors(new, end_new)
        found = _next_anchor(anchors, old, at, end_old)
        if found is None:
            break
        at, place = found
    if behind:
        yield end_old, end_new, behind


def _common_end(new: Bytes, old: Bytes) -> int:
    most = min(len(new), len(old))
    same, step = 0, _STEP
    while step:
        while same + step <= most and (
            new[len(new) - same - step : len(new) - same] == old[len(old) - same - step : len(old) - same]
        ):
            same += step
        step //= 2
    return same


def _common(new: Bytes, old: Bytes, place: int, at: int, end_new: int, end_old: int) -> int:
    most = min(end_new - place, end_old - at)
    same, step = 0, _STEP
    while step:
        while same + step <= most and new[place + same : place + same + step] == old[at + same : at + same + step]:
            same += step
        step //= 2
    return same


def _near(new: Bytes, old: Bytes, place: int, at: int, end_new: int, end_old: int) -> int | None:
    for skip in range(1, _NEAR):
        if max(place + skip + _SAME - end_new, at + skip + _SAME - end_old) > 0:
            return None
        if new[place + skip : place + skip + _SAME] == old[at + skip : at + skip + _SAME]:
            return skip
    return None


def _anchors(new: Bytes, end: int) -> dict[bytes, int]:
    """Short pieces of the new version and where they are; sparser in a long one, so that memory stays small."""
    every = max(_SAME, end // _MOST_ANCHORS)
    found: dict[bytes, int] = {}
    for place in range(0, end - _SAME + 1, every):
        found.setdefault(bytes(new[place : place + _SAME]), place)
    return found


def _next_anchor(anchors: dict[bytes, int], old: Bytes, at: int, end: int) -> tuple[int, int] | None:
    for start in range(at, end - _SAME + 1):
        place = anchors.get(bytes(old[start : start + _SAME]))
        if place is not None:
            return start, place
    return None
