"""ASF (wma): objects; mutagen writes the genre, and the header's other objects are compared byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genre_lib.batch.tagging.formats.contents import SCORES, Contents, Edit, cleaned, digest, named
from genre_lib.batch.tagging.formats.file_bytes import mapped
from genre_lib.errors import TagError

_GENRE = "WM/Genre"
_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_EXTENSION = bytes.fromhex("b503bf5f2ea9cf118ee300c00c205365")
_PADDING = bytes.fromhex("74d40618dfca0945a4ba9aabcb96aae8")
_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
# Attributes, which mutagen reads: description, extended description, metadata, library of metadata.
_ATTRIBUTES = {
    bytes.fromhex("3326b2758e66cf11a6d900aa0062ce6c"),
    bytes.fromhex("40a4d0d207e3d21197f000a0c95ea850"),
    bytes.fromhex("eacbf8c5af5b77488467aa8c44fa4cca"),
    bytes.fromhex("941c23449894d149a1411d134e457054"),
}
# Where the properties hold the length of the whole file.
_LENGTH = slice(16, 24)


def read(path: Path, *, audio: bool = True) -> Contents:
    """See `Contents`."""
    from mutagen.asf import ASF

    tags: list[tuple[str, Any]] = list(ASF(path).tags or [])
    with mapped(path, whole=audio) as data:
        size = int.from_bytes(data[16:24], "little")
        if bytes(data[:16]) != _HEADER or not 30 <= size <= len(data):
            raise TagError("its header is damaged or cut off")
        rest = [
            *((f"object {guid.hex()}", body) for guid, body in _objects(data[30:size], len(data))),
            *((name, _as_bytes(value)) for name, value in tags if name not in (_GENRE, SCORES)),
        ]
        genres = cleaned(value for name, value in tags if name == _GENRE)
        scores = [str(value) for name, value in tags if name == SCORES]
        return Contents(
            digest(data[size:]) if audio else "", named(rest, ordered=False), genres, scores[0] if scores else None
        )


def write(path: Path, edit: Edit) -> None:
    """Edit the attributes by mutagen."""
    from mutagen.asf import ASF

    file = ASF(path)
    assert file.tags is not None
    if edit.genres is not None:
        file.tags[_GENRE] = list(edit.genres)
    if edit.scores is not None:
        file.tags[SCORES] = [edit.scores]
    old_size = path.stat().st_size
    file.save()
    _correct_length(path, old_size)


def _correct_length(path: Path, old_size: int) -> None:
    """Name the new length in the file's properties, which mutagen does not: ffmpeg would guess the duration anew."""
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        file.seek(16)
        head = file.read(int.from_bytes(file.read(8), "little") - 24)
        at = head.find(_PROPERTIES) + 24 + _LENGTH.start
        if at >= 24 + _LENGTH.start and int.from_bytes(head[at : at + 8], "little") == old_size:
            file.seek(24 + at)
            file.write(size.to_bytes(8, "little"))


def _objects(data: memoryview, length: int) -> Iterator[tuple[bytes, bytes]]:
    """The header's objects that are neither attributes nor padding, those of its extension too.

    `length` is that of the whole file: where the properties name it, the number is left out.
    """
    at = 0
    while at + 24 <= len(data):
        guid, size = bytes(data[at : at + 16]), int.from_bytes(data[at + 16 : at + 24], "little")
        body = data[at + 24 : at + size]
        if size < 24 or len(body) < size - 24:
            raise TagError("its header is damaged or cut off")
        if guid == _EXTENSION:
            yield from _objects(body[22:], length)
        elif guid == _PROPERTIES:
            is_right = int.from_bytes(body[_LENGTH], "little") == length
            yield guid, bytes(body[: _LENGTH.start]) + (b"" if is_right else bytes(body[_LENGTH.start :]))
            yield guid, bytes(body[_LENGTH.stop :])
        elif guid != _PADDING and guid not in _ATTRIBUTES:
            yield guid, bytes(body)
        at += size


def _as_bytes(value: Any) -> bytes:
    kind = f"{value.TYPE} {value.language} {value.stream} ".encode()
    return kind + (value.value if isinstance(value.value, bytes) else str(value.value).encode())
