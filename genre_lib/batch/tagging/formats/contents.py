"""What a music file holds, taken apart as far as needed to see that nothing but its genre changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

SCORES = "GENRE_SCORES"


@dataclass(frozen=True)
class Contents:
    """A file in three parts.

    Attributes
    ----------
    audio : str
        SHA-256 of what the decoder gets, packet after packet, wherever it lies in the file; empty if not asked for.
    rest : tuple of (str, str)
        Everything else that is no padding and no place of something: all other tags, pictures, chapters, tables; a
        name and the SHA-256 of its bytes.
    genres : tuple of str
        The genre tag, as a player reads it; empty where there is none.
    scores : str or None
        The custom tag GENRE_SCORES.
    """

    audio: str
    rest: tuple[tuple[str, str], ...]
    genres: tuple[str, ...]
    scores: str | None = None


@dataclass(frozen=True)
class Edit:
    """What to write; None leaves a tag as it is.

    Attributes
    ----------
    genres : tuple of str, at least one, or None
    scores : str or None
    """

    genres: tuple[str, ...] | None = None
    scores: str | None = None


def digest(*parts: bytes | memoryview) -> str:
    """SHA-256 of some bytes one after the other."""
    hasher = hashlib.sha256()
    for part in parts:
        hasher.update(part)
    return hasher.hexdigest()


def named(parts: Iterable[tuple[str, bytes | memoryview]], *, ordered: bool = True) -> tuple[tuple[str, str], ...]:
    """Names and digests; sorted where a writer is free to choose the order."""
    found = [(name, digest(data)) for name, data in parts]
    return tuple(found if ordered else sorted(found))


def cleaned(genres: Iterable[object]) -> tuple[str, ...]:
    """Genres without the empty ones."""
    return tuple(text for text in (str(genre).strip() for genre in genres) if text)
