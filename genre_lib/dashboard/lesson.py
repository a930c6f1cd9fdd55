"""Teaching for one visitor: songs with their genres in, a bundle in the visitor's folder out.

A process of its own does it by `genre teach`: it needs TensorFlow, which a visitor's kernel has no room for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from genre_lib.audio.files import named
from genre_lib.dashboard.paths import NamedPath
from genre_lib.datasets.genre_folders import open_folder
from genre_lib.datasets.manifest import write_manifest
from genre_lib.datasets.table import Track
from genre_lib.errors import DataSetError

_COMPLAINT = "genre: "


@dataclass(frozen=True)
class Lesson:
    """What to teach.

    Attributes
    ----------
    tracks : tuple of Track
        Each with its genre, and a name to call it by.
    base : Path
        The bundle to teach.
    add : bool
        Keep the base's genres beside the new ones.
    name, version : str
        Of the new bundle.
    """

    tracks: tuple[Track, ...]
    base: Path
    add: bool
    name: str
    version: str


class Teaching(threading.Thread):
    """One lesson being learnt.

    Parameters
    ----------
    lesson : Lesson
    folder : Path
        A new one of the visitor's; holds nothing afterwards but the bundle, and nothing at all if that failed.
    say : callable
        Gets how far it is, as a sentence.
    end : callable
        Gets the bundle, or why there is none as a sentence; neither if it was stopped.
    """

    def __init__(
        self,
        lesson: Lesson,
        folder: Path,
        say: Callable[[str], None],
        end: Callable[[Path | None, str], None],
    ) -> None:
        super().__init__(daemon=True)
        self._lesson, self._folder, self._say, self._end = lesson, folder, say, end
        self._process: subprocess.Popen[str] | None = None
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Give up at once."""
        self._stopped.set()
        if self._process is not None:
            self._process.kill()

    def run(self) -> None:
        """See `threading.Thread`."""
        bundle, trouble = self._folder / "bundle", ""
        try:
            self._folder.mkdir(parents=True)
            trouble = self._learn(bundle)
        except OSError as error:
            trouble = f"The songs cannot be learnt ({error.strerror}): free some space, then teach them again."
        if trouble or self._stopped.is_set():
            shutil.rmtree(self._folder, ignore_errors=True)
        self._end(None if trouble or self._stopped.is_set() else bundle, "" if self._stopped.is_set() else trouble)

    def _learn(self, bundle: Path) -> str:
        """Why it failed; empty where it did not."""
        manifest = self._folder / "songs.csv"
        write_manifest(manifest, self._lesson.tracks)
        command = [sys.executable, "-m", "genre_lib.cli", "teach", str(manifest), "--out", str(bundle)]
        command += ["--model", str(self._lesson.base), "--name", self._lesson.name, "--version", self._lesson.version]
        command += ["--add"] if self._lesson.add else []
        complaint = ""
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONWARNINGS": "ignore", "PYTHONUNBUFFERED": "1"},
        ) as self._process:  # fmt: skip
            if self._stopped.is_set():
                self._process.kill()
            assert self._process.stderr is not None
            for line in self._process.stderr:
                if line.startswith(_COMPLAINT):
                    complaint = line.removeprefix(_COMPLAINT).strip()
                elif line.startswith(("heard", "learnt")):
                    self._say(line[0].upper() + line[1:].strip())
        manifest.unlink()
        if self._process.returncode == 0:
            return ""
        for track in self._lesson.tracks:
            assert track.path is not None
            complaint = named(complaint, track.path, track.name)
        return complaint or "The songs could not be learnt, for a reason that only the dashboard's messages tell."


def songs_below(place: NamedPath) -> tuple[Track, ...]:
    """The songs of a server's folder with a folder for each genre, but for links that lead out of it.

    Raises
    ------
    DataSetError
        It holds no such folders.
    """
    try:
        tracks = open_folder(place.path, least=1).tracks
    except DataSetError as error:
        raise DataSetError(named(str(error), place.path, place.label)) from error
    return tuple(track for track in tracks if track.path is not None and _inside(track.path, place.path))


def unmistakable(tracks: Sequence[Track]) -> tuple[Track, ...]:
    """Songs whose names are told apart: a second ``take.mp3`` becomes ``take.mp3 (2)``.

    Examples
    --------
    >>> [track.name for track in unmistakable([Track("a.mp3"), Track("a.mp3")])]
    ['a.mp3', 'a.mp3 (2)']
    """
    seen: dict[str, int] = {}
    told = []
    for track in tracks:
        seen[track.name] = seen.get(track.name, 0) + 1
        count = seen[track.name]
        told.append(track if count == 1 else replace(track, name=f"{track.name} ({count})"))
    return tuple(told)


def _inside(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
