"""Running a sweep: each run a process of its own, and only what is missing.

Every run is a normal run folder below the sweep's: a sweep that was killed, or whose specification grew, goes on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from genre_lib.bundle.resources import import_folder, work_folder
from genre_lib.errors import RunError
from genre_lib.executors import Executor, SerialExecutor, usable_cores
from genre_lib.runs.parameter_values import with_places
from genre_lib.runs.sweeps.specification import Planned, Sweep
from genre_lib.utils.json_files import read_json, write_json

SWEEP = "sweep.json"
LOG = "log.txt"
COMPLAINT = "genre: "


@dataclass(frozen=True)
class RunReport:
    """What became of one run.

    Attributes
    ----------
    run : Planned
    state : "done", "done before" or "failed"
    sentence : str
        Why it failed.
    """

    run: Planned
    state: str
    sentence: str = ""


def run_sweep(
    sweep: Sweep,
    folder: str | Path,
    *,
    executor: Executor | None = None,
    say: Callable[[str], None] = print,
) -> list[RunReport]:
    """Run what is missing of a sweep, each run in a process of its own.

    Parameters
    ----------
    sweep : Sweep
    folder : str or Path
        The sweep's folder, relative to the checkout.
    executor : Executor, optional
        By default one run after the other; cores are shared out evenly between runs at a time.
    say : callable
        Gets one line for each run.

    Returns
    -------
    list of RunReport
        In the order of `Sweep.runs`. A run that failed does not stop the others, and is tried again next time.
    """
    folder = Path(folder) if Path(folder).is_absolute() else work_folder() / folder
    # A run keeps the name that its specification gives it, and finds its files wherever its process stands.
    planned = [replace(run, parameters=with_places(run.parameters)) for run in sweep.runs()]
    write_json(folder / SWEEP, {**sweep.to_dict(), "runs": {run.name: dict(run.varied) for run in planned}})
    reports: dict[str, RunReport] = {}
    for run in planned:
        if is_done(folder / run.name, sweep.steps):
            reports[run.name] = RunReport(run, "done before")
    say(f"{len(planned)} runs in {folder}, {len(reports)} done before")
    missing = [run for run in planned if run.name not in reports]
    executor = executor or SerialExecutor()
    work = partial(_run_one, folder=str(folder), steps=sweep.steps, threads=max(1, usable_cores() // executor.workers))
    for outcome in executor.map(work, missing):
        run = missing[outcome.index]
        sentence = outcome.failure.message if outcome.failure is not None else str(outcome.value)
        report = RunReport(run, "failed" if sentence else "done", sentence)
        reports[run.name] = report
        say(f"{len(reports)} of {len(planned)}: {report.state} {run.name}" + (f" ({sentence})" if sentence else ""))
    return [reports[run.name] for run in planned]


def is_done(folder: Path, steps: tuple[str, ...]) -> bool:
    """Whether a run folder holds a finished run of these notebooks."""
    try:
        record = read_json(folder / "run.json", missing={})
    except RunError:
        return False
    return record.get("state") == "done" and tuple(record.get("pipeline", ())) == steps


def _run_one(run: Planned, *, folder: str, steps: tuple[str, ...], threads: int) -> str:
    """Run the notebooks in a process of its own; the reason where it fails, else nothing."""
    place = Path(folder) / run.name
    place.mkdir(parents=True, exist_ok=True)
    job = {"folder": str(place), "parameters": dict(run.parameters), "steps": list(steps)}
    environment = {**os.environ, "TF_NUM_INTRAOP_THREADS": str(threads), "TF_NUM_INTEROP_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(import_folder()), environment.get("PYTHONPATH")]))
    # Standard input stays open: the run ends itself when it closes, that is when this process is gone.
    with subprocess.Popen(
        [sys.executable, "-m", "genre_lib.runs.sweeps.one_run", json.dumps(job)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
        cwd=work_folder(),
    ) as process:
        assert process.stdout is not None
        complaint = _logged(process.stdout, place / LOG)
        status = process.wait()
    if status == 0:
        return ""
    return complaint or f"its process ended with status {status}, see {place / LOG}"


def _logged(said: Iterable[str], path: Path) -> str:
    """Add to a log what a run says, and return its last complaint, which a full disk must not swallow."""
    complaint = ""
    for line in said:
        if line.startswith(COMPLAINT):
            complaint = line.removeprefix(COMPLAINT).strip()
        with suppress(OSError), path.open("a", encoding="utf-8") as log:
            log.write(line)
    return complaint
