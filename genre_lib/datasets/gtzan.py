"""GTZAN: what is known about its tracks, whoever holds their sound.

The collection is that of G. Tzanetakis and P. Cook, "Musical genre classification of audio signals", IEEE Transactions
on Speech and Audio Processing 10(5), 2002. The facts in ``data/gtzan`` name their own sources.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.resources import facts_folder
from genre_lib.datasets.table import EXCLUDED, DataSet, Track
from genre_lib.errors import DataSetError

GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")

_NAME = re.compile(rf"({'|'.join(GENRES)})\.(\d{{5}})")


@dataclass(frozen=True)
class GtzanFact:
    """What is known about one track; empty strings of the table are None here.

    Attributes
    ----------
    split : str
        Part of the fault-filtered split: ``train``, ``valid``, ``test`` or ``excluded``.
    artist, title : str or None
    artist_fold : int or None
        1, 2 or 3.
    """

    genre: str
    split: str
    artist: str | None
    title: str | None
    artist_fold: int | None

    @property
    def group(self) -> str | None:
        """The artist, however it is spelled."""
        return None if self.artist is None else self.artist.casefold()


@lru_cache(maxsize=1)
def gtzan_facts() -> dict[str, GtzanFact]:
    """Facts of all 1000 tracks by name (``blues.00000``); DataSetError where the table is missing."""
    path = facts_folder() / "gtzan" / "tracks.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise DataSetError(
            f"The facts about GTZAN (data/gtzan/{path.name}) are missing: work from a checkout of the repository."
        ) from error
    return {
        row["track"]: GtzanFact(
            row["genre"],
            row["fault_filtered_split"],
            row["artist"] or None,
            row["title"] or None,
            int(row["artist_fold"]) if row["artist_fold"] else None,
        )
        for row in rows
    }


def gtzan_name(name: str) -> str | None:
    """The track that a file name (``blues.00000.au``) or a track name stands for, or None."""
    match = _NAME.match(Path(name).name)
    return match.group(0) if match else None


def with_gtzan_facts(tracks: Sequence[Track]) -> tuple[Track, ...]:
    """The tracks with artist and fault-filtered split; all must be named as in GTZAN."""
    facts = gtzan_facts()
    known = []
    for track in tracks:
        fact = facts[str(gtzan_name(track.name))]
        known.append(replace(track, genre=fact.genre, group=fact.group, split=fact.split))
    return tuple(known)


def leave_out_excluded(data_set: DataSet) -> DataSet:
    """The data set without its excluded tracks, and a note that says so."""
    kept = data_set.where(lambda track: track.split != EXCLUDED)
    n_out = len(data_set) - len(kept)
    if n_out == 0:
        return data_set
    tracks = "1 track" if n_out == 1 else f"{n_out} tracks"
    note = f"{tracks} of {data_set.name} known to be faulty or repeated {'is' if n_out == 1 else 'are'} left out."
    return replace(kept, notes=(*kept.notes, note))


def published_artist_folds(data_set: DataSet) -> NDArray[np.int64]:
    """The published fold of each track, 0 to 2 [shape=(n_tracks,)], -1 where a track is in none.

    Source: J. H. Foleis and T. F. Tavares, "Texture selection for automatic music genre classification", Applied Soft
    Computing 89, 2020. By B. Sturm's index 24 artists still stand in two or more of these folds: prefer
    `genre_lib.datasets.splits.grouped_folds` unless you compare with figures published on them.
    """
    facts = gtzan_facts()
    folds = []
    for track in data_set.tracks:
        name = gtzan_name(track.name)
        if name is None:
            raise DataSetError(f"{track.name} is not a track of GTZAN: only GTZAN has published artist folds.")
        folds.append((facts[name].artist_fold or 0) - 1)
    return np.array(folds, np.int64)
