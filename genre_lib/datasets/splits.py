"""Splits that never let a group (an artist, a band) stand on both sides.

Recordings of one artist share studio, singer and sound: a network that has seen some of them recognises the others by
that, and its accuracy says little about music it has not met (A. Flexer and D. Schnitzer, "Effects of album and artist
filters in audio similarity computed for very large music databases", Computer Music Journal 34(3), 2010).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from genre_lib.datasets.table import EXCLUDED, DataSet
from genre_lib.errors import DataSetError, ParameterError

DEFAULT_FRACTIONS: Mapping[str, float] = {"train": 0.6, "valid": 0.2, "test": 0.2}

SplitKind = Literal["given", "grouped", "random"]

LEAK_NOTE = (
    "This split is random: one artist may stand on both sides, so that its accuracy is too high; use it only to show "
    "that leak."
)


def split_data_set(
    data_set: DataSet,
    kind: SplitKind = "given",
    *,
    fractions: Mapping[str, float] = DEFAULT_FRACTIONS,
    seed: int = 0,
) -> DataSet:
    """Give every track a split.

    Parameters
    ----------
    data_set : DataSet
    kind : {"given", "grouped", "random"}
        ``given`` keeps the split the data set came with and makes a grouped one where there is none; ``grouped``
        makes one that lets no group cross; ``random`` ignores groups, to show what that does to an accuracy.
    fractions : mapping of str to float > 0
        Share of the tracks for each split; scaled to sum 1.
    seed : int

    Returns
    -------
    DataSet
        With a note where no group is known. Excluded tracks stay excluded.

    Raises
    ------
    DataSetError
        Some tracks have a split and some have not (``given``), or there are too few groups.
    ParameterError
        An unknown kind.
    """
    check_split_kind(kind)
    open_tracks = [i for i, track in enumerate(data_set.tracks) if track.split != EXCLUDED]
    undecided = [i for i in open_tracks if data_set.tracks[i].split is None]
    if kind == "given" and len(undecided) < len(open_tracks):
        if undecided:
            name = data_set.tracks[undecided[0]].name
            raise DataSetError(
                f"{data_set.name} gives a split for some tracks but not for {name}: give one for all or for none."
            )
        return data_set
    used = data_set.select(open_tracks)
    note: str | None
    if kind == "random":
        names, note = random_split(used.labels(), fractions=fractions, seed=seed), LEAK_NOTE
    else:
        names = grouped_split(used.labels(), used.groups(), fractions=fractions, seed=seed)
        note = group_note(used)
    splits: list[str | None] = [track.split for track in data_set.tracks]
    for i, name in zip(open_tracks, names, strict=True):
        splits[i] = name
    if note in data_set.notes:
        note = None
    return data_set.with_splits(splits, note=note)


def check_split_kind(kind: str) -> None:
    """ParameterError where there is no such kind of split."""
    if kind not in ("given", "grouped", "random"):
        raise ParameterError(f"There is no split {kind!r}: choose given, grouped or random.")


def grouped_split(
    labels: Sequence[int] | NDArray[np.int64],
    groups: Sequence[str],
    *,
    fractions: Mapping[str, float] = DEFAULT_FRACTIONS,
    seed: int = 0,
) -> list[str]:
    """Name of the split of each item; no group crosses, and genres keep their shares as far as groups allow.

    Parameters
    ----------
    labels : sequence of int [length n]
    groups : sequence of str [length n]
    fractions : mapping of str to float > 0
    seed : int

    Returns
    -------
    list of str [length n]
    """
    names, shares = _shares(fractions)
    return [names[i] for i in _assign(labels, groups, shares, seed)]


def random_split(
    labels: Sequence[int] | NDArray[np.int64],
    *,
    fractions: Mapping[str, float] = DEFAULT_FRACTIONS,
    seed: int = 0,
) -> list[str]:
    """Like `grouped_split` with every item a group of its own: for showing the leak, not for measuring."""
    names, shares = _shares(fractions)
    return [names[i] for i in _assign(labels, [str(i) for i in range(len(labels))], shares, seed)]


def grouped_folds(
    labels: Sequence[int] | NDArray[np.int64], groups: Sequence[str], n_folds: int = 5, *, seed: int = 0
) -> NDArray[np.int64]:
    """Fold of each item, 0 to `n_folds` - 1 [shape=(n,)]; no group crosses, genres spread as evenly as groups allow.

    Fold k is the held-out part of round k; the others are its training part.
    """
    if n_folds < 2:
        raise ParameterError(f"n_folds is {n_folds}: give a number from 2 up.")
    return _assign(labels, groups, np.full(n_folds, 1 / n_folds), seed)


def fold_split(data_set: DataSet, fold: int, n_folds: int = 5) -> DataSet:
    """Hold one artist-grouped fold of the train and valid tracks out as `test`.

    The next fold becomes `valid`, the others `train`. What was `test` before is excluded, so that networks can be
    compared over all folds without a look at it.

    Parameters
    ----------
    data_set : DataSet
        With a split for every track.
    fold : int
        0 to `n_folds` - 1.
    n_folds : int >= 3

    Raises
    ------
    ParameterError
        There is no such fold.
    """
    if n_folds < 3 or not 0 <= fold < n_folds:
        raise ParameterError(f"There is no fold {fold} of {n_folds}: count folds from 0, and make at least 3.")
    pool = [i for i, track in enumerate(data_set.tracks) if track.split in ("train", "valid")]
    used = data_set.select(pool)
    splits: list[str | None] = [EXCLUDED] * len(data_set.tracks)
    for i, number in zip(pool, grouped_folds(used.labels(), used.groups(), n_folds), strict=True):
        splits[i] = {fold: "test", (fold + 1) % n_folds: "valid"}.get(int(number), "train")
    return data_set.with_splits(splits, note=f"The test part is fold {fold} of {n_folds} artist-grouped ones.")


def crossing_groups(data_set: DataSet) -> dict[str, tuple[str, ...]]:
    """Known groups that stand in more than one split, with those splits; excluded tracks do not count."""
    found: dict[str, set[str]] = {}
    for track in data_set.tracks:
        if track.group is not None and track.split not in (None, EXCLUDED):
            found.setdefault(track.group, set()).add(str(track.split))
    return {group: tuple(sorted(splits)) for group, splits in sorted(found.items()) if len(splits) > 1}


def group_note(data_set: DataSet) -> str | None:
    """A sentence for the user where the artists of some or all tracks are not known."""
    unknown = sum(track.group is None for track in data_set.tracks)
    if unknown == 0:
        return None
    if unknown == len(data_set.tracks):
        return (
            f"No artist is known in {data_set.name}: recordings of one artist may stand on both sides of a split, so "
            "that accuracies may be too high."
        )
    return (
        f"The artist of {unknown} of the {len(data_set.tracks)} tracks of {data_set.name} is not known: each of them "
        "counts as an artist of its own."
    )


def _shares(fractions: Mapping[str, float]) -> tuple[list[str], NDArray[np.float64]]:
    shares = np.array(list(fractions.values()), float)
    if len(shares) < 2 or not (shares > 0).all():
        raise ParameterError(f"The fractions {dict(fractions)} make no split: give two or more, each greater than 0.")
    return list(fractions), shares / shares.sum()


def _assign(
    labels: Sequence[int] | NDArray[np.int64], groups: Sequence[str], shares: NDArray[np.float64], seed: int
) -> NDArray[np.int64]:
    """Part of each item: groups, large ones first, each go where their genres are missed most.

    Large groups are the hard ones to place, so that small ones are left to even out what remains.
    """
    _, label_index = np.unique(np.asarray(labels), return_inverse=True)
    group_names, group_index = np.unique(np.asarray(groups, str), return_inverse=True)
    if len(group_index) != len(label_index):
        raise ParameterError(f"There are {len(label_index)} labels but {len(group_index)} groups.")
    if len(group_names) < len(shares):
        raise DataSetError(
            f"There are {len(group_names)} groups (artists) for {len(shares)} parts: a group cannot be cut, add more."
        )
    counts = np.zeros((len(group_names), label_index.max() + 1))
    np.add.at(counts, (group_index, label_index), 1)
    wanted = np.outer(shares, counts.sum(axis=0))
    placed = np.zeros_like(wanted)
    parts = np.empty(len(group_names), np.int64)
    order = np.random.default_rng(seed).permutation(len(group_names))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    for position, group in enumerate(order):
        free = _empty_parts(parts[order[:position]], len(shares))
        # Every part must get something: the last groups go to parts that are still empty.
        candidates = free if len(free) == len(order) - position else np.arange(len(shares))
        missing = (wanted - placed)[candidates] / np.maximum(wanted[candidates], 1e-9)
        gain = missing @ counts[group]
        part = candidates[int(np.argmax(gain))]
        parts[group] = part
        placed[part] += counts[group]
    return parts[group_index]


def _empty_parts(used: NDArray[np.int64], n_parts: int) -> NDArray[np.int64]:
    return np.setdiff1d(np.arange(n_parts), used)
