"""Vorbis comments as bytes: a vendor and `NAME=value` entries, of which only those about the genre are replaced.

Entries in another encoding, or without a name, stay as they are (xiph.org's Vorbis I specification, section 5).
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from genre_lib.batch.tagging.formats.contents import SCORES, Edit, cleaned
from genre_lib.errors import TagError


@dataclass(frozen=True)
class Comments:
    """Vendor and entries; `behind` is what follows them in their packet: a framing bit, padding, or more."""

    vendor: bytes
    entries: tuple[bytes, ...]
    behind: bytes = b""

    def to_bytes(self) -> bytes:
        """As they lie in a file."""
        entries = b"".join(_with_length(entry) for entry in self.entries)
        return _with_length(self.vendor) + len(self.entries).to_bytes(4, "little") + entries


def parse(data: bytes) -> Comments:
    """Take a comment block apart.

    Raises
    ------
    TagError
        It is damaged.
    """
    stream = io.BytesIO(data)

    def take(n: int) -> bytes:
        taken = stream.read(n)
        if len(taken) < n:
            raise TagError("its Vorbis comments are damaged")
        return taken

    def number() -> int:
        return int.from_bytes(take(4), "little")

    vendor = take(number())
    entries = tuple(take(number()) for _ in range(number()))
    return Comments(vendor, entries, stream.read())


def edited(comments: Comments, edit: Edit) -> Comments:
    """The comments with other genres."""
    entries = list(comments.entries)
    for name, texts in (("GENRE", edit.genres), (SCORES, None if edit.scores is None else (edit.scores,))):
        if texts is not None:
            entries = [entry for entry in entries if _name(entry) != name]
            entries += [f"{name}={text}".encode() for text in texts]
    return Comments(comments.vendor, tuple(entries), comments.behind)


def others(comments: Comments) -> list[tuple[str, bytes]]:
    """Vendor and the entries that are not about the genre."""
    kept = [entry for entry in comments.entries if _name(entry) not in ("GENRE", SCORES)]
    return [("vendor", comments.vendor), *((_name(entry), entry) for entry in kept)]


def read_genres(comments: Comments) -> tuple[tuple[str, ...], str | None]:
    """Genres and scores."""
    values = {
        name: [
            entry.partition(b"=")[2].decode("utf-8", "replace") for entry in comments.entries if _name(entry) == name
        ]
        for name in ("GENRE", SCORES)
    }
    return cleaned(values["GENRE"]), values[SCORES][0] if values[SCORES] else None


def _name(entry: bytes) -> str:
    return entry.partition(b"=")[0].decode("latin-1").upper()


def _with_length(data: bytes) -> bytes:
    return len(data).to_bytes(4, "little") + data
