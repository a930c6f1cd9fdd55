"""A day of radio as a Parquet file: one row a settled step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from genre_lib.batch.parquet import output_file
from genre_lib.bundle.card import Card
from genre_lib.errors import ParameterError
from genre_lib.inference.live_listener import Settled
from genre_lib.utils.extras import require

# Some minutes at once: little is held back, and a day is a few hundred groups of rows.
_ROWS_AT_ONCE = 1000


@contextmanager
def live_log(
    path: str | Path, card: Card, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[LiveLog]:
    """A log to write to; the file is there once the block ends, also by an interruption or an error.

    What was heard live cannot be heard again: a file that is there already is left alone.

    Columns: at (timestamp, UTC), time_s (double, seconds of sound since the start), state, genre (null in silence),
    level_dbfs, one column for each genre with the belief, and `raw_` with each genre with what the step alone says.

    Raises
    ------
    ParameterError
        The file is there already, or cannot be written.
    MissingDependencyError
        There is no pyarrow.
    """
    require("pyarrow", what="A log")
    arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    text, small = arrow.string(), arrow.float32()
    fields = [("at", arrow.timestamp("ms", tz="UTC")), ("time_s", arrow.float64()), ("state", text), ("genre", text)]
    numbers = ["level_dbfs", *card.genres, *(f"raw_{genre}" for genre in card.genres)]
    schema = arrow.schema([*fields, *((name, small) for name in numbers)])
    schema = schema.with_metadata({"model": f"{card.name} {card.version}"})
    if Path(path).is_file():
        raise ParameterError(f"{path} is there already, and what it holds cannot be heard again: name another file.")
    ended: BaseException | None = None
    with output_file(Path(path)) as draft, parquet.ParquetWriter(draft, schema) as writer:
        log = LiveLog(lambda columns: writer.write_table(arrow.table(columns, schema=schema)), card, clock)
        try:
            yield log
        except BaseException as error:
            # Raised again once the file is in its place: what an error passes is thrown away.
            ended = error
        if not isinstance(ended, OSError):
            log.flush()
    if ended is not None:
        raise ended


class LiveLog:
    """Gathers settled steps and writes them a thousand at a time."""

    def __init__(self, write: Callable[[dict[str, Any]], Any], card: Card, clock: Callable[[], datetime]) -> None:
        self._write = write
        self._genres = np.array(card.genres, object)
        self._clock = clock
        self._waiting: list[dict[str, Any]] = []
        self._n_waiting = 0

    def add(self, settled: Settled, heard_s: float) -> None:
        """Log steps that became settled when `heard_s` seconds had been heard, which is now."""
        n_steps = len(settled.level)
        if not n_steps:
            return
        belief, now = settled.belief, self._clock()
        leaders = self._genres[belief.probabilities.argmax(axis=1)]
        leaders[belief.state == "silence"] = None
        columns = {
            "at": [now - timedelta(seconds=float(heard_s - time_s)) for time_s in belief.times],
            "time_s": belief.times,
            "state": belief.state.astype(object),
            "genre": leaders,
            "level_dbfs": settled.level.astype(np.float32),
            **dict(zip(self._genres, belief.probabilities.T.astype(np.float32), strict=True)),
            **{f"raw_{g}": row for g, row in zip(self._genres, settled.raw.T.astype(np.float32), strict=True)},
        }
        self._waiting.append(columns)
        self._n_waiting += n_steps
        if self._n_waiting >= _ROWS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            names = self._waiting[0]
            self._write({name: np.concatenate([part[name] for part in self._waiting]) for name in names})
        self._waiting, self._n_waiting = [], 0
