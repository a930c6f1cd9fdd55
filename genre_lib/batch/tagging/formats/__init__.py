"""The formats that carry a genre: each can be read, with everything else in it, and edited.

`read(path)` says what is in a file, `write(path, edit)` changes a file where it lies: only ever a copy, see
`genre_lib.batch.tagging.safe_write`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType

from genre_lib.batch.tagging.formats.contents import SCORES, Contents, Edit
from genre_lib.errors import MissingDependencyError, TagError
from genre_lib.utils.extras import needs

__all__ = ["SCORES", "Contents", "Edit", "name_of_format", "read", "write"]

_ASF = bytes.fromhex("3026b275")


def read(path: Path, *, audio: bool = True, original: Path | None = None) -> Contents:
    """What a file holds.

    Parameters
    ----------
    path : Path
    audio : bool
        Also hash the sound, which means reading all of the file.
    original : Path, optional
        What `path` is a copy of: it decides on the format and is named in errors.

    Raises
    ------
    TagError
        It has no tags, or they cannot be read; the sentence names the file.
    MissingDependencyError
        There is no mutagen.
    """
    shown = original or path
    with _explained(shown, "read"):
        return _module(shown).read(path, audio=audio)


def write(path: Path, edit: Edit, *, original: Path | None = None) -> None:
    """Change a file where it lies; give it a copy. `original` and errors as in `read`."""
    shown = original or path
    with _explained(shown, "written"):
        _module(shown).write(path, edit)


def name_of_format(path: Path) -> str | None:
    """The format by its first bytes, whatever the name says; None where it carries no genre."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:3] == b"ID3" and len(head) >= 10:
            # Some programs put an ID3 tag before a FLAC file.
            file.seek(10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]))
            return "flac" if file.read(4) == b"fLaC" else "mp3" if path.suffix.lower() != ".aac" else None
    kinds = {b"fLaC": "flac", b"OggS": "ogg", _ASF: "asf", b"wvpk": "ape", b"MAC ": "ape", b"MPCK": "ape"}
    if head[:4] in kinds:
        return kinds[head[:4]]
    if (head[:4], head[8:]) == (b"RIFF", b"WAVE") or (head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC")):
        return "iff"
    if head[4:8] == b"ftyp":
        return "mp4"
    return "mp3" if path.suffix.lower() == ".mp3" else None


def _module(path: Path) -> ModuleType:
    name = name_of_format(path)
    if name is None:
        raise TagError(f"{path} is of a format without a genre tag: convert it to flac, mp3, m4a, ogg or wav.")
    try:
        import mutagen  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingDependencyError(needs("mutagen", "tags", "Reading and writing tags")) from error
    return import_module(f"{__name__}.{name}")


@contextmanager
def _explained(path: Path, verb: str) -> Iterator[None]:
    try:
        yield
    except TagError as error:
        if str(error).startswith(str(path)):
            raise
        raise TagError(f"{path} cannot be {verb}: {error}; it is left as it is.") from error
    except (MissingDependencyError, OSError):
        raise
    except Exception as error:
        # mutagen's own, and what damaged files make of any reader.
        raise TagError(
            f"{path} cannot be {verb}: its tags are damaged ({type(error).__name__}: {error}); it is left as it is."
        ) from error
