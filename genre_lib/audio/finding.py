"""Recordings below files and folders: one way to look for all that do, which also says what it leaves out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from genre_lib.audio.files import shown, why_unreachable
from genre_lib.audio.formats import AUDIO_EXTENSIONS
from genre_lib.errors import AudioError


@dataclass
class Found:
    """What lies below some paths.

    Attributes
    ----------
    recordings : list of Path
        Each once; those of a folder in order of name.
    unusable : dict of Path to AudioError
        Paths that cannot be looked at, and folders that hold nothing.
    n_hidden : int
        Recordings and folders left out because their names begin with a dot, as what file managers leave does.
    n_linked : int
        Folders left out because they are links: they may lead back to where the search began.
    others : counter of str
        Files that are no recordings by their names, by suffix.
    """

    recordings: list[Path] = field(default_factory=list)
    unusable: dict[Path, AudioError] = field(default_factory=dict)
    n_hidden: int = 0
    n_linked: int = 0
    others: Counter[str] = field(default_factory=Counter)

    def left_out(self, *, others: bool = False) -> str | None:
        """What was left out without an error, in a phrase; with files that are no recordings only if asked for."""
        parts = []
        if self.n_hidden:
            parts.append(_counted(self.n_hidden, "hidden file or folder", "hidden files and folders"))
        if self.n_linked:
            parts.append(_counted(self.n_linked, "linked folder", "linked folders"))
        if others and self.others:
            kinds = ", ".join(suffix or "no ending" for suffix, _ in self.others.most_common(6))
            n = sum(self.others.values())
            parts.append(
                f"{_counted(n, 'file', 'files')} of other kinds ({kinds}{', …' if len(self.others) > 6 else ''})"
            )
        return " and ".join(parts) or None


def find_recordings(paths: Iterable[str | Path]) -> Found:
    """Every recording that some paths are or hold.

    Parameters
    ----------
    paths : iterable of str or Path
        A file counts as a recording whatever it is called.

    Examples
    --------
    >>> list(find_recordings(["nowhere.mp3"]).unusable)
    [PosixPath('nowhere.mp3')]
    """
    found = Found()
    recordings: dict[Path, None] = {}
    for path in paths:
        try:
            if not _is_folder(path):
                recordings[Path(path)] = None
                continue
            before = len(found.unusable)
            inside = _below(Path(path), found)
            if not inside and len(found.unusable) == before:
                raise AudioError(f"{shown(path)} holds no audio files: name a folder with recordings or videos.")
            recordings |= dict.fromkeys(inside)
        except AudioError as error:
            found.unusable[Path(path)] = error
    found.recordings = list(recordings)
    return found


def _is_folder(path: str | Path) -> bool:
    if str(path) == "":
        raise AudioError("The path is empty: name a recording or a folder.")
    try:
        os.stat(path)
    except OSError as error:
        raise why_unreachable(path, error) from error
    except ValueError as error:
        raise AudioError(f"{shown(path)} is no path ({error}): check it.") from error
    return os.path.isdir(path)


def _below(folder: Path, found: Found) -> list[Path]:
    recordings: list[Path] = []
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    _sort_in(entry, here, found, waiting, recordings)
        except OSError as error:
            found.unusable[here] = why_unreachable(here, error)
    return sorted(recordings)


def _sort_in(entry: os.DirEntry[str], folder: Path, found: Found, waiting: list[Path], recordings: list[Path]) -> None:
    path = folder / entry.name
    is_recording = path.suffix.lower() in AUDIO_EXTENSIONS
    is_folder = entry.is_dir(follow_symlinks=False)
    if entry.name.startswith("."):
        found.n_hidden += is_recording or is_folder
    elif is_folder:
        waiting.append(path)
    elif entry.is_symlink() and os.path.isdir(path):
        found.n_linked += 1
    elif not is_recording:
        found.others[path.suffix.lower()] += 1
    else:
        try:
            # Pipes and devices are told apart, and refused, by whoever opens them.
            os.stat(path)
            recordings.append(path)
        except OSError as error:
            found.unusable[path] = why_unreachable(path, error)


def _counted(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"
