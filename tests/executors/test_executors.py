"""Items are functions of their numbers, so that every executor must agree with `map`."""

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent import futures
from functools import partial
from itertools import count, islice
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from genre_lib.errors import AudioError, GenreLibError, MissingDependencyError, ParameterError
from genre_lib.executors import Executor, ThreadExecutor, get_executor
from tests.clusters import REPOSITORY, started_by_hand


def square(number: int) -> int:
    return number * number


def fails_on_three(number: int) -> int:
    if number == 3:
        raise AudioError("number 3 is not audio.")
    if number == 4:
        raise ZeroDivisionError("division by zero")
    return number


def dies(folder: Path, number: int, times: int, poison: int) -> int:
    """Ends its process the first `times` times it is asked for `poison`; counts how often each number is asked for."""
    (folder / f"{number}.{time.time_ns()}").touch()
    if number == poison and len(list(folder.glob(f"{poison}.*"))) <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def poisoned(number: int, *, folder: Path, times: int, poison: int = 5) -> int:
    return dies(folder, number, times, poison)


def not_picklable(_: int) -> object:
    return lambda: None


def thread_settings(_: int) -> tuple[str | None, str | None]:
    return os.environ.get("OPENBLAS_NUM_THREADS"), os.environ.get("OMP_NUM_THREADS")


def blas_threads(_: int) -> list[int]:
    np.ones((4, 4)) @ np.ones((4, 4))
    return [library["num_threads"] for library in threadpool_info()]


def threads_of_what_an_item_loads(_: int) -> tuple[list[int], list[int]]:
    before = blas_threads(0)
    # It brings an OpenMP of its own.
    importlib.import_module("sklearn.utils._openmp_helpers")
    return before, blas_threads(0)


@pytest.fixture(scope="module", params=["serial", "threads", "processes", pytest.param("dask", marks=pytest.mark.slow)])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    with ThreadExecutor(2) if request.param == "threads" else get_executor(request.param, workers=2) as executor:
        yield executor


def values(executor: Executor, function, items) -> dict[int, object]:
    return {outcome.index: outcome.value for outcome in executor.map(function, items)}


def test_every_item_has_its_value(executor: Executor) -> None:
    assert values(executor, square, list(range(20))) == {i: i * i for i in range(20)}


def test_failures_are_values_and_the_rest_goes_on(executor: Executor) -> None:
    outcomes = {outcome.index: outcome for outcome in executor.map(fails_on_three, range(6))}
    assert [outcomes[i].value for i in (0, 1, 2, 5)] == [0, 1, 2, 5]
    assert outcomes[3].failure is not None
    assert outcomes[3].failure.expected
    assert outcomes[3].failure.message == "number 3 is not audio."
    assert outcomes[4].failure is not None
    assert not outcomes[4].failure.expected
    assert outcomes[4].failure.kind == "ZeroDivisionError"
    assert "division by zero" in outcomes[4].failure.trace


def test_progress_counts_up_to_the_number_of_items(executor: Executor) -> None:
    calls: list[tuple[int, int | None]] = []
    list(executor.map(square, [1, 2, 3], progress=lambda done, total: calls.append((done, total))))
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_nothing_to_do_is_no_error(executor: Executor) -> None:
    assert list(executor.map(square, [])) == []


def test_an_endless_supply_is_taken_only_as_needed(executor: Executor) -> None:
    taken = []

    def supply() -> Iterator[int]:
        for number in count():
            taken.append(number)
            yield number

    outcomes = executor.map(square, supply())
    assert len(list(islice(outcomes, 5))) == 5
    outcomes.close()  # type: ignore[attr-defined]
    assert len(taken) <= 5 + 4 * executor.workers


def test_a_value_that_cannot_be_sent_back_is_a_failure() -> None:
    with get_executor("processes", workers=1) as executor:
        (outcome,) = executor.map(not_picklable, [0])
    assert outcome.failure is not None
    assert "pickle" in outcome.failure.message


def test_an_executor_can_be_used_twice(executor: Executor) -> None:
    assert values(executor, square, [2]) == {0: 4}
    assert values(executor, square, [3]) == {0: 9}


def test_libraries_use_one_thread_while_an_item_runs(executor: Executor) -> None:
    for outcome in executor.map(blas_threads, range(2)):
        assert outcome.value
        assert set(outcome.value) == {1}


# What pytest itself or an earlier test loaded would hide it, hence a process of its own.
LATE_LIBRARY = """
import importlib
from genre_lib.executors import get_executor
from tests.executors.test_executors import blas_threads, threads_of_what_an_item_loads

with get_executor("serial") as executor:
    early = [outcome.value for outcome in executor.map(blas_threads, [0])]
    between = blas_threads(0)
    importlib.import_module("sklearn.utils._openmp_helpers")
    late = [outcome.value for outcome in executor.map(blas_threads, [0])]
print(early, between, late, blas_threads(0), sep="\\n")
"""


def test_libraries_that_load_between_items_are_limited_too_and_given_back() -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "2"}
    command = [sys.executable, "-c", LATE_LIBRARY]
    answer = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=REPOSITORY, check=False)
    assert answer.returncode == 0, answer.stderr
    (early,), between, (late,), after = map(json.loads, answer.stdout.splitlines())
    assert set(early) == set(late) == {1}
    assert len(late) > len(early)
    assert 3 in after
    assert [n for n in after if n != 3] == between


def test_worker_processes_start_with_one_thread_set() -> None:
    before = dict(os.environ)
    with get_executor("processes", workers=1) as executor:
        assert values(executor, thread_settings, [0]) == {0: ("1", "1")}
    assert dict(os.environ) == before


@pytest.mark.parametrize("name", ["processes", pytest.param("dask", marks=pytest.mark.slow)])
def test_a_killed_worker_costs_only_the_retry_of_its_items(name: str, tmp_path: Path) -> None:
    with get_executor(name, workers=2) as executor:
        outcomes = list(executor.map(partial(poisoned, folder=tmp_path, times=1), range(12)))
    assert sorted(outcome.index for outcome in outcomes) == list(range(12))
    assert {outcome.index: outcome.value for outcome in outcomes} == {i: i for i in range(12)}
    runs = [len(list(tmp_path.glob(f"{i}.*"))) for i in range(12)]
    assert runs[5] == 2
    # At most what was in flight beside it ran again.
    assert sum(runs) <= 12 + 4


@pytest.mark.parametrize("name", ["processes", pytest.param("dask", marks=pytest.mark.slow)])
def test_an_item_that_kills_twice_is_set_aside_and_reported(name: str, tmp_path: Path) -> None:
    with get_executor(name, workers=2) as executor:
        outcomes = {
            outcome.index: outcome for outcome in executor.map(partial(poisoned, folder=tmp_path, times=99), range(12))
        }
        assert {i: outcomes[i].value for i in range(12) if i != 5} == {i: i for i in range(12) if i != 5}
        assert outcomes[5].failure is not None
        assert outcomes[5].failure.kind == "WorkerDied"
        assert len(list(tmp_path.glob("5.*"))) == 2
        assert values(executor, square, [7]) == {0: 49}


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, signal\n"
        "from genre_lib.executors import get_executor\n"
        "def pid(_):\n    return os.getpid()\n"
        "if __name__ == '__main__':\n"
        "    executor = get_executor('processes', workers=1)\n"
        "    print([o.value for o in executor.map(pid, [0])][0], flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    parent = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environment, check=False)
    worker = int(parent.stdout)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{worker}").exists() and _state(worker) != "Z":
        assert time.monotonic() < deadline, "the worker outlives its parent"
        time.sleep(0.05)


def _state(process: int) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "Z"


@pytest.mark.slow
def test_workers_started_by_hand_are_joined_and_one_may_be_killed(tmp_path: Path) -> None:
    found = {}
    with started_by_hand(tmp_path) as (address, workers), get_executor("dask", scheduler=address) as executor:
        for outcome in executor.map(_slow_square, range(40)):
            if len(found) == 5:
                workers[0].send_signal(signal.SIGKILL)
            found[outcome.index] = outcome.value
        assert workers[0].wait(timeout=10) == -signal.SIGKILL
    assert found == {i: i * i for i in range(40)}


@pytest.mark.slow
def test_workers_started_by_hand_use_one_thread_in_whatever_they_load(tmp_path: Path) -> None:
    """Two items at a time in one process, which finds three threads in its environment."""
    many = {"n_workers": 1, "n_threads": 2, "OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "3"}
    with started_by_hand(tmp_path, **many) as (address, _), get_executor("dask", scheduler=address) as executor:
        for outcome in executor.map(threads_of_what_an_item_loads, range(8)):
            before, after = outcome.value
            assert set(before) <= {1}
            assert len(after) > 1
            assert set(after) == {1}


@pytest.mark.slow
def test_workers_that_cannot_load_the_work_are_not_its_items_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work lies in a module that this process can import and the workers cannot."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "only_here.py").write_text("def square(number):\n    return number * number\n")
    monkeypatch.syspath_prepend(tmp_path / "here")
    work = importlib.import_module("only_here").square
    with started_by_hand(tmp_path, n_workers=1) as (address, _), get_executor("dask", scheduler=address) as executor:
        with pytest.raises(GenreLibError, match=f"at {address} cannot load this work .*install the same genre-lib"):
            list(executor.map(work, range(3)))
        assert {o.value for o in executor.map(abs, [-3])} == {3}


def _slow_square(number: int) -> int:
    time.sleep(0.05)
    return number * number


def test_an_unknown_executor_is_refused() -> None:
    with pytest.raises(ParameterError, match="serial, processes, dask"):
        get_executor("threads")


def test_a_scheduler_without_dask_is_refused() -> None:
    with pytest.raises(ParameterError, match="goes with the executor 'dask'"):
        get_executor("processes", scheduler="tcp://127.0.0.1:1")


def test_no_worker_is_refused() -> None:
    with pytest.raises(ParameterError, match="from 1 up"):
        get_executor("processes", workers=0)


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer_is_named() -> None:
    with pytest.raises(ParameterError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        get_executor("dask", scheduler="tcp://127.0.0.1:9")


def test_dask_is_imported_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingDependencyError, match=r"genre-lib\[cluster\]"):
        get_executor("dask")


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_what_has_finished_since_the_last_look_comes_in_order(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module(f"genre_lib.executors.{kind}")
    monkeypatch.setattr(module, "wait", lambda running, **_: futures.wait(running))
    with ThreadExecutor(8) if kind == "threads" else get_executor("processes", 2) as executor:
        assert [outcome.index for outcome in executor.map(abs, range(12))] == list(range(12))


@pytest.mark.parametrize("address", ["nonsense", "tcp://host", "host:port"])
def test_what_is_no_address_of_a_scheduler_is_not_looked_for(address: str) -> None:
    with pytest.raises(ParameterError, match=r"write tcp://HOST:PORT"):
        get_executor("dask", scheduler=address)
