"""One thread a worker: parallelism is over items, and a library's own threads only make the others wait.

Libraries with a pool of threads (OpenBLAS, OpenMP, MKL) take its size from the environment when they load, and from a
call afterwards. Both are needed: an item may load one that nothing had needed before, in its first line or its last.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from threadpoolctl import ThreadpoolController

_ENVIRONMENT = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "TF_NUM_INTRAOP_THREADS",
        "TF_NUM_INTEROP_THREADS",
    ),
    "1",
)


@contextmanager
def one_thread_environment() -> Iterator[None]:
    """Processes that start in this context have one thread in whatever they load."""
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class OneThreadForNow:
    """Limits what this process has loaded, and gives back what was: it is the user's own process, not a worker.

    A library that an item loads is limited from the next item on, since a size taken from the environment would stay.
    """

    def __init__(self) -> None:
        self._libraries = _Libraries()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._libraries.loaded().limit(limits=1):
            yield


def one_thread_for_good() -> None:
    """Limits a worker's process, now and in whatever it loads later; cheap to call again.

    Nothing is given back: another item may be running in another thread of the same process.
    """
    os.environ.update(_ENVIRONMENT)
    if _of_this_thread.changed():
        _of_this_thread.loaded().limit(limits=1)


def one_openmp_thread_here() -> None:
    """For a thread of the user's own process: OpenMP keeps a size for each thread, which ends with the thread."""
    if _of_this_thread.changed():
        _of_this_thread.loaded().limit(limits=1, user_api="openmp")


class _Libraries(threading.local):
    """The libraries with threads that are loaded, looked for (3 ms) when modules were imported since the last time.

    One a thread, since OpenMP keeps a size for each.
    """

    _n_modules = -1
    _found: Any = None

    def changed(self) -> bool:
        return self._n_modules != len(sys.modules)

    def loaded(self) -> Any:
        if self.changed():
            # Before looking: what another thread imports meanwhile is looked for again.
            self._n_modules = len(sys.modules)
            self._found = ThreadpoolController()
        return self._found


_of_this_thread = _Libraries()
