"""A data set from a CSV manifest."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from pathlib import Path

from genre_lib.datasets.table import EXCLUDED, SPLITS, DataSet, Track, genres_of
from genre_lib.errors import DataSetError

_NAMES_OF = {",": "comma", ";": "semicolon", "\t": "tab"}

COLUMNS = ("path", "genre", "group", "split", "name")


def open_manifest(path: Path) -> DataSet:
    """Read a table with one track a row, as spreadsheets write them: commas, semicolons or tabs between the cells.

    Columns: ``path`` (absolute, or relative to the table), ``genre``, and, where known, ``group`` (or ``artist``),
    ``split`` (train, valid, test or excluded) and ``name`` (by default the path), in letters of either case. Other
    columns are left alone.

    Raises
    ------
    DataSetError
        The table cannot be read, lacks ``path``, has a row with more cells than columns, or names an unknown split.
    """
    lines = io.StringIO(_text(path), newline="")
    delimiter, columns = _columns(lines.readline())
    if "path" not in columns:
        found = ", ".join(columns) if any(columns) else "none"
        raise DataSetError(f"The manifest {path} has no column 'path' in its first line; the columns found: {found}.")
    tracks = []
    try:
        reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
        for cells in reader:
            line = 1 + reader.line_num
            if any(cell.strip() for cell in cells[len(columns) :]):
                raise DataSetError(
                    f"Line {line} of {path} has {len(cells)} cells for {len(columns)} columns: put names that hold a "
                    f"{_NAMES_OF[delimiter]} into quotes."
                )
            if any(cell.strip() for cell in cells):
                tracks.append(_track(dict(zip(columns, map(str.strip, cells), strict=False)), path, line))
    except csv.Error as error:
        raise DataSetError(f"The manifest {path} cannot be read as a table ({error}).") from error
    if not tracks:
        raise DataSetError(f"The manifest {path} has no rows: write one line a track.")
    return DataSet(path.stem, tuple(tracks), genres_of(tracks))


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        # Marks that spreadsheets put in front.
        wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return content.decode("utf-16" if wide else "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataSetError(
            f"The manifest {path} cannot be read as UTF-8 ({error}): save it as CSV in UTF-8."
        ) from error


def _columns(line: str) -> tuple[str, list[str]]:
    """What stands between the cells, and the names of the columns in small letters."""
    tried = {}
    for delimiter in _NAMES_OF:
        cells = next(csv.reader([line.strip("\r\n")], delimiter=delimiter, skipinitialspace=True), [])
        tried[delimiter] = [cell.strip().lower() for cell in cells]
    return max(tried.items(), key=lambda item: ("path" in item[1], len(item[1])))


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


def _track(cells: dict[str, str], manifest: Path, line: int) -> Track:
    if not cells.get("path"):
        raise DataSetError(f"Line {line} of {manifest} has no path: every row needs one.")
    split = cells.get("split") or None
    if split not in (None, EXCLUDED, *SPLITS):
        raise DataSetError(
            f"Line {line} of {manifest} has the split {split!r}: use {', '.join(SPLITS)}, {EXCLUDED} or nothing."
        )
    group = cells.get("group") or cells.get("artist") or None
    name = cells.get("name") or cells["path"]
    return Track(name, manifest.parent / cells["path"], cells.get("genre") or None, group, split)
