"""Ogg (Vorbis, Opus, Speex, FLAC): the comments are the second packet of the first stream.

Pages behind the headers keep their bytes but for their numbers, which change where the comments fill another number of
pages (RFC 3533).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from genre_lib.batch.tagging.formats import vorbis
from genre_lib.batch.tagging.formats.contents import Contents, Edit, named
from genre_lib.batch.tagging.formats.file_bytes import mapped
from genre_lib.errors import TagError

_HEAD = struct.Struct("<4sBBqIII")
_FIRST = 2
# What Ogg pages hold at most.
_PAGE_SIZES = (4096, 8192, 16384, 32768, 62000)


@dataclass(frozen=True)
class _Page:
    """A page: where it lies, its head, and where its body begins and ends."""

    start: int
    flags: int
    position: int
    serial: int
    sequence: int
    lacing: bytes
    body: int
    stop: int


def read(path: Path, *, audio: bool = True) -> Contents:
    """See `Contents`."""
    with mapped(path, whole=audio) as data:
        n_pages, packets = _headers(data)
        prefix, comments = _comments(packets)
        rest = [
            *((f"header {i}", packet) for i, packet in enumerate(packets) if i != 1),
            ("kind of comments", prefix),
            *vorbis.others(comments),
            ("behind the comments", comments.behind.rstrip(b"\0")),
        ]
        genres, scores = vorbis.read_genres(comments)
        return Contents(_audio(data, n_pages) if audio else "", named(rest), genres, scores)


def write(path: Path, edit: Edit) -> None:
    """Edit the comments; padding behind them gives the room where there is some."""
    from mutagen.ogg import OggPage

    with mapped(path) as data:
        n_pages, packets = _headers(data)
    prefix, comments = _comments(packets)
    new = vorbis.edited(comments, edit)
    behind = new.behind.rstrip(b"\0")
    block = new.to_bytes() + behind
    if prefix.startswith((b"\x04", b"\x84")):
        # In Ogg FLAC the packet is a metadata block, with its length in front and no padding.
        prefix = prefix[:1] + len(block).to_bytes(3, "big")
    else:
        block = block.ljust(len(packets[1]) - len(prefix), b"\0")
    packets[1] = prefix + block
    with path.open("r+b") as file:
        first = OggPage(file)
        old = [OggPage(file) for _ in range(n_pages - 1)]
        layouts = [OggPage.from_packets(packets[1:], first.sequence + 1, size) for size in _PAGE_SIZES]
        # With as many pages as before none behind them has to be numbered anew.
        best = min(layouts, key=lambda pages: abs(len(pages) - len(old)))
        for page in best:
            # No packet of sound ends here; a page on which no packet ends says so.
            page.position = 0 if page.complete or len(page.packets) > 1 else -1
        OggPage.replace(file, old, best)


def _headers(data: memoryview) -> tuple[int, list[bytes]]:
    """The number of pages with headers, and the packets on them."""
    packets: list[bytes] = []
    open_packet = b""
    n_headers = serial = None
    for n_pages, page in enumerate(_pages(data), start=1):
        if n_pages > 1 and page.flags & _FIRST:
            raise TagError("it holds several streams side by side")
        if serial not in (None, page.serial):
            raise TagError("its pages are in disorder")
        serial = page.serial
        at = page.body
        for length in page.lacing:
            open_packet += bytes(data[at : at + length])
            at += length
            if length < 255:
                packets.append(open_packet)
                open_packet = b""
        if n_headers is None:
            n_headers = _number_of_headers(packets[0] if packets else b"")
        if len(packets) >= n_headers:
            if len(packets) > n_headers or open_packet:
                raise TagError("its sound does not begin on a page of its own")
            return n_pages, packets
    raise TagError("its headers are cut off")


def _number_of_headers(packet: bytes) -> int:
    if packet.startswith(b"\x01vorbis"):
        return 3
    if packet.startswith(b"OpusHead"):
        return 2
    if packet.startswith(b"Speex   ") and len(packet) >= 72:
        return 2 + int.from_bytes(packet[68:72], "little")
    if packet.startswith(b"\x7fFLAC") and int.from_bytes(packet[7:9], "big"):
        return 1 + int.from_bytes(packet[7:9], "big")
    raise TagError("it is neither Vorbis, Opus, Speex nor FLAC")


def _comments(packets: list[bytes]) -> tuple[bytes, vorbis.Comments]:
    """What stands before the comments in their packet, and the comments."""
    packet = packets[1]
    if packets[0].startswith(b"\x01vorbis"):
        n = 7
    elif packets[0].startswith(b"OpusHead"):
        n = 8
    else:
        n = 4 if packets[0].startswith(b"\x7fFLAC") else 0
    return packet[:n], vorbis.parse(packet[n:])


def _audio(data: memoryview, n_headers: int) -> str:
    """All pages behind the headers, numbered from 0 whatever their numbers are."""
    hasher = hashlib.sha256()
    first: dict[int, int] = {}
    for i, page in enumerate(_pages(data)):
        if i < n_headers:
            continue
        number = page.sequence - first.setdefault(page.serial, page.sequence)
        hasher.update(struct.pack("<BqIq", page.flags, page.position, page.serial, number))
        hasher.update(page.lacing)
        hasher.update(data[page.body : page.stop])
    return hasher.hexdigest()


def _pages(data: memoryview) -> Iterator[_Page]:
    at = 0
    while at < len(data):
        if len(data) < at + 27 or bytes(data[at : at + 4]) != b"OggS":
            raise TagError("its pages are damaged or cut off")
        _, _, flags, position, serial, sequence, _ = _HEAD.unpack(data[at : at + 26])
        body = at + 27 + data[at + 26]
        lacing = bytes(data[at + 27 : body])
        stop = body + sum(lacing)
        if stop > len(data):
            raise TagError("its pages are damaged or cut off")
        yield _Page(at, flags, position, serial, sequence, lacing, body, stop)
        at = stop
