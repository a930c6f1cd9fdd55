"""The journal of changes: what undoes each of them, in one SQLite file.

A change is recorded for good before a file is replaced, so that whatever ends the process, each file is either as it
was or can be made so again.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from genre_lib.errors import GenreLibError

_TABLE = """
CREATE TABLE IF NOT EXISTS changes (
  number INTEGER PRIMARY KEY AUTOINCREMENT, path BLOB NOT NULL, draft BLOB NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('begun', 'ready', 'written')),
  old_hash TEXT, new_hash TEXT, old_identity TEXT, new_identity TEXT, difference BLOB
)
"""
_COLUMNS = "number, path, draft, state, old_hash, new_hash, old_identity, new_identity, difference"


@dataclass(frozen=True)
class Change:
    """A file that was, or was about to be, replaced.

    Attributes
    ----------
    number : int
        Later changes have greater ones.
    path, draft : Path
        The file, and the copy that takes its place.
    state : str
        "begun": the copy is being made; "ready": it may have taken the file's place; "written": it has.
    old_hash, new_hash : str
        SHA-256 of the file before and after.
    old_identity, new_identity : str
        Its size [bytes] and time of change [ns] before and after, as in a batch's journal.
    difference : bytes
        What makes the old file of the new one; see `genre_lib.batch.tagging.delta`.
    """

    number: int
    path: Path
    draft: Path
    state: str
    old_hash: str = ""
    new_hash: str = ""
    old_identity: str = ""
    new_identity: str = ""
    difference: bytes = b""


class UndoJournal:
    """What was changed; use it as a context manager.

    Parameters
    ----------
    path : Path
        Made if it is not there. One process at a time may hold it.
    patience_s : float [s]
        How long to wait for another process.

    Raises
    ------
    GenreLibError
        The file is no such journal, cannot be written, or another process holds it.
    """

    def __init__(self, path: str | Path, *, patience_s: float = 1.0) -> None:
        self.path = Path(path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._table = sqlite3.connect(self.path, timeout=patience_s, isolation_level=None)
            self._table.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._table.execute("PRAGMA journal_mode = WAL")
            self._table.execute("PRAGMA synchronous = NORMAL")
            self._table.execute(_TABLE)
            # To hold it from now on, not from the first change on.
            self._table.execute("DELETE FROM changes WHERE 0")
        except sqlite3.OperationalError as error:
            reason = "tags are being written already: wait for it" if "locked" in str(error) else f"{error}"
            raise GenreLibError(f"The journal of changes {self.path} cannot be opened: {reason}.") from error
        except (OSError, sqlite3.DatabaseError) as error:
            raise GenreLibError(
                f"{self.path} cannot be used as a journal of changes ({error}): name another file."
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._table.close()

    def begin(self, path: Path, draft: Path) -> int:
        """Announce that a copy of a file is going to be made."""
        cursor = self._run(
            "INSERT INTO changes (path, draft, state) VALUES (?, ?, 'begun')", os.fsencode(path), os.fsencode(draft)
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def ready(self, change: Change) -> None:
        """Record how to undo a change, through a power cut too, before the file is replaced."""
        self._run("PRAGMA synchronous = FULL")
        self._run(
            "UPDATE changes SET state = 'ready', old_hash = ?, new_hash = ?, old_identity = ?, new_identity = ?, "
            "difference = ? WHERE number = ?",
            change.old_hash,
            change.new_hash,
            change.old_identity,
            change.new_identity,
            change.difference,
            change.number,
        )
        self._run("PRAGMA synchronous = NORMAL")

    def written(self, number: int) -> None:
        """The file was replaced."""
        self._run("UPDATE changes SET state = 'written' WHERE number = ?", number)

    def forget(self, number: int) -> None:
        """The file is as it was before this change."""
        self._run("DELETE FROM changes WHERE number = ?", number)

    def unfinished(self) -> list[Change]:
        """What a process that ended in the middle has left."""
        return list(self._changes("WHERE state != 'written' ORDER BY number"))

    def below(self, paths: Sequence[Path]) -> Iterator[Change]:
        """Changes of some files and of all files in some folders, the latest first."""
        roots = [Path(os.path.realpath(path)) for path in paths]
        for change in self._changes("WHERE state = 'written' ORDER BY number DESC"):
            if any(change.path == root or root in change.path.parents for root in roots):
                yield change

    def _changes(self, condition: str) -> Iterator[Change]:
        # One after the other: a journal of a large library is not read into memory.
        numbers = [row[0] for row in self._run(f"SELECT number FROM changes {condition}").fetchall()]
        for number in numbers:
            row = self._run(f"SELECT {_COLUMNS} FROM changes WHERE number = ?", number).fetchone()
            if row is not None:
                old_hash, new_hash, before, after = (text or "" for text in row[4:8])
                path, draft = (Path(os.fsdecode(name)) for name in row[1:3])
                yield Change(row[0], path, draft, row[3], old_hash, new_hash, before, after, row[8] or b"")

    def _run(self, command: str, *values: Any) -> sqlite3.Cursor:
        try:
            return self._table.execute(command, values)
        except sqlite3.OperationalError as error:
            raise GenreLibError(
                f"The journal of changes {self.path} cannot be written ({error}): free some space and run again, "
                "no file was harmed."
            ) from error


OnChange = Callable[[Path, str, str], object]
