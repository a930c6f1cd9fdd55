"""Small files of a filter run."""

from __future__ import annotations

import os

from genre_lib.errors import RunError


def write_file(path: str, content: bytes) -> None:
    """Write a file that is no other one's twin; a process that is killed may leave it short.

    Written by the thread that calls: several threads that take turns at the interpreter take twice as long as one
    that writes.

    Raises
    ------
    RunError
        It cannot be written.
    """
    try:
        try:
            _write_new(path, content)
        except FileExistsError:
            # One that an earlier run has linked to another must not change that one too.
            os.unlink(path)
            _write_new(path, content)
    except OSError as error:
        what = f"{error.filename or path} cannot be written ({error.strerror})"
        raise RunError(f"{what}: free some space, then run again, it goes on.") from error


def _write_new(path: str, content: bytes) -> None:
    with open(path, "xb") as file:
        file.write(content)
