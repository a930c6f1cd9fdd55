"""Many at once: one seam over this process, worker processes, or a Dask cluster.

`Executor.map` yields an `Outcome` for each item as it finishes. What goes wrong with an item is a value, not an
exception, so that one bad file never ends a run. A worker that dies takes its item with it: such items are tried once
more, one by one; an item whose worker dies again is set aside as a failure.
"""

from __future__ import annotations

import os
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import import_module
from itertools import islice
from multiprocessing import connection, get_context, parent_process
from threading import Thread
from typing import Any, Generic, Self, TypeVar

from genre_lib.errors import GenreLibError, MissingDependencyError, ParameterError

T = TypeVar("T")
R = TypeVar("R")

EXECUTOR_NAMES = ("serial", "processes", "dask")

Progress = Callable[[int, int | None], None]
"""Called with (items done, items in all or None where the number is not known)."""

# Parallelism is over items: a library that starts threads of its own in every worker only makes them wait.
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
_LOST_WORKERS_S = 60.0
_RECOUNT_S = 5.0


@dataclass(frozen=True)
class Failure:
    """Why an item has no value.

    Attributes
    ----------
    kind : str
        Name of the exception's class, or ``WorkerDied``.
    message : str
        One sentence.
    expected : bool
        True for the project's own errors, which a user can act on; False for anything unforeseen.
    trace : str
        The traceback, for debugging.
    """

    kind: str
    message: str
    expected: bool = False
    trace: str = ""


@dataclass(frozen=True)
class Outcome(Generic[R]):
    """What became of one item: `value`, or `failure` where that is not None; `index` is its place in the input."""

    index: int
    value: R | None = None
    failure: Failure | None = None


class Executor(ABC):
    """Runs a function over items; use it as a context manager, or call `close`."""

    name: str
    workers: int

    def map(
        self, function: Callable[[T], R], items: Iterable[T], *, progress: Progress | None = None
    ) -> Iterator[Outcome[R]]:
        """Yield an outcome for every item, in the order in which they finish.

        Parameters
        ----------
        function : callable
            Must be picklable for `processes` and `dask`: a function of a module, or a partial of one.
        items : iterable
            Taken as needed: a long generator costs no memory.
        progress : callable, optional
            See `Progress`.

        Yields
        ------
        Outcome
        """
        total = len(items) if isinstance(items, Sized) else None
        for done, outcome in enumerate(self._outcomes(partial(_guarded, function), iter(enumerate(items))), start=1):
            if progress is not None:
                progress(done, total)
            yield outcome

    def close(self) -> None:  # noqa: B027 - most executors hold nothing
        """Let go of workers; the executor may not be used afterwards."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def _outcomes(
        self, guarded: Callable[[tuple[int, T]], Outcome[R]], items: Iterator[tuple[int, T]]
    ) -> Iterator[Outcome[R]]: ...


def get_executor(name: str = "serial", workers: int | None = None, scheduler: str | None = None) -> Executor:
    """An executor by name.

    Parameters
    ----------
    name : {"serial", "processes", "dask"}
    workers : int > 0, optional
        By default as many as this process may use cores; a joined cluster has its own number.
    scheduler : str, optional
        Address of a running Dask scheduler (``tcp://HOST:PORT``), for `dask` alone; without it a local cluster starts.

    Raises
    ------
    ParameterError
        An unknown name or an impossible combination.
    MissingDependencyError
        `dask` without the `cluster` extra.
    """
    if workers is not None and workers < 1:
        raise ParameterError(f"workers is {workers}: give a number from 1 up.")
    if scheduler is not None and name != "dask":
        raise ParameterError(f"A scheduler ({scheduler}) goes with the executor 'dask', not {name!r}.")
    if name == "serial":
        return SerialExecutor()
    if name == "processes":
        return ProcessExecutor(workers or _cores())
    if name == "dask":
        return DaskExecutor(workers or _cores(), scheduler)
    raise ParameterError(f"There is no executor {name!r}: choose one of {', '.join(EXECUTOR_NAMES)}.")


class SerialExecutor(Executor):
    """One item after the other in this process."""

    name = "serial"
    workers = 1

    def _outcomes(
        self, guarded: Callable[[tuple[int, T]], Outcome[R]], items: Iterator[tuple[int, T]]
    ) -> Iterator[Outcome[R]]:
        return map(guarded, items)


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
                suspects = []
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    item = running.pop(future)
                    outcome = _outcome_of(future, item)
                    if outcome is None:
                        suspects.append(item)
                    else:
                        yield outcome
                if suspects:
                    # A broken pool fails every item it held; whichever finished before it broke keeps its result.
                    for future in wait(running).done:
                        item = running.pop(future)
                        outcome = _outcome_of(future, item)
                        if outcome is None:
                            suspects.append(item)
                        else:
                            yield outcome
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
                yield _worker_died(item) if outcome is None else outcome
        finally:
            pool.shutdown(cancel_futures=True)


class DaskExecutor(Executor):
    """A Dask cluster: one that is running already, or one of worker processes started on this machine."""

    name = "dask"

    def __init__(self, workers: int, scheduler: str | None = None) -> None:
        try:
            dask: Any = import_module("dask")
            distributed: Any = import_module("distributed")
        except ImportError as error:
            raise MissingDependencyError(
                "The executor 'dask' needs the packages dask and distributed: install genre-lib[cluster]."
            ) from error
        self._distributed = distributed
        self._address = scheduler or "this machine"
        self._cluster: Any = None
        try:
            if scheduler is None:
                # The second try is this module's own, alone on a worker, so that a neighbour is not blamed.
                with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
                    self._cluster = distributed.LocalCluster(
                        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None
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
            yield _worker_died(item) if outcome is None else outcome

    def _finished(
        self, guarded: Callable[[tuple[int, T]], Outcome[R]], items: Iterator[tuple[int, T]], *, alone: bool
    ) -> Iterator[tuple[tuple[int, T], Outcome[R] | None]]:
        """Items with their outcomes, None where Dask gave the item up because its worker died."""
        running: dict[Any, tuple[int, T]] = {}
        try:
            while True:
                window = 1 if alone else 2 * self._count_workers()
                for item in islice(items, max(0, window - len(running))):
                    running[self._client.submit(guarded, item, pure=False)] = item
                if not running:
                    return
                for future in self._wait(list(running)):
                    item = running.pop(future)
                    error = future.exception() if future.status == "error" else None
                    if error is None:
                        yield item, future.result()
                    elif isinstance(error, self._distributed.KilledWorker):
                        yield item, None
                    else:
                        yield item, Outcome(item[0], failure=_failure_of(error))
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


def _guarded(function: Callable[[T], R], item: tuple[int, T]) -> Outcome[R]:
    index, argument = item
    try:
        with _one_thread():
            return Outcome(index, value=function(argument))
    except Exception as error:
        return Outcome(index, failure=_failure_of(error))


def _one_thread() -> AbstractContextManager[Any]:
    """Keeps libraries that are loaded already from starting threads, in this process and in Dask's workers too."""
    controller = _thread_controller()
    return nullcontext() if controller is None else controller.limit(limits=1)


@lru_cache(maxsize=1)
def _thread_controller() -> Any:
    try:
        return import_module("threadpoolctl").ThreadpoolController()
    except ImportError:
        return None


def _failure_of(error: BaseException) -> Failure:
    kind = type(error).__name__
    expected = isinstance(error, GenreLibError)
    message = str(error) if expected else f"{kind}: {error}"
    return Failure(kind, message, expected, "".join(traceback.format_exception(error)))


def _worker_died(item: tuple[int, Any]) -> Outcome[Any]:
    message = f"{item[1]} ended its worker process twice (out of memory, or a crash while decoding): it is set aside."
    return Outcome(item[0], failure=Failure("WorkerDied", message))


def _submit(
    pool: ProcessPoolExecutor, guarded: Callable[[tuple[int, T]], Outcome[R]], item: tuple[int, T]
) -> Future[Outcome[R]]:
    # Workers start at a submit, and their libraries read these variables when they load.
    with _one_thread_environment():
        try:
            return pool.submit(guarded, item)
        except BrokenProcessPool as error:
            failed: Future[Outcome[R]] = Future()
            failed.set_exception(error)
            return failed


def _outcome_of(future: Future[Outcome[R]], item: tuple[int, T]) -> Outcome[R] | None:
    """The outcome, or None where the worker died (or was about to run the item when another one did)."""
    try:
        return future.result()
    except BrokenProcessPool:
        return None
    except Exception as error:
        # Such as a value that cannot be sent back.
        return Outcome(item[0], failure=_failure_of(error))


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


@contextmanager
def _one_thread_environment() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(_ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
