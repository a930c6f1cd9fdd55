"""A data set from a folder that holds one folder per genre."""

from __future__ import annotations

from pathlib import Path

from genre_lib.audio.files import shown
from genre_lib.audio.finding import Found, find_recordings
from genre_lib.datasets.gtzan import gtzan_name, leave_out_excluded, with_gtzan_facts
from genre_lib.datasets.table import DataSet, Track, genres_of
from genre_lib.errors import DataSetError, UnreachableError

# How copies of GTZAN are usually packed.
_NESTED = ("", "genres", "genres_original", "Data/genres_original")
_PACKED = {"genres", "genres_original", "Data"}


def open_folder(folder: Path, *, name: str | None = None, include_excluded: bool = False, least: int = 2) -> DataSet:
    """Read a folder of genres: ``FOLDER/GENRE/song.flac`` or ``FOLDER/GENRE/ARTIST/.../song.flac``.

    Files named as in GTZAN (``blues.00000.au``), in whatever folders, get the artists and the split known of it.

    Parameters
    ----------
    folder : Path
    name : str, optional
        By default the folder's own.
    include_excluded : bool
        Keep tracks that GTZAN's fault-filtered split excludes.
    least : int
        How many genres there have to be: one is enough to teach, where two are needed to train.

    Raises
    ------
    DataSetError
        The folder is missing, or holds no folder with audio files.
    """
    if not folder.is_dir():
        raise DataSetError(f"The folder {folder} does not exist: check the path.")
    name = name or folder.resolve().name
    found = find_recordings([folder])
    files, notes = found.recordings, _left_out(folder, found)
    if files and all(gtzan_name(path.name) for path in files):
        tracks = [Track(str(gtzan_name(path.name)), path) for path in files]
        known = with_gtzan_facts(tracks)
        if name != "gtzan":
            notes = (
                f"The files of {name} are named as in GTZAN: the artists and the split known of it are used.",
                *notes,
            )
        data_set = DataSet(name, known, genres_of(known), notes)
        return data_set if include_excluded else leave_out_excluded(data_set)
    alone: set[str] = set()
    for nested in _NESTED:
        root = folder / nested
        inside = [path for path in files if path.is_relative_to(root) and len(path.relative_to(root).parts) > 1]
        genres = {path.relative_to(root).parts[0] for path in inside}
        if len(genres) > 1 or (least == 1 and genres - _PACKED):
            tracks = [_track(path, root) for path in inside]
            return DataSet(name, tuple(tracks), genres_of(tracks), (*_artist_notes(name, tracks), *notes))
        alone |= genres
    if len(alone) == 1:
        unreadable = " ".join(str(error) for path, error in found.unusable.items() if path != folder)
        raise DataSetError(
            f"{folder} holds one genre alone ({shown(alone.pop())}): "
            + (unreadable or "add a folder for at least one other.")
        )
    raise DataSetError(
        f"{folder} holds no data set: put the audio files of each genre into a folder of its own "
        "(FOLDER/GENRE/song.mp3)."
    )


def _track(path: Path, root: Path) -> Track:
    # Names are written into tables and figures, which hold text alone; the path stays what it is.
    parts = [shown(part) for part in path.relative_to(root).parts]
    return Track("/".join(parts), path, parts[0], parts[1] if len(parts) > 2 else None)


def _left_out(folder: Path, found: Found) -> tuple[str, ...]:
    """What could not be looked at, and what is no recording, said where the data set is."""
    notes = [
        str(error) for path, error in found.unusable.items() if path != folder or isinstance(error, UnreachableError)
    ]
    phrase = found.left_out(others=True)
    return (*notes, *([f"Left out of {shown(folder)}: {phrase}."] if phrase else []))


def _artist_notes(name: str, tracks: list[Track]) -> tuple[str, ...]:
    if any(track.group is not None for track in tracks):
        return (f"The folders inside each genre of {name} are taken for artists.",)
    return ()
