"""FLAC: a row of metadata blocks, of which only the comments and the padding change."""

from __future__ import annotations

from pathlib import Path

from genre_lib.batch.tagging.formats import id3, vorbis
from genre_lib.batch.tagging.formats.contents import Contents, Edit, digest, named
from genre_lib.batch.tagging.formats.file_bytes import mapped, replace
from genre_lib.errors import TagError

_PADDING, _COMMENTS = 1, 4
_LAST = 0x80
_MARK = b"fLaC"
_SPARE = 4096
_LONGEST = (1 << 24) - 1
_NO_COMMENTS = vorbis.Comments(b"genre-lib", ())

Blocks = list[tuple[int, bytes]]


def read(path: Path, *, audio: bool = True) -> Contents:
    """See `Contents`."""
    with mapped(path, whole=audio) as data:
        start, stop, blocks = _parse(data)
        comments = _comments(blocks)
        genres, scores = vorbis.read_genres(comments or _NO_COMMENTS)
        rest = [
            ("before", bytes(data[:start])),
            *((f"block {kind}", block) for kind, block in blocks if kind not in (_PADDING, _COMMENTS)),
            *(vorbis.others(comments or _NO_COMMENTS)),
        ]
        return Contents(digest(data[stop:]) if audio else "", named(rest), genres, scores)


def write(path: Path, edit: Edit) -> None:
    """Edit the comments; the padding gives the room, so that the sound seldom moves."""
    with mapped(path) as data:
        start, stop, blocks = _parse(data)
    new = vorbis.edited(_comments(blocks) or _NO_COMMENTS, edit)
    block = (_COMMENTS, new.to_bytes() + new.behind)
    if len(block[1]) > _LONGEST:
        raise TagError("its comments are longer than FLAC allows")
    edited: Blocks = []
    for kind, data_of_block in blocks:
        if kind == _COMMENTS and block not in edited:
            edited.append(block)
        elif kind not in (_PADDING, _COMMENTS):
            edited.append((kind, data_of_block))
    if block not in edited:
        edited.insert(1, block)
    room = stop - start - len(_MARK) - sum(4 + len(data) for _, data in edited) - 4
    edited.append((_PADDING, bytes(room if 0 <= room <= _LONGEST else _SPARE)))
    replace(path, start, stop, _MARK + b"".join(_header(i == len(edited) - 1, *b) for i, b in enumerate(edited)))


def _parse(data: memoryview) -> tuple[int, int, Blocks]:
    """Where the mark is, where the sound begins, and the blocks between."""
    tag = id3.parse(data)
    start = tag.size if tag else 0
    if bytes(data[start : start + 4]) != _MARK:
        raise TagError("it does not begin as a FLAC file")
    at, blocks, last = start + 4, [], False
    while not last:
        head = bytes(data[at : at + 4])
        stop = at + 4 + int.from_bytes(head[1:], "big")
        if len(head) < 4 or stop > len(data):
            raise TagError("its metadata is cut off")
        last = bool(head[0] & _LAST)
        blocks.append((head[0] & ~_LAST, bytes(data[at + 4 : stop])))
        at = stop
    return start, at, blocks


def _comments(blocks: Blocks) -> vorbis.Comments | None:
    return next((vorbis.parse(data) for kind, data in blocks if kind == _COMMENTS), None)


def _header(last: bool, kind: int, data: bytes) -> bytes:
    return bytes((kind | (_LAST if last else 0),)) + len(data).to_bytes(3, "big") + data
