"""Which songs and models a visitor may open: those below a few folders, whatever path they write."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from genre_lib.audio.finding import find_recordings
from genre_lib.bundle.files import CARD, read_card
from genre_lib.bundle.resources import derived_folder, pretrained_folder, resource, work_folder
from genre_lib.dashboard.settings import Settings
from genre_lib.errors import BundleError, GenreLibError, ParameterError

# More would make a list that nobody scrolls; the batch tab takes folders of any size.
_SONGS_AT_MOST = 400


@dataclass(frozen=True)
class NamedPath:
    """Something to choose.

    Attributes
    ----------
    label : str
        What the visitor reads, and may write into the page's address.
    path : Path
    """

    label: str
    path: Path


@dataclass(frozen=True)
class AllowedPaths:
    """Every song, folder and model that may be opened.

    Attributes
    ----------
    songs, folders, models : tuple of NamedPath
    song_roots, model_roots : tuple of Path
        Nothing outside them is ever read.
    """

    songs: tuple[NamedPath, ...]
    folders: tuple[NamedPath, ...]
    models: tuple[NamedPath, ...]
    song_roots: tuple[Path, ...]
    model_roots: tuple[Path, ...]

    @classmethod
    def of(cls, settings: Settings) -> AllowedPaths:
        """Look around: the demo songs, the folder given at the start, the bundles of the checkout and of its runs."""
        demo = derived_folder() / "demo"
        own = Path(settings.folder).resolve() if settings.folder else None
        models = _models(settings)
        return cls(
            songs=(*_songs(own), *_demo_songs(demo)),
            folders=(*_folders(own), *([NamedPath("demo songs", demo)] if demo.is_dir() else [])),
            models=models,
            song_roots=tuple(root for root in (own, demo) if root is not None),
            model_roots=(
                resource("data", "models"),
                work_folder() / "runs",
                *([Path(settings.model).resolve()] if settings.model else []),
            ),
        )

    def song(self, name: str) -> NamedPath:
        """The song of that label or path below an allowed folder; ParameterError if there is none."""
        return _find(name, self.songs, self.song_roots, "song", Path.is_file)

    def model(self, name: str) -> NamedPath:
        """The model of that label or path below an allowed folder; ParameterError if there is none."""
        return _find(name, self.models, self.model_roots, "model", lambda path: (path / CARD).is_file())

    def folder(self, name: str) -> NamedPath:
        """The folder of that label or path below an allowed folder; ParameterError if there is none."""
        return _find(name, self.folders, self.song_roots, "folder", Path.is_dir)


def recordings_below(folder: Path) -> list[Path]:
    """Every recording below a folder in order of name, but for links that lead out of it."""
    found = find_recordings([folder]).recordings
    root = os.path.realpath(folder)
    return [path for path in found if Path(os.path.realpath(path)).is_relative_to(root)]


def _find(
    name: str, known: Sequence[NamedPath], roots: Sequence[Path], kind: str, usable: Callable[[Path], bool]
) -> NamedPath:
    name = name.strip()
    for place in known:
        if name == place.label:
            return place
    outside = False
    for root in roots:
        try:
            # An absolute name replaces the root, and links are followed: only then is it told inside from outside.
            path = (root / name).resolve()
            inside = path.is_relative_to(root.resolve())
            outside = outside or not inside
            if inside and usable(path):
                return NamedPath(path.relative_to(root.resolve()).as_posix(), path)
        except (OSError, ValueError, RuntimeError):
            continue
    shown = name if len(name) <= 80 else name[:79] + "…"
    if outside:
        raise ParameterError(f"The {kind} “{shown}” is not in a folder that this dashboard may read: choose another.")
    raise ParameterError(f"There is no {kind} “{shown}” here: choose one from the list.")


def _songs(folder: Path | None) -> list[NamedPath]:
    if folder is None:
        return []
    found = recordings_below(folder)[:_SONGS_AT_MOST]
    return [NamedPath(path.relative_to(folder).as_posix(), path) for path in found]


def _demo_songs(folder: Path) -> list[NamedPath]:
    medley = folder / "medley.flac"
    songs = [NamedPath("demo medley", medley)] if medley.is_file() else []
    for style in sorted(path for path in folder.glob("*") if path.is_dir()):
        songs += [NamedPath(f"demo {style.name}", path) for path in sorted(style.glob("*.flac"))[:1]]
    return songs


def _folders(folder: Path | None) -> list[NamedPath]:
    if folder is None:
        return []
    below = sorted(path for path in folder.rglob("*") if path.is_dir() and not path.name.startswith("."))
    return [
        NamedPath(folder.name or str(folder), folder),
        *(NamedPath(f"{folder.name}/{path.relative_to(folder).as_posix()}", path) for path in below[:_SONGS_AT_MOST]),
    ]


def _models(settings: Settings) -> tuple[NamedPath, ...]:
    paths: list[Path] = [Path(settings.model)] if settings.model else []
    with contextlib.suppress(BundleError):
        paths.append(pretrained_folder())
    paths += sorted(card.parent for card in resource("data", "models").glob(f"*/{CARD}"))
    paths += sorted(card.parent for card in (work_folder() / "runs").glob(f"*/bundle/{CARD}"))
    places: dict[Path, NamedPath] = {}
    for path in paths:
        try:
            card = read_card(path)
        except GenreLibError:
            continue
        run = path.parent.name if path.name == "bundle" else ""
        label = f"{card.name} {card.version}" + (f" (run {run})" if run else "")
        if label in {place.label for place in places.values() if place.path != path.resolve()}:
            label = f"{label} in {path.name}"
        places.setdefault(path.resolve(), NamedPath(label, path.resolve()))
    return tuple(places.values())
