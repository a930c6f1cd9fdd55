"""`genre sweep`: the notebooks run many times, over a grid or a sample of their parameters."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from genre_lib.cli.options import add_command, add_executor_options, chosen_executor, say_error


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "sweep",
        _sweep,
        "run the notebooks many times, or go on with a sweep",
        example="genre sweep data/sweeps/networks.yaml --list",
    )
    parser.add_argument("spec", metavar="SPEC.yaml", help="what to vary; data/sweeps holds examples")
    parser.add_argument("--name", help="the sweep's folder below runs/ (default: the file's name)")
    parser.add_argument("--list", action="store_true", help="list the runs without running them")
    add_executor_options(parser)


def _sweep(options: argparse.Namespace) -> int:
    from genre_lib.runs.sweeps import Sweep, run_sweep

    sweep = Sweep.load(options.spec)
    if options.list:
        for run in sweep.runs():
            print(run.name)
        return 0
    folder = Path("runs") / (options.name or Path(options.spec).stem)
    with chosen_executor(options) as executor:
        reports = run_sweep(sweep, folder, executor=executor)
    failed = [report for report in reports if report.state == "failed"]
    for report in failed:
        say_error(f"{report.run.name}: {report.sentence}")
    return 1 if failed else 0
