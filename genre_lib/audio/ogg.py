"""Ogg files as chains: recorded radio and joined files hold one stream after the other, each with its own beginning.

Source: RFC 3533, section 6: a page begins with "OggS", a version, flags (2: first page of a stream, 4: its last), and
ends its header with the lengths of its segments.
"""

from __future__ import annotations

import mmap
from itertools import pairwise
from pathlib import Path

_PAGE = b"OggS\x00"
_FIRST = b"OggS\x00\x02"
_HEADER_BYTES = 27
_LAST_OF_STREAM = 4


def links(path: Path) -> list[tuple[int, int]]:
    """First and one past the last byte of each link of a chain; a file that is no chain is one link."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        starts: list[int] = []
        after_first = -1
        at = data.find(_FIRST)
        while at >= 0:
            # Streams beside each other (sound and pictures) begin with their first pages in a row.
            if at != after_first:
                starts.append(at)
            after_first = at + _page_bytes(data, at)
            at = data.find(_FIRST, at + _HEADER_BYTES)
        bounds = [0, *starts[1:], len(data)]
        return list(pairwise(bounds))


def has_end_mark(path: Path) -> bool:
    """Whether the last page of the file is marked as the last of its stream, and there as a whole."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.rfind(_PAGE)
        if at < 0 or at + _HEADER_BYTES > len(data):
            return False
        return bool(data[at + 5] & _LAST_OF_STREAM) and at + _page_bytes(data, at) <= len(data)


def _page_bytes(data: mmap.mmap, at: int) -> int:
    if at + _HEADER_BYTES > len(data):
        return _HEADER_BYTES
    n_segments = data[at + _HEADER_BYTES - 1]
    return _HEADER_BYTES + n_segments + sum(data[at + _HEADER_BYTES : at + _HEADER_BYTES + n_segments])
