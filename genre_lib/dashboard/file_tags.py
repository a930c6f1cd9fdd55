"""The genre tag in a file beside what is heard in it; nothing is written here."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from genre_lib.batch.predict import Prediction, Result
from genre_lib.batch.tagging import GenreTree, formats, heard_in
from genre_lib.batch.tagging.audit import contradiction
from genre_lib.errors import GenreLibError, MissingDependencyError


@dataclass(frozen=True)
class FileTag:
    """A file's genres in one text, empty where it has none, and whether what is heard clearly contradicts them."""

    text: str = ""
    contradicts: bool = False


def tag_of(result: Result) -> FileTag:
    """The tag of a recording that was heard; empty where the format has none, or it cannot be read."""
    try:
        genres = formats.read(result.path, audio=False).genres
    except (GenreLibError, MissingDependencyError, OSError):
        return FileTag()
    found = None
    if genres and isinstance(result, Prediction):
        found = contradiction(result.path, genres, heard_in(result.curve), GenreTree.load())
    return FileTag("; ".join(genres), found is not None)


def with_tags(lines: Iterable[str], tags: Sequence[FileTag]) -> Iterator[str]:
    """Lines of CSV with two more columns, tag and contradicts (yes or empty)."""
    extra = [["tag", "contradicts"], *([tag.text, "yes" if tag.contradicts else ""] for tag in tags)]
    for row, more in zip(csv.reader(lines), extra, strict=True):
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow([*row, *more])
        yield line.getvalue()
