"""MP3: an ID3v2 tag in front; behind, perhaps an APEv2 and an ID3v1 tag."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import BinaryIO

from genre_lib.batch.tagging.formats import ape, id3
from genre_lib.batch.tagging.formats.contents import Contents, Edit, cleaned, digest, named
from genre_lib.batch.tagging.formats.file_bytes import mapped, replace_front
from genre_lib.errors import TagError

_NO_GENRE = 255
# How a frame of layer 1 to 3 begins; junk may stand before the first.
_SYNC = re.compile(rb"\xff[\xe2-\xff]")
_LOOKED_THROUGH = 1 << 16


def read(path: Path, *, audio: bool = True) -> Contents:
    """See `Contents`."""
    with mapped(path, whole=audio) as data:
        v1 = id3.version_1(data)
        end = len(data) - len(v1)
        tag = id3.parse(data)
        start = tag.size if tag else 0
        ape_tag = ape.parse(data[start:end])
        genres, scores = _genres(bytes(data[:start]), v1, ape_tag)
        frames = (tag or _carried_over(v1)).frames
        rest = named(
            [
                *((frame.name, frame.raw) for frame in frames if not (id3.is_genre(frame) or id3.is_scores(frame))),
                *(ape.others(ape_tag) if ape_tag else ()),
                *([("ID3v1", v1[:-1])] if v1 else ()),
            ]
        )
        stop = end - (ape_tag.size if ape_tag else 0)
        if not _SYNC.search(data[start : min(stop, start + _LOOKED_THROUGH)]):
            raise TagError("it holds no MPEG sound")
        return Contents(digest(data[start:stop]) if audio else "", rest, genres, scores)


def write(path: Path, edit: Edit) -> None:
    """Edit the ID3v2 tag, and the genre in the other two where they are."""
    with mapped(path) as data:
        v1 = id3.version_1(data)
        tag = id3.parse(data)
        start = tag.size if tag else 0
        ape_tag = ape.parse(data[start : len(data) - len(v1)])
        front = id3.edited(tag or _carried_over(v1), edit)
    with path.open("r+b") as file:
        if edit.genres is not None:
            _edit_behind(file, ape_tag, v1, edit)
    replace_front(path, start, front)


def _edit_behind(file: BinaryIO, ape_tag: ape.Tag | None, v1: bytes, edit: Edit) -> None:
    if ape_tag is not None and ape_tag.has_genre:
        file.seek(-(len(v1) + ape_tag.size), 2)
        file.truncate()
        file.write(ape.edited(ape_tag, Edit(genres=edit.genres)) + v1)
    if v1:
        file.seek(-1, 2)
        file.write(bytes((_number_of(edit.genres or ()),)))


def _genres(v2: bytes, v1: bytes, ape_tag: ape.Tag | None) -> tuple[tuple[str, ...], str | None]:
    from mutagen.id3 import TCON

    genres, scores = id3.read_genres(v2) if v2 else ((), None)
    if not genres and ape_tag is not None:
        genres = ape.read_genres(ape_tag)[0]
    if not genres and v1 and v1[-1] < len(TCON.GENRES):
        genres = (TCON.GENRES[v1[-1]],)
    return cleaned(genres), scores


def _number_of(genres: tuple[str, ...]) -> int:
    from mutagen.id3 import TCON

    numbers = {name.casefold(): number for number, name in enumerate(TCON.GENRES)}
    return numbers.get(genres[0].casefold(), _NO_GENRE) if genres else _NO_GENRE


def _carried_over(v1: bytes) -> id3.Tag:
    """An ID3v2 tag for a file without one: players that find it no longer look at ID3v1, so it repeats that one."""
    from mutagen.id3 import COMM, ID3
    from mutagen.id3._id3v1 import ParseID3v1

    tag = ID3()
    for frame in ((ParseID3v1(v1) or {}) if v1 else {}).values():
        tag.add(COMM(encoding=0, lang="eng", desc="", text=frame.text) if frame.FrameID == "COMM" else frame)
    buffer = io.BytesIO()
    if len(tag):
        tag.save(buffer, v1=0)
    made = id3.parse(buffer.getvalue())
    return id3.Tag(4, made.frames if made else (), 0, True)
