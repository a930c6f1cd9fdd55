"""The interface: what an executor does, and what becomes of an item."""

from __future__ import annotations

import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Self, TypeVar

from genre_lib.errors import GenreLibError
from genre_lib.executors.one_thread import OneThreadForNow

T = TypeVar("T")
R = TypeVar("R")

Progress = Callable[[int, int | None], None]
"""Called with (items done, items in all or None where the number is not known)."""


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


class SerialExecutor(Executor):
    """One item after the other in this process."""

    name = "serial"
    workers = 1

    def _outcomes(
        self, guarded: Callable[[tuple[int, T]], Outcome[R]], items: Iterator[tuple[int, T]]
    ) -> Iterator[Outcome[R]]:
        one_thread = OneThreadForNow()
        for item in items:
            with one_thread():
                outcome = guarded(item)
            yield outcome


def _guarded(function: Callable[[T], R], item: tuple[int, T]) -> Outcome[R]:
    index, argument = item
    try:
        return Outcome(index, value=function(argument))
    except Exception as error:
        return Outcome(index, failure=failure_of(error))


def failure_of(error: BaseException) -> Failure:
    """What is told of an error that came up in a worker."""
    kind = type(error).__name__
    expected = isinstance(error, GenreLibError)
    message = str(error) if expected else f"{kind}: {error}"
    return Failure(kind, message, expected, "".join(traceback.format_exception(error)))


def worker_died(item: tuple[int, Any]) -> Outcome[Any]:
    """The outcome of an item that ended its worker twice."""
    message = f"{item[1]} ended its worker process twice (out of memory, or a crash while decoding): it is set aside."
    return Outcome(item[0], failure=Failure("WorkerDied", message))
