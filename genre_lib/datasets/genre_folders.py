"""A data set from a folder that holds one folder per genre."""

from __future__ import annotations

from pathlib import Path

from genre_lib.audio.formats import AUDIO_EXTENSIONS
from genre_lib.datasets.gtzan import gtzan_name, leave_out_excluded, with_gtzan_facts
from genre_lib.datasets.table import DataSet, Track, genres_of
from genre_lib.errors import DataSetError

# How copies of GTZAN are usually packed.
_NESTED = ("", "genres", "genres_original", "Data/genres_original")


def open_folder(folder: Path, *, name: str | None = None, include_excluded: bool = False) -> DataSet:
    """Read a folder of genres: ``FOLDER/GENRE/song.flac`` or ``FOLDER/GENRE/ARTIST/.../song.flac``.

    Files named as in GTZAN (``blues.00000.au``), in whatever folders, get the artists and the split known of it.

    Parameters
    ----------
    folder : Path
    name : str, optional
        By default the folder's own.
    include_excluded : bool
        Keep tracks that GTZAN's fault-filtered split excludes.

    Raises
    ------
    DataSetError
        The folder is missing, or holds no folder with audio files.
    """
    if not folder.is_dir():
        raise DataSetError(f"The folder {folder} does not exist: check the path.")
    name = name or folder.resolve().name
    files = _audio_files(folder)
    if files and all(gtzan_name(path.name) for path in files):
        tracks = [Track(str(gtzan_name(path.name)), path) for path in files]
        known = with_gtzan_facts(tracks)
        data_set = DataSet(name, known, genres_of(known))
        return data_set if include_excluded else leave_out_excluded(data_set)
    alone: set[str] = set()
    for nested in _NESTED:
        root = folder / nested
        files = [path for path in _audio_files(root) if len(path.relative_to(root).parts) > 1]
        genres = {path.relative_to(root).parts[0] for path in files}
        if len(genres) > 1:
            tracks = [_track(path, root) for path in files]
            return DataSet(name, tuple(tracks), genres_of(tracks), _artist_notes(name, tracks))
        alone |= genres
    if len(alone) == 1:
        raise DataSetError(f"{folder} holds one genre alone ({alone.pop()}): add a folder for at least one other.")
    raise DataSetError(
        f"{folder} holds no data set: put the audio files of each genre into a folder of its own "
        "(FOLDER/GENRE/song.mp3)."
    )


def _audio_files(folder: Path) -> list[Path]:
    """Audio files below a folder, sorted; hidden ones are leftovers of file managers (``._song.wav``)."""
    found = []
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.suffix.lower() in AUDIO_EXTENSIONS and path.is_file():
            found.append(path)
    return found


def _track(path: Path, root: Path) -> Track:
    relative = path.relative_to(root)
    genre = relative.parts[0]
    group = relative.parts[1] if len(relative.parts) > 2 else None
    return Track(relative.as_posix(), path, genre, group)


def _artist_notes(name: str, tracks: list[Track]) -> tuple[str, ...]:
    if any(track.group is not None for track in tracks):
        return (f"The folders inside each genre of {name} are taken for artists.",)
    return ()
