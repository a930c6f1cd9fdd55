"""APEv2 tags, item by item; and the formats that carry only them: WavPack, Monkey's Audio, Musepack."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from genre_lib.batch.tagging.formats import id3
from genre_lib.batch.tagging.formats.contents import SCORES, Contents, Edit, cleaned, digest, named
from genre_lib.batch.tagging.formats.file_bytes import mapped, replace
from genre_lib.errors import TagError

_MARK = b"APETAGEX"
_FOOTER = 32
_HAS_HEADER = 1 << 31
_IS_HEADER = 1 << 29


@dataclass(frozen=True)
class Item:
    """A key, its flags, and its value as bytes; several texts have zeros between them."""

    key: str
    flags: int
    value: bytes


@dataclass(frozen=True)
class Tag:
    """The items, and the size of all of it on disk [bytes]."""

    items: tuple[Item, ...]
    size: int

    @property
    def has_genre(self) -> bool:
        """Whether the tag names a genre already."""
        return any(_is(item, "Genre") for item in self.items)


def read(path: Path, *, audio: bool = True) -> Contents:
    """See `Contents`."""
    with mapped(path, whole=audio) as data:
        _no_id3v1(data)
        tag = parse(data)
        stop = len(data) - (tag.size if tag else 0)
        genres, scores = read_genres(tag) if tag else ((), None)
        return Contents(digest(data[:stop]) if audio else "", named(others(tag) if tag else ()), genres, scores)


def write(path: Path, edit: Edit) -> None:
    """Edit the tag at the end, or add one."""
    with mapped(path) as data:
        _no_id3v1(data)
        size, tag = len(data), parse(data)
    replace(path, size - (tag.size if tag else 0), size, edited(tag or Tag((), 0), edit))


def parse(data: memoryview) -> Tag | None:
    """The tag at the end of some bytes; None where there is none.

    Raises
    ------
    TagError
        It is damaged.
    """
    footer = bytes(data[-_FOOTER:])
    if len(footer) < _FOOTER or footer[:8] != _MARK:
        return None
    length, count, flags = (int.from_bytes(footer[at : at + 4], "little") for at in (12, 16, 20))
    size = length + (_FOOTER if flags & _HAS_HEADER else 0)
    if not _FOOTER <= length <= size <= len(data):
        raise TagError("its APEv2 tag is damaged")
    body = bytes(data[len(data) - length : len(data) - _FOOTER])
    items, at = [], 0
    for _ in range(count):
        n_value, item_flags = (int.from_bytes(body[at + i : at + i + 4], "little") for i in (0, 4))
        end_of_key = body.find(b"\0", at + 8)
        stop = end_of_key + 1 + n_value
        if end_of_key < 0 or stop > len(body):
            raise TagError("its APEv2 tag is damaged")
        items.append(Item(body[at + 8 : end_of_key].decode("latin-1"), item_flags, body[end_of_key + 1 : stop]))
        at = stop
    return Tag(tuple(items), size)


def edited(tag: Tag, edit: Edit) -> bytes:
    """The tag with other genres, with header and footer."""
    items = list(tag.items)
    for key, texts in (("Genre", edit.genres), (SCORES, None if edit.scores is None else (edit.scores,))):
        if texts is not None:
            items = [item for item in items if not _is(item, key)]
            items.append(Item(key, 0, "\0".join(texts).encode()))
    body = b"".join(
        len(item.value).to_bytes(4, "little")
        + item.flags.to_bytes(4, "little")
        + item.key.encode("latin-1")
        + b"\0"
        + item.value
        for item in items
    )

    def end(flags: int) -> bytes:
        numbers = (2000, len(body) + _FOOTER, len(items), _HAS_HEADER | flags)
        return _MARK + b"".join(number.to_bytes(4, "little") for number in numbers) + bytes(8)

    return end(_IS_HEADER) + body + end(0)


def others(tag: Tag) -> list[tuple[str, bytes]]:
    """Items that are not about the genre, as names and bytes."""
    return [
        (f"APE {item.key}", item.flags.to_bytes(4, "little") + item.value)
        for item in tag.items
        if not _is(item, "Genre") and not _is(item, SCORES)
    ]


def read_genres(tag: Tag) -> tuple[tuple[str, ...], str | None]:
    """Genres and scores."""
    genres = [text for item in tag.items if _is(item, "Genre") for text in _texts(item)]
    scores = [text for item in tag.items if _is(item, SCORES) for text in _texts(item)]
    return cleaned(genres), scores[0] if scores else None


def _texts(item: Item) -> list[str]:
    return item.value.decode("utf-8", "replace").split("\0")


def _is(item: Item, key: str) -> bool:
    return item.key.casefold() == key.casefold()


def _no_id3v1(data: memoryview) -> None:
    if id3.version_1(data):
        raise TagError("it ends with an ID3v1 tag, which does not belong into this format")
