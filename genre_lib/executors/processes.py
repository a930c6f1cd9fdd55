"""Worker processes on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import connection, get_context, parent_process
from threading import Thread
from typing import TypeVar

from genre_lib.executors.interface import Executor, Outcome, failure_of, worker_died
from genre_lib.executors.one_thread import one_thread_environment

T = TypeVar("T")
R = TypeVar("R")


class ProcessExecutor(Executor):
    """Worker processes on this machine, started fresh (spawned) so that no state of the parent leaks in."""

    name = "processes"

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _outcomes(
        self, guarded: Callable[[tuple[int, T]], Outcome[R]], items: Iterator[tuple[int, T]]
    ) -> Iterator[Outcome[R]]:
        # Two items a worker: none waits for its next one, and few are in doubt when a worker dies.
        window = 2 * self.workers
        running: dict[Future[Outcome[R]], tuple[int, T]] = {}
        try:
            while True:
                for item in islice(items, window - len(running)):
                    running[self._submit(guarded, item)] = item
                if not running:
                    return
                suspects: list[tuple[int, T]] = []
                yield from _finished(running, suspects, FIRST_COMPLETED)
                if suspects:
                    # A broken pool fails every item it held; whichever finished before it broke keeps its result.
                    yield from _finished(running, suspects, ALL_COMPLETED)
                    self.close()
                    yield from self._one_by_one(guarded, suspects)
        finally:
            for future in running:
                future.cancel()

    def _submit(self, guarded: Callable[[tuple[int, T]], Outcome[R]], item: tuple[int, T]) -> Future[Outcome[R]]:
        if self._pool is None:
            self._pool = _spawn_pool(self.workers)
        return _submit(self._pool, guarded, item)

    def _one_by_one(
        self, guarded: Callable[[tuple[int, T]], Outcome[R]], suspects: list[tuple[int, T]]
    ) -> Iterator[Outcome[R]]:
        pool = _spawn_pool(1)
        try:
            for item in suspects:
                outcome = _outcome_of(_submit(pool, guarded, item), item)
                if outcome is None:
                    pool.shutdown()
                    pool = _spawn_pool(1)
                yield worker_died(item) if outcome is None else outcome
        finally:
            pool.shutdown(cancel_futures=True)


def _submit(
    pool: ProcessPoolExecutor, guarded: Callable[[tuple[int, T]], Outcome[R]], item: tuple[int, T]
) -> Future[Outcome[R]]:
    # Workers start at a submit, and their libraries read these variables when they load.
    with one_thread_environment():
        try:
            return pool.submit(guarded, item)
        except BrokenProcessPool as error:
            failed: Future[Outcome[R]] = Future()
            failed.set_exception(error)
            return failed


def _finished(
    running: dict[Future[Outcome[R]], tuple[int, T]], suspects: list[tuple[int, T]], when: str
) -> Iterator[Outcome[R]]:
    """Take out of `running` what has finished; items that a dead worker held become suspects."""
    done = wait(running, return_when=when).done
    # Several may have finished since the last look: they come in the order in which they were given.
    for future in [future for future in running if future in done]:
        item = running.pop(future)
        outcome = _outcome_of(future, item)
        if outcome is None:
            suspects.append(item)
        else:
            yield outcome


def _outcome_of(future: Future[Outcome[R]], item: tuple[int, T]) -> Outcome[R] | None:
    """The outcome, or None where the worker died (or was about to run the item when another one did)."""
    try:
        return future.result()
    except BrokenProcessPool:
        return None
    except Exception as error:
        # Such as a value that cannot be sent back.
        return Outcome(item[0], failure=failure_of(error))


def _spawn_pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_end_with_parent)


def _end_with_parent() -> None:
    """Workers wait for work for ever: without this they would outlive a parent that was killed."""

    def watch() -> None:
        parent = parent_process()
        if parent is not None:
            connection.wait([parent.sentinel])
            os._exit(1)

    Thread(target=watch, daemon=True).start()
