"""A Dask cluster."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import islice
from typing import Any, TypeVar

from genre_lib.errors import GenreLibError, MissingDependencyError, ParameterError
from genre_lib.executors.interface import Executor, Outcome, failure_of, worker_died
from genre_lib.executors.one_thread import one_thread_for_good
from genre_lib.utils.extras import needs

T = TypeVar("T")
R = TypeVar("R")

_ADDRESS = re.compile(r"([a-z]+://)?[^\s/]+:\d+(/.*)?")
_LOST_WORKERS_S = 60.0
_RECOUNT_S = 5.0


class DaskExecutor(Executor):
    """A Dask cluster: one that is running already, or one of worker processes started on this machine."""

    name = "dask"

    def __init__(self, workers: int, scheduler: str | None = None) -> None:
        try:
            dask: Any = import_module("dask")
            distributed: Any = import_module("distributed")
        except ImportError as error:
            raise MissingDependencyError(needs("distributed", "cluster", "The executor 'dask'")) from error
        if scheduler is not None and not _ADDRESS.fullmatch(scheduler):
            # Dask would look for it for half a minute.
            raise ParameterError(f"{scheduler!r} is no address of a Dask scheduler: write tcp://HOST:PORT.")
        self._distributed = distributed
        self._address = scheduler or "this machine"
        self._cluster: Any = None
        try:
            if scheduler is None:
                # The second try is this module's own, alone on a worker, so that a neighbour is not blamed.
                with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
                    self._cluster = distributed.LocalCluster(
                        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
                    )
            self._client = distributed.Client(self._cluster or scheduler, timeout="10s", set_as_default=False)
        except (OSError, ValueError) as error:
            self._close_cluster()
            raise ParameterError(
                f"No Dask scheduler answers at {scheduler}: check the address (tcp://HOST:PORT) and that it runs."
            ) from error
        self.workers = sum(self._client.nthreads().values()) or workers
        self._counted_at = time.monotonic()

    def close(self) -> None:
        self._client.close()
        self._close_cluster()

    def _close_cluster(self) -> None:
        if self._cluster is not None:
            self._cluster.close()
            self._cluster = None

    def _outcomes(
        self, guarded: Callable[[tuple[int, T]], Outcome[R]], items: Iterator[tuple[int, T]]
    ) -> Iterator[Outcome[R]]:
        suspects: list[tuple[int, T]] = []
        for item, outcome in self._finished(guarded, items, alone=False):
            if outcome is None:
                suspects.append(item)
            else:
                yield outcome
        for item, outcome in self._finished(guarded, iter(suspects), alone=True):
            yield worker_died(item) if outcome is None else outcome

    def _finished(
        self, guarded: Callable[[tuple[int, T]], Outcome[R]], items: Iterator[tuple[int, T]], *, alone: bool
    ) -> Iterator[tuple[tuple[int, T], Outcome[R] | None]]:
        """Items with their outcomes, None where Dask gave the item up because its worker died."""
        running: dict[Any, tuple[int, T]] = {}
        try:
            while True:
                window = 1 if alone else 2 * self._count_workers()
                for item in islice(items, max(0, window - len(running))):
                    running[self._client.submit(_with_one_thread, guarded, item, pure=False)] = item
                if not running:
                    return
                for future in self._wait(list(running)):
                    item = running.pop(future)
                    error = future.exception() if future.status == "error" else None
                    if error is None:
                        yield item, future.result()
                    elif isinstance(error, self._distributed.KilledWorker):
                        yield item, None
                    elif _cannot_load(error):
                        raise GenreLibError(
                            f"The workers of the Dask cluster at {self._address} cannot load this work "
                            f"({error.__cause__ or error}): install the same genre-lib there, and run again."
                        ) from error
                    else:
                        yield item, Outcome(item[0], failure=failure_of(error))
        finally:
            if running:
                self._client.cancel(list(running), force=True)

    def _count_workers(self) -> int:
        """Threads of the cluster, asked for now and then: queues start workers when it suits them."""
        if time.monotonic() - self._counted_at > _RECOUNT_S:
            self.workers = sum(self._client.nthreads().values()) or self.workers
            self._counted_at = time.monotonic()
        return self.workers

    def _wait(self, futures: list[Any]) -> Iterable[Any]:
        while True:
            try:
                with self._client.as_current():
                    return self._distributed.wait(futures, timeout=_LOST_WORKERS_S, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                if not self._client.nthreads():
                    raise GenreLibError(
                        f"The Dask cluster at {self._address} has no workers left: start some "
                        "and run again, what is done is kept."
                    ) from None


def _with_one_thread(guarded: Callable[[tuple[int, T]], Outcome[R]], item: tuple[int, T]) -> Outcome[R]:
    # Workers that somebody started by hand have as many threads as the machine has cores.
    one_thread_for_good()
    return guarded(item)


def _cannot_load(error: BaseException) -> bool:
    """Whether a worker did not even come to the item: it lacks a module, or has another version of it."""
    return isinstance(error, ImportError) or (isinstance(error, RuntimeError) and "deserialization" in str(error))
