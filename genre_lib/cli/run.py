"""`genre run`: the notebooks in order, through papermill."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

from genre_lib.cli.options import add_command


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "run",
        _run,
        "run the notebooks in order into runs/NAME, or go on with a run",
        example="genre run -p dataset MyMusic -p epochs 20",
    )
    parser.add_argument(
        "-p",
        dest="parameters",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="set a parameter of the notebooks, as often as needed; --parameters lists them",
    )
    parser.add_argument("--name", help="the run's folder below runs/ (default: made from the parameters)")
    parser.add_argument("--from", dest="start", metavar="STEP", help="run again from this notebook: 3, 03 or its name")
    parser.add_argument("--parameters", dest="list", action="store_true", help="list every parameter with its default")


def _run(options: argparse.Namespace) -> int:
    from genre_lib.runs import notebooks

    if options.list:
        for step in notebooks.PIPELINE:
            print(step)
            for parameter in notebooks.inspect(step).values():
                print(f"  {parameter.name:<24} {parameter.default:<28} {parameter.help}")
        return 0
    given = dict(options.parameters)
    name = options.name or _name_of_run(given)
    notebooks.run_pipeline(Path("runs") / name, given, start=_step(options.start))
    return 0


def _step(text: str | None) -> str | None:
    return text.zfill(2) if text is not None and text.isdecimal() else text


def _name_of_run(given: dict[str, str]) -> str:
    # The same parameters find the same run again, so that the same command resumes it.
    if not given:
        return "demo"
    digest = hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:6]
    return f"{Path(given.get('dataset', 'demo')).stem}-{digest}"
