"""What every data set is, however it came: a table of tracks with genre, group and split."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.front_end import FrontEnd
from genre_lib.errors import DataSetError

SPLITS = ("train", "valid", "test")
EXCLUDED = "excluded"


@dataclass(frozen=True)
class Track:
    """One recording.

    Attributes
    ----------
    name : str
        Unique in its data set.
    path : Path or None
        None where only features are known.
    genre : str or None
    group : str or None
        Who made it (artist or band): what must not stand on both sides of a split. None where that is not known.
    split : str or None
        ``train``, ``valid``, ``test``, ``excluded``, or None where nothing is decided yet.
    """

    name: str
    path: Path | None = None
    genre: str | None = None
    group: str | None = None
    split: str | None = None


@dataclass(frozen=True)
class DataSet:
    """A table of tracks.

    Attributes
    ----------
    name : str
    tracks : tuple of Track
    genres : tuple of str
        In the order of the labels.
    notes : tuple of str
        Sentences a user must see, such as that no artist is known.
    log_mels : sequence of np.ndarray [shape=(n_frames, n_mels)], optional
        Ready features, aligned with `tracks`.
    front_end : FrontEnd, optional
        The definition `log_mels` were made with.
    """

    name: str
    tracks: tuple[Track, ...]
    genres: tuple[str, ...]
    notes: tuple[str, ...] = ()
    log_mels: Sequence[NDArray[np.float32]] | None = None
    front_end: FrontEnd | None = None

    def __post_init__(self) -> None:
        names = [track.name for track in self.tracks]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise DataSetError(f"{self.name} has two tracks named {twice}: give every track its own name.")
        if self.log_mels is not None and len(self.log_mels) != len(self.tracks):
            raise DataSetError(f"{self.name} has {len(self.tracks)} tracks but {len(self.log_mels)} spectrograms.")

    def __len__(self) -> int:
        return len(self.tracks)

    def labels(self) -> NDArray[np.int64]:
        """Index of each track's genre in `genres` [shape=(n_tracks,)]; a track without genre is a DataSetError."""
        index = {genre: i for i, genre in enumerate(self.genres)}
        for track in self.tracks:
            if track.genre not in index:
                raise DataSetError(f"{track.name} of {self.name} has no known genre: only tracks with one can be used.")
        return np.array([index[track.genre] for track in self.tracks], np.int64)  # type: ignore[index]

    def groups(self) -> tuple[str, ...]:
        """Group of each track; a track whose group is not known is a group of its own."""
        return tuple(f"track {t.name}" if t.group is None else t.group for t in self.tracks)

    def splits(self) -> tuple[str | None, ...]:
        """Split of each track."""
        return tuple(track.split for track in self.tracks)

    def subset(self, *splits: str) -> Self:
        """The tracks of one or several splits; none at all is a DataSetError."""
        chosen = self.where(lambda track: track.split in splits)
        if not chosen.tracks:
            raise DataSetError(
                f"{self.name} has no track in the split {' or '.join(splits)}: split it first (datasets.splits)."
            )
        return chosen

    def where(self, wanted: Callable[[Track], bool]) -> Self:
        """The tracks for which `wanted` is true, with their features."""
        return self.select([i for i, track in enumerate(self.tracks) if wanted(track)])

    def select(self, indices: Sequence[int] | NDArray[np.int64]) -> Self:
        """The tracks at `indices`, in that order, with their features; `genres` stays as it is."""
        chosen = [int(i) for i in indices]
        log_mels = None if self.log_mels is None else _Selection.of(self.log_mels, chosen)
        return replace(self, tracks=tuple(self.tracks[i] for i in chosen), log_mels=log_mels)

    def with_splits(self, splits: Sequence[str | None], *, note: str | None = None) -> Self:
        """The same tracks with other splits [length n_tracks]."""
        tracks = tuple(replace(track, split=split) for track, split in zip(self.tracks, splits, strict=True))
        return replace(self, tracks=tracks, notes=self.notes if note is None else (*self.notes, note))

    def with_notes(self, notes: Sequence[str]) -> Self:
        """The same tracks with further sentences, each once."""
        return replace(self, notes=tuple(dict.fromkeys((*self.notes, *notes))))

    def digest(self) -> str:
        """Hash of the table [64 hexadecimal digits]: names, genres, groups and splits, not paths nor sound."""
        rows = [[t.name, t.genre, t.group, t.split] for t in self.tracks]
        return hashlib.sha256(json.dumps([self.genres, rows]).encode()).hexdigest()


class _Selection(Sequence[NDArray[np.float32]]):
    """Some items of a sequence, still read only when asked for."""

    def __init__(self, items: Sequence[NDArray[np.float32]], indices: list[int]) -> None:
        self._items = items
        self._indices = indices

    @classmethod
    def of(cls, items: Sequence[NDArray[np.float32]], indices: list[int]) -> _Selection:
        if isinstance(items, _Selection):
            return cls(items._items, [items._indices[i] for i in indices])
        return cls(items, indices)

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        if isinstance(index, slice):
            return _Selection(self._items, self._indices[index])
        return self._items[self._indices[index]]


def genres_of(tracks: Sequence[Track]) -> tuple[str, ...]:
    """The genres that occur, in alphabetical order."""
    return tuple(sorted({track.genre for track in tracks if track.genre is not None}))
