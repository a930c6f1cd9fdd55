"""Features of a whole data set, whatever its kind: computed once, kept in the cache, read as memory maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.front_end import FrontEnd
from genre_lib.bundle import resources
from genre_lib.datasets.feature_cache import CachedLogMels, Entry, FeatureCache, KnownContents
from genre_lib.datasets.table import DataSet, Track
from genre_lib.errors import CacheError, DataSetError
from genre_lib.executors import Executor, Progress, SerialExecutor


@dataclass(frozen=True)
class Features:
    """The usable tracks of a data set with their spectrograms, and what became of the others.

    Attributes
    ----------
    data_set : DataSet
        The tracks kept; `tracks`, `labels`, `groups` and `splits` are its own.
    log_mels : sequence of np.ndarray [shape=(n_frames, n_mels), dtype=float32]
        In dB, aligned with `data_set.tracks`.
    skipped : tuple of (Track, str)
        Tracks left out, each with one sentence why.
    warnings : tuple of (Track, str)
        Tracks that are used though something is wrong, such as a truncated file.
    n_computed : int
        How many were not in the cache.
    """

    data_set: DataSet
    log_mels: Sequence[NDArray[np.float32]]
    skipped: tuple[tuple[Track, str], ...] = ()
    warnings: tuple[tuple[Track, str], ...] = ()
    n_computed: int = 0

    def __len__(self) -> int:
        return len(self.data_set)

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The tracks kept."""
        return self.data_set.tracks

    def subset(self, *splits: str) -> Self:
        """The tracks of one or several splits, with their spectrograms."""
        return self._of(self.data_set.subset(*splits))

    def select(self, indices: Sequence[int] | NDArray[np.int64]) -> Self:
        """The tracks at `indices`, with their spectrograms."""
        return self._of(self.data_set.select(indices))

    def with_splits(self, data_set: DataSet) -> Self:
        """The same spectrograms under a `data_set` that differs in its splits only (`genre_lib.datasets.splits`)."""
        return self._of(data_set)

    def _of(self, data_set: DataSet) -> Self:
        assert data_set.log_mels is not None
        return replace(self, data_set=data_set, log_mels=data_set.log_mels)


def load_features(
    data_set: DataSet,
    front_end: FrontEnd | None = None,
    *,
    cache_folder: str | Path | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Features:
    """Log-mel spectrograms of every usable track.

    Tracks that are unreadable, silent or too short are listed with the reason and left out. A run that is killed goes
    on where it stopped.

    Parameters
    ----------
    data_set : DataSet
    front_end : FrontEnd, optional
        By default the one of ready features, else the default definition.
    cache_folder : str or Path, optional
        By default `genre_lib.bundle.resources.feature_cache_folder`.
    executor : Executor, optional
        Who computes what is missing; by default this process.
    progress : callable, optional
        See `genre_lib.executors.Progress`.

    Returns
    -------
    Features

    Raises
    ------
    CacheError
        The disk is full or the folder may not be written.
    DataSetError
        No track is usable, or ready features were made with another front end.
    """
    if data_set.log_mels is not None:
        return _ready(data_set, front_end)
    front_end = front_end or FrontEnd()
    cache = FeatureCache(Path(cache_folder or resources.feature_cache_folder()).resolve(), front_end)
    entries, reasons = _fill(cache, data_set.tracks, executor or SerialExecutor(), progress)
    kept = data_set.select(sorted(entries))
    if not kept.tracks:
        example = reasons[min(reasons)] if reasons else "it has no tracks"
        raise DataSetError(f"No track of {data_set.name} can be used; the first one: {example}")
    in_order = [entries[i] for i in sorted(entries)]
    log_mels = CachedLogMels(cache, [entry.key for entry, _ in in_order])
    warnings = [(t, e.warning) for t, (e, _) in zip(kept.tracks, in_order, strict=True) if e.warning]
    return Features(
        replace(kept, log_mels=log_mels, front_end=front_end),
        log_mels,
        tuple((data_set.tracks[i], reasons[i]) for i in sorted(reasons)),
        tuple(warnings),
        sum(computed for _, computed in in_order),
    )


def _ready(data_set: DataSet, front_end: FrontEnd | None) -> Features:
    assert data_set.log_mels is not None
    if front_end is not None and front_end != data_set.front_end:
        raise DataSetError(
            f"{data_set.name} holds ready spectrograms of the front end {data_set.front_end}: use that one."
        )
    return Features(data_set, data_set.log_mels)


def _fill(
    cache: FeatureCache, tracks: Sequence[Track], executor: Executor, progress: Progress | None
) -> tuple[dict[int, tuple[Entry, bool]], dict[int, str]]:
    """Entries (and whether they were computed now) and reasons for skipping, both by the track's index."""
    entries: dict[int, tuple[Entry, bool]] = {}
    reasons: dict[int, str] = {}
    missing: list[tuple[int, Path]] = []
    cache.sweep()
    with KnownContents(cache.folder) as known:
        for i, track in enumerate(tracks):
            if track.path is None:
                reasons[i] = f"{track.name} has neither a file nor ready features."
                continue
            entry = _cached(cache, known, track.path)
            if entry is None:
                missing.append((i, track.path))
            else:
                entries[i] = (entry, False)
        done_before = len(tracks) - len(missing)
        if progress is not None and tracks:
            progress(done_before, len(tracks))
        outcomes = executor.map(partial(_compute, cache), [path for _, path in missing])
        for n_done, outcome in enumerate(outcomes, start=1):
            i, path = missing[outcome.index]
            if outcome.failure is None:
                assert outcome.value is not None
                entries[i] = (outcome.value, True)
                # A warning must be told at every run: such a file is looked at again.
                if outcome.value.warning is None:
                    known.put(path, outcome.value.content)
            elif outcome.failure.kind == CacheError.__name__:
                raise CacheError(outcome.failure.message)
            else:
                reasons[i] = outcome.failure.message
            if progress is not None:
                progress(done_before + n_done, len(tracks))
    return entries, reasons


def _cached(cache: FeatureCache, known: KnownContents, path: Path) -> Entry | None:
    content = known.get(path)
    if content is None:
        return None
    key = cache.key(content)
    return Entry(key, content, len(cache.read(key))) if cache.is_sound(key) else None


def _compute(cache: FeatureCache, path: Path) -> Entry:
    return cache.compute(path)
