"""Filters found while a dashboard stays alive: in a thread, and put in place when all of them are there."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from genre_lib.dashboard.paths import NamedPath
from genre_lib.errors import GenreLibError
from genre_lib.executors import Progress
from genre_lib.utils.atomic import replaced_folder

_EVERY_S = 0.3
# A draft that nothing has happened to for so long is one of a killed kernel.
_STALE_S = 3600.0


class Finding(threading.Thread):
    """One search.

    Parameters
    ----------
    bundle : Path
    place : NamedPath
        The data set to find them in.
    out : Path
        Replaced as a whole once everything is found; stays as it is if the search is stopped or fails.
    say : callable
        Gets how far it is, as a sentence.
    end : callable
        Gets why it failed as a sentence; an empty one where it did not.
    """

    def __init__(
        self, bundle: Path, place: NamedPath, out: Path, say: Callable[[str], None], end: Callable[[str], None]
    ) -> None:
        super().__init__(daemon=True)
        self._bundle, self._place, self._out = bundle, place, out
        self._say, self._end = say, end
        self._draft = out
        self._stopped = threading.Event()
        self._said = 0.0

    def stop(self) -> None:
        """Give up after the track at hand."""
        self._stopped.set()

    def run(self) -> None:
        """See `threading.Thread`."""
        trouble = ""
        try:
            self._say(f"Finding filters in {self._place.label} …")
            self._find()
        except _StoppedError:
            trouble = "The search for filters was stopped."
        except GenreLibError as error:
            trouble = str(error).replace(str(self._place.path), self._place.label)
        except OSError as error:
            trouble = f"The filters cannot be written ({error.strerror}): free some space, then find them again."
        except Exception as error:
            trouble = f"The filters could not be found ({type(error).__name__}: {error}): try other music."
        self._end(trouble)

    def _find(self) -> None:
        from genre_lib.filters.of_bundle import filters_of_bundle

        self._sweep()
        with replaced_folder(self._out) as draft:
            self._draft = draft
            filters_of_bundle(self._bundle, self._place.path, draft, progress=self._progress)

    def _sweep(self) -> None:
        for draft in self._out.parent.glob(f".{self._out.name}-*"):
            with suppress(OSError):
                if time.time() - draft.stat().st_mtime > _STALE_S:
                    shutil.rmtree(draft)

    def _progress(self, what: str) -> Progress:
        def show(done: int, total: int | None) -> None:
            if self._stopped.is_set():
                raise _StoppedError
            if time.monotonic() - self._said > _EVERY_S or done == total:
                self._said = time.monotonic()
                # Another search can see that this one is alive.
                os.utime(self._draft)
                self._say(f"Finding filters in {self._place.label}: {what}, {done} of {total or '?'}")

        return show


class _StoppedError(Exception):
    pass
