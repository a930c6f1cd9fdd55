"""`genre notebooks`: copies of the notebooks, to be changed."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

from genre_lib.cli.options import add_command
from genre_lib.errors import ParameterError


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands, "notebooks", _notebooks, "copy the notebooks into a folder", example="genre notebooks my-notebooks"
    )
    parser.add_argument("folder", metavar="DIR", help="made if it is missing; a notebook that is there already stays")


def _notebooks(options: argparse.Namespace) -> int:
    from genre_lib.bundle.resources import resource

    folder = Path(options.folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(resource("notebooks").glob("*.ipynb")):
            copy = folder / path.name
            kept = copy.exists()
            if not kept:
                shutil.copyfile(path, copy)
            print(f"{copy}{'  (kept as it was)' if kept else ''}")
    except OSError as error:
        raise ParameterError(f"{folder} cannot be written ({error.strerror}): choose another folder.") from error
    return 0
