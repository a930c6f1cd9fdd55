"""Whether a data set is large and even enough to train on, said before anything is trained."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from genre_lib.datasets.table import EXCLUDED, DataSet
from genre_lib.errors import DataSetError

# Fewer clips of a genre show what these clips sound like, hardly what the genre does.
FEW_CLIPS = 5
# A network says the genre of which it has seen that many times as much whenever it is not sure.
LOPSIDED = 10


@dataclass(frozen=True)
class Sufficiency:
    """What stands against training on a data set that has splits.

    Attributes
    ----------
    impossible : tuple of str
        Sentences: nothing sensible can be trained or measured.
    notes : tuple of str
        Sentences: training works, and what is said of its accuracy is less than it seems.
    """

    impossible: tuple[str, ...]
    notes: tuple[str, ...]


def refuse_one_genre(data_set: DataSet) -> None:
    """DataSetError where not even two genres have clips, whatever the splits are."""
    there = sorted({track.genre for track in data_set.tracks if track.genre is not None and track.split != EXCLUDED})
    if len(there) < 2:
        raise DataSetError(
            f"{data_set.name} has usable clips of one genre alone ({', '.join(there) or 'none'}): a network needs two."
        )


def sufficiency(data_set: DataSet) -> Sufficiency:
    """Look at a data set by genre and split.

    Parameters
    ----------
    data_set : DataSet
        With a split for every usable track of two genres or more; see `genre_lib.datasets.splits.split_data_set`.

    Examples
    --------
    >>> from genre_lib.datasets.table import Track
    >>> tracks = tuple(Track(f"{g}{i}", genre=g, split=s) for g in ("jazz", "rock") for i, s in enumerate(
    ...     ["train"] * 8 + ["valid"] * 3))
    >>> sufficiency(DataSet("two", tracks, ("jazz", "rock"))).notes
    ()
    """
    used = [track for track in data_set.tracks if track.split not in (None, EXCLUDED) and track.genre is not None]
    clips: dict[str, dict[str, int]] = {genre: defaultdict(int) for genre in data_set.genres}
    artists: dict[str, set[str]] = {genre: set() for genre in data_set.genres}
    for track in used:
        clips[str(track.genre)][str(track.split)] += 1
        artists[str(track.genre)].add(track.group or f"track {track.name}")
    parts = {str(track.split) for track in used}
    total = {genre: sum(by_split.values()) for genre, by_split in clips.items()}
    return Sufficiency(
        tuple(_impossible(data_set.name, clips, parts)),
        tuple(_notes(data_set, clips, artists, total, parts)),
    )


def _impossible(name: str, clips: dict[str, dict[str, int]], parts: set[str]) -> list[str]:
    sentences = [
        f"{name} has no clip in {part}: add clips of more artists, or give a split."
        for part in ("train", "valid")
        if part not in parts
    ]
    never = [genre for genre in clips if not clips[genre]["train"]]
    if never and not sentences:
        sentences.append(
            f"{_listed(never)} of {name} {'has' if len(never) == 1 else 'have'} no clip in train and cannot be learnt: "
            "add clips of more artists."
        )
    return sentences


def _notes(
    data_set: DataSet,
    clips: dict[str, dict[str, int]],
    artists: dict[str, set[str]],
    total: dict[str, int],
    parts: set[str],
) -> list[str]:
    known = any(track.group is not None for track in data_set.tracks)
    notes = []
    measured = "test" if "test" in parts else "valid"
    if untested := [genre for genre, by_split in clips.items() if not by_split[measured]]:
        counts = [
            f"{genre} ({_counted(total[genre], 'clip')}"
            + (f" of {_counted(len(artists[genre]), 'artist')})" if known else ")")
            for genre in untested
        ]
        notes.append(
            f"No clip of {_listed(counts)} is in {measured}: no accuracy of this data set says anything of "
            f"{'it' if len(untested) == 1 else 'them'}."
        )
    if few := [f"{genre} ({total[genre]})" for genre in clips if total[genre] < FEW_CLIPS]:
        notes.append(f"There are fewer than {FEW_CLIPS} clips of {_listed(few)}: too few to learn what a genre is.")
    most, least = max(total, key=lambda genre: total[genre]), min(total, key=lambda genre: total[genre])
    if total[most] >= LOPSIDED * total[least]:
        notes.append(
            f"There are {_counted(total[most], 'clip')} of {most} and {total[least]} of {least}: what is uncertain "
            f"will be called {most}, and an accuracy over all clips hides it."
        )
    return notes


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _counted(n: int, what: str) -> str:
    return f"{n} {what}" + ("" if n == 1 else "s")
