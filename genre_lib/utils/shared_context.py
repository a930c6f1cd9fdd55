"""A state of the whole process that several threads ask for at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any


class SharedContext(AbstractContextManager[None]):
    """Entered by the first thread that asks for it and left by the last: what a process has only once is set once.

    Parameters
    ----------
    make : callable
        Gives the context manager that does it.
    """

    def __init__(self, make: Callable[[], AbstractContextManager[Any]]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._n_inside = 0
        self._context: AbstractContextManager[Any] | None = None

    def __enter__(self) -> None:
        with self._lock:
            if self._context is None:
                context = self._make()
                context.__enter__()
                self._context = context
            self._n_inside += 1

    def __exit__(self, *error: Any) -> None:
        with self._lock:
            self._n_inside -= 1
            if self._n_inside == 0 and self._context is not None:
                context, self._context = self._context, None
                context.__exit__(None, None, None)
