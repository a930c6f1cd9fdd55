"""Silence for libraries that write to standard error from native code, before any setting can stop them."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager

from genre_lib.utils.shared_context import SharedContext


def quiet_native_stderr() -> AbstractContextManager[None]:
    """Send file descriptor 2 nowhere for as long as any thread is inside; errors still raise."""
    return _QUIET


@contextlib.contextmanager
def _nowhere() -> Iterator[None]:
    try:
        sys.stderr.flush()
        saved = os.dup(2)
    except (OSError, AttributeError):
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(nowhere)
        os.close(saved)


_QUIET = SharedContext(_nowhere)
