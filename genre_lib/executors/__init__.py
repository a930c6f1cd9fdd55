"""Many at once: one interface over this process, worker processes, or a Dask cluster.

`Executor.map` yields an `Outcome` for each item as it finishes. What goes wrong with an item is a value, not an
exception, so that one bad file never ends a run. A worker that dies takes its item with it: such items are tried once
more, one by one; an item whose worker dies again is set aside as a failure.
"""

from __future__ import annotations

import os

from genre_lib.errors import ParameterError
from genre_lib.executors.dask_cluster import DaskExecutor
from genre_lib.executors.interface import Executor, Failure, Outcome, Progress, SerialExecutor
from genre_lib.executors.processes import ProcessExecutor
from genre_lib.executors.threads import ThreadExecutor

__all__ = [
    "EXECUTOR_NAMES",
    "DaskExecutor",
    "Executor",
    "Failure",
    "Outcome",
    "ProcessExecutor",
    "Progress",
    "SerialExecutor",
    "ThreadExecutor",
    "get_executor",
    "usable_cores",
]

EXECUTOR_NAMES = ("serial", "processes", "dask")


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
        return ProcessExecutor(workers or usable_cores())
    if name == "dask":
        return DaskExecutor(workers or usable_cores(), scheduler)
    raise ParameterError(f"There is no executor {name!r}: choose one of {', '.join(EXECUTOR_NAMES)}.")


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
