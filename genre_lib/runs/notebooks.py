"""Running the notebooks through papermill: checked parameters, a state that survives a kill, and resuming."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from genre_lib.bundle.resources import resource, work_folder
from genre_lib.errors import ParameterError, RunError
from genre_lib.runs.parameter_values import check_values, with_places
from genre_lib.runs.run_folder import Run, library_versions
from genre_lib.utils.extras import require
from genre_lib.utils.json_files import read_json, write_json
from genre_lib.utils.options import unknown_name
from genre_lib.utils.processes import process_began
from genre_lib.utils.yaml_text import parse_yaml

PIPELINE = ("01_prepare_data", "02_train", "03_evaluate", "04_filters", "05_export")

# Set by the runner itself in every notebook.
_RUN_FOLDER = "run_folder"

# The system tells when a process began, give or take a correction of its clock.
_CLOCK_S = 2.0

# What a disk says that is full or may not be written.
_NO_PLACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Parameter:
    """A notebook's parameter as its `parameters` cell declares it."""

    name: str
    type: str
    default: str
    help: str


def notebook_path(step: str) -> Path:
    """Path of a notebook by its name."""
    return resource("notebooks", f"{step}.ipynb")


def inspect(step: str) -> dict[str, Parameter]:
    """The parameters that a notebook declares, by name."""
    with _quiet_papermill() as papermill:
        found = papermill.inspect_notebook(notebook_path(step))
    return {
        name: Parameter(name, values["inferred_type_name"], values["default"], values["help"])
        for name, values in found.items()
    }


def parse_parameters(given: Mapping[str, Any], steps: tuple[str, ...] = PIPELINE) -> dict[str, dict[str, Any]]:
    """Each step's share of the given parameters, checked before anything runs.

    Parameters
    ----------
    given : mapping of str to value
        Text is read as YAML, so that ``3``, ``0.1``, ``true`` and ``[1, 2]`` have their types.
    steps : tuple of str
        The notebooks to run.

    Raises
    ------
    ParameterError
        For a name that no step has (with the nearest that exists) or a value of another type.
    """
    known = {step: {name: p for name, p in inspect(step).items() if name != _RUN_FOLDER} for step in steps}
    names = {name for parameters in known.values() for name in parameters}
    for name in given:
        if name not in names:
            raise unknown_name("parameter", name, names)
    return {
        step: with_places({name: _typed(parameters[name], given[name]) for name in parameters if name in given})
        for step, parameters in known.items()
    }


def run_pipeline(
    folder: str | Path,
    given: Mapping[str, Any],
    *,
    steps: tuple[str, ...] = PIPELINE,
    start: str | None = None,
    say: Say = print,
) -> Run:
    """Run the notebooks in order into a run folder, or go on where an earlier attempt stopped.

    Parameters
    ----------
    folder : str or Path
        The run's folder, relative to the checkout.
    given : mapping
        Parameters; see `parse_parameters`.
    start : str, optional
        Run again from this step (its name or number) even if it is done.
    say : callable
        Gets one line at a time.

    Raises
    ------
    ParameterError
        Before anything runs.
    RunError
        A notebook failed; its executed copy keeps the traceback.
    """
    require("papermill", "ipykernel", "tensorflow", "tensorflowjs", what="Running the notebooks")
    parameters = parse_parameters(given, steps)
    check_values(parameters)
    run = Run.open(folder)
    record = _begin(run, parameters, steps, say)
    first = _first_step(record, steps, start, say)
    for step in steps[first:]:
        record["steps"][step] = {"state": "running", "since": _now()}
        _write(run, record)
        say(f"{step}: running")
        try:
            execute(
                step, run.folder / "notebooks" / f"{step}.ipynb", {**parameters[step], _RUN_FOLDER: str(run.folder)}
            )
        except RunError:
            record["steps"][step]["state"] = "failed"
            record |= {"state": "failed", "process": None}
            _write(run, record)
            raise
        record["steps"][step] |= {"state": "done", "until": _now()}
        _write(run, record)
    record |= {"state": "done", "process": None}
    _write(run, record)
    say(f"done: {run.folder}")
    return run


def execute(step: str, output: Path, parameters: Mapping[str, Any]) -> None:
    """Run one notebook through papermill; RunError with the last line of its traceback if it fails."""
    with _quiet_papermill() as papermill:
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            papermill.execute_notebook(
                notebook_path(step),
                output,
                parameters=dict(parameters),
                kernel_name="python3",
                cwd=str(work_folder()),
                progress_bar=False,
                log_output=False,
                stdout_file=_Echo(),
                # ipykernel warns about plain TCP on every start, though the connection never leaves this machine, and
                # calls it an error when it is stopped. What a cell raises is in the notebook.
                extra_arguments=["--log-level=50"],
            )
        except papermill.exceptions.PapermillExecutionError as error:
            reason = f"{error.ename}: {error.evalue}".strip().splitlines()[0]
            raise RunError(f"{step} stopped with {reason} (the whole of it is in {output}).") from error
        except OSError as error:
            if error.errno not in _NO_PLACE:
                raise
            raise RunError(
                f"{output} cannot be written ({error.strerror}): free some space and run again, or choose another."
            ) from error


def _begin(run: Run, parameters: dict[str, dict[str, Any]], steps: tuple[str, ...], say: Say) -> dict[str, Any]:
    record = read_json(run.folder / "run.json", missing={"parameters": parameters, "steps": {}, "started": _now()})
    if record["parameters"] != parameters:
        raise RunError(
            f"{run.folder} was begun with other parameters: name another run (--name), or remove that folder."
        )
    if record.get("state") == "running":
        stopped = [step for step, entry in record["steps"].items() if entry["state"] == "running"]
        if _is_being_run(record):
            raise RunError(
                f"{run.folder} is being run by process {record['process']}: wait for it, or name another run (--name)."
            )
        for step in stopped:
            say(f"{step}: was killed while running; it goes on now")
            record["steps"][step]["state"] = "killed"
    record |= {
        "state": "running",
        "process": os.getpid(),
        "process_began": process_began(os.getpid()),
        "host": socket.gethostname(),
        "versions": library_versions(),
        "pipeline": list(steps),
    }
    _write(run, record)
    return record


def _is_being_run(record: dict[str, Any]) -> bool:
    process, began = record.get("process"), record.get("process_began")
    if not process or process == os.getpid() or record.get("host") != socket.gethostname():
        return False
    there = process_began(process)
    # The number of a killed process goes to another one sooner or later, in a container at once.
    return there is not None and (began is None or abs(there - began) < _CLOCK_S)


def _first_step(record: dict[str, Any], steps: tuple[str, ...], start: str | None, say: Say) -> int:
    if start is not None:
        matches = [index for index, step in enumerate(steps) if step == start or step.startswith(f"{start}_")]
        if not matches:
            raise unknown_name("notebook", start, steps)
        return matches[0]
    for index, step in enumerate(steps):
        if record["steps"].get(step, {}).get("state") != "done":
            return index
        say(f"{step}: done before")
    return len(steps)


def _typed(parameter: Parameter, value: Any) -> Any:
    if isinstance(value, str) and parameter.type != "str":
        value = _parsed(parameter, value)
    accepted: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "bool": (bool,), "str": (str,)}
    types = accepted.get(parameter.type)
    wrong_bool = isinstance(value, bool) and parameter.type != "bool"
    if types is not None and (wrong_bool or not isinstance(value, types)):
        raise ParameterError(f"The parameter {parameter.name} takes a value of type {parameter.type}, not {value!r}.")
    # Notebooks run from the checkout while the user may stand anywhere. A plain word is a name, not a path.
    if isinstance(value, str) and os.sep in value and Path(value).expanduser().exists():
        return str(Path(value).expanduser().resolve())
    return value


def _parsed(parameter: Parameter, text: str) -> Any:
    try:
        return parse_yaml(text)
    except yaml.YAMLError as error:
        raise ParameterError(
            f"The parameter {parameter.name} takes a value of type {parameter.type}, not {text!r}."
        ) from error


def _write(run: Run, record: dict[str, Any]) -> None:
    write_json(run.folder / "run.json", record)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


class _Echo:
    """Passes what notebooks print on to this process, so that long work shows its progress."""

    def write(self, text: str) -> None:
        print(text, end="", flush=True)

    def flush(self) -> None:
        """Nothing is held back."""


@contextlib.contextmanager
def _quiet_papermill() -> Any:
    import papermill
    import papermill.exceptions

    logger = logging.getLogger("papermill")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield papermill
    finally:
        logger.setLevel(level)
