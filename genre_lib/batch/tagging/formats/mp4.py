"""MP4 (m4a, m4b, mp4): atoms; mutagen writes the genre and moves the places of the sound, which is checked here."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genre_lib.batch.tagging.formats.contents import SCORES, Contents, Edit, cleaned, named
from genre_lib.batch.tagging.formats.file_bytes import mapped
from genre_lib.errors import TagError

_GENRE, _SCORES = "\xa9gen", f"----:com.apple.iTunes:{SCORES}"
_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"meta", b"ilst", b"edts", b"dinf", b"tref"}
_PADDING = {b"free", b"skip"}
_PLACES = {b"stco": 4, b"co64": 8}


@dataclass(frozen=True)
class Atom:
    """Names from the top to this one, and where its data begins and ends."""

    path: tuple[bytes, ...]
    start: int
    stop: int

    @property
    def name(self) -> bytes:
        """Its type, four bytes."""
        return self.path[-1]


def read(path: Path, *, audio: bool = True) -> Contents:
    """See `Contents`."""
    from mutagen.mp4 import MP4

    with mapped(path, whole=audio) as data:
        atoms = list(_atoms(data, 0, len(data), ()))
        if any(atom.name == b"moof" for atom in atoms):
            raise TagError("it is a fragmented MP4, which names the places of its sound in another way")
        tags: Any = MP4(path).tags or {}
        rest = named(
            (
                (b"/".join(atom.path).decode("latin-1"), data[atom.start : atom.stop])
                for atom in atoms
                if not _is_left_out(atom, data)
            ),
            ordered=False,
        )
        scores = [bytes(value).decode("utf-8", "replace") for value in tags.get(_SCORES, [])]
        return Contents(
            _audio(data, atoms) if audio else "", rest, cleaned(tags.get(_GENRE, [])), scores[0] if scores else None
        )


def write(path: Path, edit: Edit) -> None:
    """Edit the tags by mutagen."""
    from mutagen.mp4 import MP4, MP4FreeForm

    file = MP4(path)
    if file.tags is None:
        file.add_tags()
    assert file.tags is not None
    if edit.genres is not None:
        file.tags[_GENRE] = list(edit.genres)
    if edit.scores is not None:
        file.tags[_SCORES] = [MP4FreeForm(edit.scores.encode())]
    file.save()


def _atoms(data: memoryview, at: int, end: int, above: tuple[bytes, ...]) -> Iterator[Atom]:
    """All atoms that hold data, depth first."""
    while at + 8 <= end:
        size, name, start = int.from_bytes(data[at : at + 4], "big"), bytes(data[at + 4 : at + 8]), at + 8
        if size == 1:
            size, start = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        stop = end if size == 0 else at + size
        if stop > end or stop < start:
            raise TagError("its atoms are damaged or cut off")
        path = (*above, name)
        # As the genre atoms, so those of other tags are looked at whole.
        if name in _CONTAINERS and above[-1:] != (b"ilst",):
            # In QuickTime this one has no version in front.
            is_full = name == b"meta" and bytes(data[start + 4 : start + 8]) != b"hdlr"
            yield from _atoms(data, start + (4 if is_full else 0), stop, path)
        else:
            yield Atom(path, start, stop)
        at = stop


def _is_left_out(atom: Atom, data: memoryview) -> bool:
    """Whether an atom is about the genre, padding, places, or sound."""
    if atom.name in _PADDING or atom.name in _PLACES or atom.path == (b"mdat",):
        return True
    if atom.path[-2:] == (b"ilst", b"----"):
        return SCORES.encode() in bytes(data[atom.start : min(atom.stop, atom.start + 100)])
    if atom.path[-2:-1] == (b"ilst",):
        return atom.name in (b"\xa9gen", b"gnre")
    # Which kind of tags these are: written with the first of them.
    return atom.path == (b"moov", b"udta", b"meta", b"hdlr")


def _audio(data: memoryview, atoms: list[Atom]) -> str:
    """The sound, and every place in it that a track names, counted from where the sound begins."""
    hasher = hashlib.sha256()
    sounds = [atom for atom in atoms if atom.path == (b"mdat",)]
    for sound in sounds:
        hasher.update(data[sound.start : sound.stop])
    starts = [sound.start for sound in sounds]
    for atom in atoms:
        if atom.name in _PLACES:
            places = np.frombuffer(data[atom.start + 8 : atom.stop], f">u{_PLACES[atom.name]}")
            for place in places.tolist():
                i = bisect_right(starts, place) - 1
                hasher.update(f"{i} {place - starts[i] if i >= 0 else place} ".encode())
            # A view of the file that lives on would keep it open.
            del places
    return hasher.hexdigest()
