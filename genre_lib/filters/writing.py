"""Many small files, written beside the work that makes them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from genre_lib.errors import RunError

# A disk makes several files at once; what waits for it stays small.
_AT_ONCE = 4
_WAITING_AT_MOST = 64


class FilesBeside:
    """A context in which files are written by threads; it is left when all are there.

    A process that is killed may leave some of them short.

    Raises
    ------
    RunError
        On leaving: a file could not be written.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE)
        self._room = threading.Semaphore(_WAITING_AT_MOST)
        self._failed: list[BaseException] = []

    def write(self, path: Path, make: Callable[[], bytes]) -> None:
        """Have a file written; `make` gives its content and is called by a thread."""
        self._room.acquire()
        self._threads.submit(_write, path, make).add_done_callback(self._written)

    def _written(self, future: Future[None]) -> None:
        self._room.release()
        if (error := future.exception()) is not None:
            self._failed.append(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=True)
        if error is None and self._failed:
            first = self._failed[0]
            if isinstance(first, OSError):
                what = f"{first.filename} cannot be written ({first.strerror})"
                raise RunError(f"{what}: free some space, then run again, it goes on.") from first
            raise first


def _write(path: Path, make: Callable[[], bytes]) -> None:
    # A file that an earlier run has linked to another one must not change that one too.
    path.unlink(missing_ok=True)
    path.write_bytes(make())
