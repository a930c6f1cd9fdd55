"""WAV and AIFF: chunks, one of which is an ID3 tag.

A WAV has its genre in a LIST of INFO too: that is what Windows and ffmpeg read there, while most players and taggers
read ID3.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from genre_lib.batch.tagging.formats import id3
from genre_lib.batch.tagging.formats.contents import Contents, Edit, cleaned, digest, named
from genre_lib.batch.tagging.formats.file_bytes import mapped, replace
from genre_lib.errors import TagError

_ID3 = (b"id3 ", b"ID3 ")
_SOUND = (b"data", b"SSND")
_LONGEST = (1 << 32) - 1
Order = Literal["little", "big"]


@dataclass(frozen=True)
class Chunk:
    """A name, and where the data of it begins and ends; a byte of padding may follow."""

    name: bytes
    start: int
    stop: int

    @property
    def next(self) -> int:
        """Where the next chunk begins."""
        return self.stop + (self.stop - self.start) % 2


def read(path: Path, *, audio: bool = True) -> Contents:
    """See `Contents`."""
    with mapped(path, whole=audio) as data:
        _, chunks, end = _parse(data)
        tag_chunk = _first(chunks, _ID3)
        tag = data[tag_chunk.start : tag_chunk.stop] if tag_chunk else b""
        genres, scores = id3.read_genres(tag) if id3.parse(tag) else ((), None)
        info = _info(data, chunks)
        parsed = id3.parse(tag)
        rest = named(
            [
                *((frame.name, frame.raw) for frame in (parsed.frames if parsed else ()) if not _about_genre(frame)),
                *(
                    (f"chunk {c.name!r}", data[c.start : c.stop])
                    for c in chunks
                    if c.name not in (*_ID3, *_SOUND) and c.name != b"LIST"
                ),
                *((f"list {name!r}", value) for name, value in _lists(data, chunks) if name != b"IGNR"),
                ("behind", data[end:]),
            ]
        )
        sound = [data[c.start : c.stop] for c in chunks if c.name in _SOUND]
        return Contents(digest(*sound) if audio else "", rest, genres or _texts(info.get(b"IGNR", b"")), scores)


def write(path: Path, edit: Edit) -> None:
    """Edit the ID3 chunk, or add one at the end; and the genre among INFO where it has one."""
    with mapped(path) as data:
        order, chunks, end = _parse(data)
        chunk = _first(chunks, _ID3)
        tag = id3.parse(data[chunk.start : chunk.stop]) if chunk else None
        lists = [c for c in chunks if c.name == b"LIST"]
        bytes_of_list = {c: bytes(data[c.start : c.stop]) for c in lists}
    new = id3.edited(tag or id3.Tag(4, (), 0, True), edit)
    name = chunk.name if chunk else (_ID3[0] if order == "little" else _ID3[1])
    places = [(_place(chunk, end), _chunk(name, new, order))]
    info = next((c for c in lists if bytes_of_list[c][:4] == b"INFO"), None)
    if edit.genres is not None and order == "little":
        body = bytes_of_list[info] if info else b"INFO"
        places.append((_place(info, end), _chunk(b"LIST", _with_info_genre(body, edit.genres), order)))
    if chunks[-1].next > end and chunks[-1] not in (chunk, info):
        # The last chunk lacks its byte of padding.
        places.append(((end, end), b"\0"))
    # From behind, so that no place moves before it was used.
    for (start, stop), bytes_of_chunk in sorted(places, reverse=True):
        replace(path, start, stop, bytes_of_chunk)
        end += len(bytes_of_chunk) - (stop - start)
    if end - 8 > _LONGEST:
        raise TagError("it is longer than its format allows")
    with path.open("r+b") as file:
        file.seek(4)
        file.write((end - 8).to_bytes(4, order))


def _parse(data: memoryview) -> tuple[Order, list[Chunk], int]:
    """The order of bytes, the chunks, and where the last one ends."""
    order: Order = "big" if bytes(data[:4]) == b"FORM" else "little"
    end = 8 + int.from_bytes(data[4:8], order)
    if end > len(data) + 1 or end < 12:
        raise TagError("its header names another length than the file has")
    end = min(end, len(data))
    chunks = list(_chunks(data, 12, end, order))
    if not any(chunk.name in _SOUND for chunk in chunks):
        raise TagError("it holds no sound where its header says")
    return order, chunks, end


def _chunks(data: memoryview | bytes, at: int, end: int, order: Order) -> list[Chunk]:
    chunks = []
    while at + 8 <= end:
        start = at + 8
        stop = start + int.from_bytes(data[at + 4 : start], order)
        if stop > end:
            raise TagError("one of its chunks is cut off")
        chunks.append(Chunk(bytes(data[at : at + 4]), start, stop))
        at = chunks[-1].next
    return chunks


def _lists(data: memoryview, chunks: list[Chunk]) -> list[tuple[bytes, bytes]]:
    """What the LIST chunks of a WAV hold, by name; a list that is not of INFO whole."""
    found = []
    for chunk in chunks:
        if chunk.name == b"LIST":
            body = bytes(data[chunk.start : chunk.stop])
            if body[:4] == b"INFO":
                found += [(c.name, body[c.start : c.stop]) for c in _chunks(body, 4, len(body), "little")]
            else:
                found.append((body[:4], body))
    return found


def _info(data: memoryview, chunks: list[Chunk]) -> dict[bytes, bytes]:
    return dict(_lists(data, chunks))


def _with_info_genre(body: bytes, genres: tuple[str, ...]) -> bytes:
    entries = [(c.name, body[c.start : c.stop]) for c in _chunks(body, 4, len(body), "little")]
    kept = [_chunk(name, value, "little") for name, value in entries if name != b"IGNR"]
    return b"".join([body[:4], *kept, _chunk(b"IGNR", "; ".join(genres).encode() + b"\0", "little")])


def _chunk(name: bytes, data: bytes, order: Order) -> bytes:
    return name + len(data).to_bytes(4, order) + data + bytes(len(data) % 2)


def _place(chunk: Chunk | None, end: int) -> tuple[int, int]:
    """Where a chunk is, or is to be added."""
    return (chunk.start - 8, min(chunk.next, end)) if chunk else (end, end)


def _first(chunks: list[Chunk], names: tuple[bytes, ...]) -> Chunk | None:
    return next((chunk for chunk in chunks if chunk.name in names), None)


def _about_genre(frame: id3.Frame) -> bool:
    return id3.is_genre(frame) or id3.is_scores(frame)


def _texts(value: bytes) -> tuple[str, ...]:
    return cleaned([value.rstrip(b"\0").decode("utf-8", "replace")])
