"""A data set from a CSV manifest."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from genre_lib.datasets.table import EXCLUDED, SPLITS, DataSet, Track, genres_of
from genre_lib.errors import DataSetError

COLUMNS = ("path", "genre", "group", "split", "name")


def open_manifest(path: Path) -> DataSet:
    """Read a CSV table with one track a row.

    Columns: ``path`` (absolute, or relative to the table), ``genre``, and, where known, ``group`` (or ``artist``),
    ``split`` (train, valid, test or excluded) and ``name`` (by default the path). Other columns are left alone.

    Raises
    ------
    DataSetError
        The table cannot be read, lacks ``path``, or names an unknown split.
    """
    try:
        # A byte order mark is what spreadsheets put in front.
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or []
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataSetError(f"The manifest {path} cannot be read as a UTF-8 CSV table ({error}).") from error
    if "path" not in columns:
        raise DataSetError(f"The manifest {path} has no column 'path': its first line must name the columns.")
    tracks = tuple(_track(row, path, line) for line, row in enumerate(rows, start=2))
    if not tracks:
        raise DataSetError(f"The manifest {path} has no rows: write one line a track.")
    return DataSet(path.stem, tracks, genres_of(tracks))


def write_manifest(path: Path, tracks: Sequence[Track]) -> None:
    """Write the table `open_manifest` reads, with paths relative to it where they lie below it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for track in tracks:
            if track.path is None:
                raise DataSetError(f"{track.name} has no file: a manifest lists files.")
            inside = track.path.is_relative_to(path.parent)
            shown = track.path.relative_to(path.parent) if inside else track.path
            writer.writerow([shown.as_posix(), track.genre or "", track.group or "", track.split or "", track.name])


def _track(row: dict[str, str | None], manifest: Path, line: int) -> Track:
    cells = {key: (value or "").strip() for key, value in row.items() if isinstance(value, str | None)}
    if not cells["path"]:
        raise DataSetError(f"Line {line} of {manifest} has no path: every row needs one.")
    split = cells.get("split") or None
    if split not in (None, EXCLUDED, *SPLITS):
        raise DataSetError(
            f"Line {line} of {manifest} has the split {split!r}: use {', '.join(SPLITS)}, {EXCLUDED} or nothing."
        )
    group = cells.get("group") or cells.get("artist") or None
    name = cells.get("name") or cells["path"]
    return Track(name, manifest.parent / cells["path"], cells.get("genre") or None, group, split)
