"""A visitor's own folder for uploads, gone when the visit ends, however it ends."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from genre_lib.utils.processes import is_alive

READY = "ready"

_PREFIX = "visitor-"


def session_folder(root: str | Path | None = None) -> Path:
    """A new folder named by this process, removed when the process ends.

    A process that is killed removes nothing: its folder goes with the next call of `sweep`.
    """
    root = Path(root) if root else Path(tempfile.gettempdir()) / "genre-dashboard"
    root.mkdir(parents=True, exist_ok=True)
    sweep(root)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=root))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def is_of_visitor(path: Path) -> bool:
    """Whether a path lies in a visitor's folder, and so goes when the visit ends."""
    return any(part.startswith(_PREFIX) for part in path.parts)


def sweep(root: str | Path) -> None:
    """Remove the folders of processes that are no more."""
    for folder in Path(root).glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).split("-")[0]
        if owner.isdigit() and not is_alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
