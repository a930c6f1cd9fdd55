"""ID3v2 tags, edited frame by frame: every frame that is not about the genre keeps its bytes and its place.

A library that reads frames into objects and writes them again changes what it does not understand (another version,
junk, frames that appear twice). Here a tag is a row of frames, as in id3.org's ID3v2.2, 2.3 and 2.4: a version stays
what it was, and mutagen reads the result.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

from genre_lib.batch.tagging.formats.contents import SCORES, Edit, cleaned
from genre_lib.errors import TagError

HEADER = 10
_V1 = 128
_PADDING = 1024
_UNSYNCHRONISED, _EXTENDED, _FOOTER = 0x80, 0x40, 0x10


@dataclass(frozen=True)
class Frame:
    """A frame as it lies in the tag: its name, its header and data, and where the data begins in them."""

    name: str
    raw: bytes
    header: int

    @property
    def data(self) -> bytes:
        """The content after the header."""
        return self.raw[self.header :]


@dataclass(frozen=True)
class Tag:
    """A tag taken apart.

    Attributes
    ----------
    version : 2, 3 or 4
    frames : tuple of Frame
    size : int [bytes]
        Of all of it on disk; 0 for a tag that is not there yet.
    syncsafe : bool
        Whether frame sizes have 7 bits a byte: in 2.4, unless a well-known program of the time wrote it.
    """

    version: int
    frames: tuple[Frame, ...]
    size: int
    syncsafe: bool


def parse(data: bytes | memoryview) -> Tag | None:
    """The tag at the beginning of some bytes; None where there is none.

    Raises
    ------
    TagError
        It is damaged, or of an unknown version.
    """
    data = memoryview(data)
    if len(data) < HEADER or bytes(data[:3]) != b"ID3":
        return None
    version, flags, length = data[3], data[5], _syncsafe(bytes(data[6:10]))
    if version not in (2, 3, 4) or len(data) < HEADER + length:
        raise TagError("its ID3 tag is cut off or of an unknown version")
    body = bytes(data[HEADER : HEADER + length])
    if flags & _UNSYNCHRONISED and version < 4:
        body = body.replace(b"\xff\x00", b"\xff")
    if flags & _EXTENDED and version > 2:
        # It holds a checksum or the size of the padding, which the edit makes untrue: the new tag has none.
        extended = _syncsafe(body[:4]) if version == 4 else int.from_bytes(body[:4], "big") + 4
        body = body[extended:]
    size = HEADER + length + (HEADER if version == 4 and flags & _FOOTER else 0)
    for syncsafe in (True, False) if version == 4 else (False,):
        frames = _frames(body, version, syncsafe)
        if frames is not None:
            return Tag(version, frames, size, syncsafe)
    raise TagError("its ID3 tag is damaged")


def version_1(data: memoryview) -> bytes:
    """The ID3v1 tag at the end of some bytes; empty where there is none."""
    end = bytes(data[-_V1 - 3 :])
    # The mark of an APEv2 tag can stand at the same place.
    return end[3:] if end[3:6] == b"TAG" and end[:6] != b"APETAG" else b""


def edited(tag: Tag, edit: Edit) -> bytes:
    """The tag with other genres, as long as before where that suffices, so that what follows stays where it is."""
    frames = [frame.raw for frame in others(tag, edit)]
    if edit.genres is not None:
        frames.insert(0, _text_frame(tag, "TCON", edit.genres))
    if edit.scores is not None:
        frames.append(_text_frame(tag, "TXXX", (edit.scores,), description=SCORES))
    body = b"".join(frames)
    length = max(tag.size - HEADER, 0)
    if len(body) > length:
        length = len(body) + _PADDING
    return b"ID3" + bytes((tag.version, 0, 0)) + _to_syncsafe(length) + body.ljust(length, b"\0")


def others(tag: Tag, edit: Edit) -> list[Frame]:
    """The frames that an edit leaves alone."""
    return [
        frame
        for frame in tag.frames
        if not (edit.genres is not None and is_genre(frame)) and not (edit.scores is not None and is_scores(frame))
    ]


def is_genre(frame: Frame) -> bool:
    """Whether a frame is the genre, in any version of ID3v2."""
    return frame.name in ("TCON", "TCO")


def is_scores(frame: Frame) -> bool:
    """Whether a frame holds the probabilities that this package writes."""
    return frame.name in ("TXXX", "TXX") and _decoded(frame.data)[:1] == [SCORES]


def read_genres(data: bytes | memoryview) -> tuple[tuple[str, ...], str | None]:
    """Genres and scores of a tag, as mutagen understands it: numbers, names in brackets and several values."""
    from mutagen.id3 import ID3

    tag = ID3()
    tag.load(io.BytesIO(bytes(data)), load_v1=False)
    genres = cleaned(genre for frame in tag.getall("TCON") for genre in frame.genres)
    scores = [str(text) for frame in tag.getall(f"TXXX:{SCORES}") for text in frame.text]
    return genres, scores[0] if scores else None


def _frames(body: bytes, version: int, syncsafe: bool) -> tuple[Frame, ...] | None:
    """All frames up to the padding; None if the sizes do not lead from one to the next."""
    n_name, header = (3, 6) if version == 2 else (4, 10)
    size_of: Callable[[bytes], int] = _syncsafe if syncsafe else lambda data: int.from_bytes(data, "big")
    frames, at = [], 0
    while at + header <= len(body) and body[at] != 0:
        name = body[at : at + n_name]
        stop = at + header + size_of(body[at + n_name : at + 2 * n_name])
        if stop > len(body) or not all(48 <= byte <= 57 or 65 <= byte <= 90 or byte == 32 for byte in name):
            return None
        frames.append(Frame(name.decode("ascii"), body[at:stop], header))
        at = stop
    return tuple(frames) if not body[at:].strip(b"\0") else None


def _text_frame(tag: Tag, name: str, texts: tuple[str, ...], *, description: str | None = None) -> bytes:
    parts = texts if description is None else (description, *texts)
    text = "\0".join(parts)
    if tag.version == 4:
        data = b"\x03" + text.encode()
    elif text.isascii():
        data = b"\x00" + text.encode()
    else:
        # Each text has its own mark of byte order.
        data = b"\x01" + b"\0\0".join(part.encode("utf-16") for part in parts)
    if tag.version == 2:
        return name[:3].encode() + len(data).to_bytes(3, "big") + data
    size = _to_syncsafe(len(data)) if tag.syncsafe else len(data).to_bytes(4, "big")
    return name.encode() + size + b"\0\0" + data


def _decoded(data: bytes) -> list[str]:
    if not data:
        return []
    encoding = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}.get(data[0], "latin-1")
    return data[1:].decode(encoding, "replace").split("\0")


def _syncsafe(data: bytes) -> int:
    number = 0
    for byte in data:
        number = number << 7 | byte & 0x7F
    return number


def _to_syncsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
