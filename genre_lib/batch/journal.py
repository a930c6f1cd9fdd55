"""The journal of a batch: what is known about every recording, in one SQLite file.

A recording is known by its place, size and time of change, and by the model that heard it: if any of them differs it
is missing. Every result is committed when it arrives, so that a kill at any moment costs what was being computed and
nothing that was finished. The raw curve is kept whole (4-minute songs take about 20 kB), so that any table, of rows or
of steps, can be written later without hearing the music again.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.files import utf8
from genre_lib.batch.predict import Prediction, Result, Unusable
from genre_lib.bundle.card import Card
from genre_lib.errors import GenreLibError
from genre_lib.inference.curve import GenreCurve

_TABLE = """
CREATE TABLE IF NOT EXISTS recordings (
  path BLOB PRIMARY KEY, identity TEXT NOT NULL, model TEXT NOT NULL, computed INTEGER NOT NULL,
  error TEXT, warning TEXT, duration_s REAL, times BLOB, step_logits BLOB, level BLOB, song_vector BLOB
) WITHOUT ROWID
"""
_RECORD = """
INSERT INTO recordings VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (path) DO UPDATE SET identity = excluded.identity, model = excluded.model, computed = computed + 1,
  error = excluded.error, warning = excluded.warning, duration_s = excluded.duration_s, times = excluded.times,
  step_logits = excluded.step_logits, level = excluded.level, song_vector = excluded.song_vector
"""


@dataclass(frozen=True)
class Task:
    """A recording to hear: its absolute path, and what it looked like when it was found."""

    path: Path
    identity: str

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True)
class Finished:
    """What became of a task, as small as can be sent from a worker: the answer as raw bytes, or an error."""

    task: Task
    error: str | None = None
    warning: str | None = None
    duration_s: float | None = None
    times: bytes = b""
    step_logits: bytes = b""
    level: bytes = b""
    song_vector: bytes | None = None

    @classmethod
    def of_curve(cls, task: Task, curve: GenreCurve, song_vector: NDArray[np.float32] | None = None) -> Self:
        """From a curve and the vector of the recording as a whole; the card stays behind."""
        return cls(
            task,
            warning=curve.warning,
            duration_s=curve.duration_s,
            times=np.asarray(curve.times, "<f8").tobytes(),
            step_logits=np.asarray(curve.step_logits, "<f4").tobytes(),
            level=np.asarray(curve.level, "<f8").tobytes(),
            song_vector=None if song_vector is None else np.asarray(song_vector, "<f4").tobytes(),
        )

    def result(self, card: Card, path: Path) -> Result:
        """As predicted directly, under the name `path`."""
        if self.error is not None:
            return Unusable(path, self.error)
        assert self.duration_s is not None
        times = np.frombuffer(self.times, "<f8")
        logits = np.frombuffer(self.step_logits, "<f4").reshape(len(times), len(card.genres))
        level = np.frombuffer(self.level, "<f8")
        vector = None if self.song_vector is None else np.frombuffer(self.song_vector, "<f4")
        return Prediction(path, GenreCurve(card, times, logits, level, self.duration_s, self.warning), vector)


class Journal:
    """What is known about recordings under one model; use it as a context manager.

    Parameters
    ----------
    path : Path
        Made if it is not there. One process at a time may hold it.
    card : Card
        Of the model; what another model said counts as missing.

    Raises
    ------
    GenreLibError
        The file is no journal, cannot be written, or another process holds it.
    """

    def __init__(self, path: str | Path, card: Card) -> None:
        self.path = Path(path)
        self.card = card
        self._model = hashlib.sha256(json.dumps(card.to_dict(), sort_keys=True).encode()).hexdigest()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._table = sqlite3.connect(self.path, timeout=1.0, isolation_level=None)
            self._table.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._table.execute("PRAGMA journal_mode = WAL")
            # A killed process loses nothing by this; only a power cut could, and then the last rows are computed again.
            self._table.execute("PRAGMA synchronous = OFF")
            self._table.execute(_TABLE)
            if "song_vector" not in {row[1] for row in self._table.execute("PRAGMA table_info(recordings)")}:
                self._table.execute("ALTER TABLE recordings ADD COLUMN song_vector BLOB")
        except sqlite3.OperationalError as error:
            reason = "another batch is using it: wait for it" if "locked" in str(error) else f"{error}: name another"
            raise GenreLibError(f"The journal {self.path} cannot be opened, {reason}.") from error
        except (OSError, sqlite3.DatabaseError) as error:
            raise GenreLibError(f"{self.path} cannot be used as a journal ({error}): name another file.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._table.close()

    def missing(self, recordings: Iterable[Path], *, retry: bool = False, with_vector: bool = False) -> list[Task]:
        """Recordings that are not known as they are now, each once.

        With `retry` also those that had failed; `with_vector` also those whose vector was not kept.
        """
        tasks: dict[bytes, Task] = {}
        for recording in recordings:
            path = Path(os.path.abspath(recording))
            key = os.fsencode(path)
            if key in tasks:
                continue
            known = self._known(key)
            identity = identity_of(path)
            # Without an identity stands what could not be read for a reason outside of the file.
            if (
                known is None
                or not known.identity
                or known.identity != identity
                or (retry and known.failed)
                or (with_vector and not known.failed and not known.has_vector)
            ):
                tasks[key] = Task(path, identity)
        return list(tasks.values())

    def record(self, finished: Finished) -> None:
        """Keep a result, for good once this returns."""
        try:
            self._table.execute(
                _RECORD,
                (
                    os.fsencode(finished.task.path),
                    finished.task.identity,
                    self._model,
                    _printable(finished.error),
                    _printable(finished.warning),
                    finished.duration_s,
                    finished.times,
                    finished.step_logits,
                    finished.level,
                    finished.song_vector,
                ),
            )
        except sqlite3.OperationalError as error:
            raise GenreLibError(
                f"The journal {self.path} cannot be written ({error}): free some space and run again, "
                "what is done is kept."
            ) from error

    def renew(self, recording: Path, before: str, after: str) -> None:
        """A recording whose tags were written sounds as before: what is known about it stays known.

        `before` and `after` are what `identity_of` says; a recording that is not known as it was before is left alone.
        """
        self._table.execute(
            "UPDATE recordings SET identity = ? WHERE path = ? AND identity = ?",
            (after, os.fsencode(os.path.abspath(recording)), before),
        )

    def results(self, recordings: Sequence[Path]) -> Iterator[Result]:
        """What is known about recordings, in their order and under the names given; the unknown are left out."""
        for recording in dict.fromkeys(recordings):
            row = self._table.execute(
                "SELECT error, warning, duration_s, times, step_logits, level, song_vector FROM recordings "
                "WHERE path = ? AND model = ?",
                (os.fsencode(os.path.abspath(recording)), self._model),
            ).fetchone()
            if row is not None:
                yield Finished(Task(recording, ""), *row).result(self.card, recording)

    def times_computed(self) -> dict[Path, int]:
        """How often each recording was heard since the journal began."""
        rows = self._table.execute("SELECT path, computed FROM recordings")
        return {Path(os.fsdecode(path)): int(computed) for path, computed in rows}

    def _known(self, key: bytes) -> _Known | None:
        row = self._table.execute(
            "SELECT identity, error IS NOT NULL, song_vector IS NOT NULL FROM recordings WHERE path = ? AND model = ?",
            (key, self._model),
        ).fetchone()
        return None if row is None else _Known(str(row[0]), bool(row[1]), bool(row[2]))


@dataclass(frozen=True)
class _Known:
    """What is known of a recording without reading its answer."""

    identity: str
    failed: bool
    has_vector: bool


def identity_of(path: Path) -> str:
    """Size and time of change of a file; empty where it is gone."""
    try:
        status = path.stat()
    except OSError:
        return ""
    return f"{status.st_size} {status.st_mtime_ns}"


def _printable(text: str | None) -> str | None:
    """Without the lone surrogates that names in another encoding leave."""
    return None if text is None else utf8(text)
