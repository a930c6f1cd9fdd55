"""Threads of this process: nothing has to be started, and what native code does runs beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

from genre_lib.executors.interface import Executor, Outcome
from genre_lib.executors.one_thread import OneThreadForNow, one_openmp_thread_here

T = TypeVar("T")
R = TypeVar("R")


class ThreadExecutor(Executor):
    """Threads of this process, for functions whose time is spent in code that lets go of the interpreter."""

    name = "threads"

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool = ThreadPoolExecutor(workers)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _outcomes(
        self, guarded: Callable[[tuple[int, T]], Outcome[R]], items: Iterator[tuple[int, T]]
    ) -> Iterator[Outcome[R]]:
        running: set[Future[Outcome[R]]] = set()
        try:
            with OneThreadForNow()():
                while True:
                    room = 2 * self.workers - len(running)
                    running |= {
                        self._pool.submit(_with_one_openmp_thread, guarded, item) for item in islice(items, room)
                    }
                    if not running:
                        return
                    finished, running = wait(running, return_when=FIRST_COMPLETED)
                    # Several may have finished since the last look: they come in the order in which they were given.
                    yield from sorted((future.result() for future in finished), key=lambda outcome: outcome.index)
        finally:
            for future in running:
                future.cancel()


def _with_one_openmp_thread(guarded: Callable[[tuple[int, T]], Outcome[R]], item: tuple[int, T]) -> Outcome[R]:
    one_openmp_thread_here()
    return guarded(item)
