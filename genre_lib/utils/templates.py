"""Text files that lie in the folder `templates` beside a module: HTML, scripts and styles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def templates_beside(module_file: str) -> Callable[[str], str]:
    """A reader of the templates beside a module; call it with ``__file__``.

    Returns
    -------
    callable
        Gets a file's name and gives its text.
    """
    folder = Path(module_file).with_name("templates")
    return lambda name: (folder / name).read_text(encoding="utf-8")
