"""Progress of long work as lines of text, for terminals, notebooks and logs alike."""

from __future__ import annotations

import time
from collections.abc import Callable


def progress_lines(what: str, *, every_s: float = 2.0) -> Callable[[int, int | None], None]:
    """A progress callback (done, total) that prints a line now and then, and always the last.

    Parameters
    ----------
    what : str
        What is counted, such as ``"spectrograms"``.
    every_s : float [s]
        Least time between lines.
    """
    last = time.monotonic()

    def show(done: int, total: int | None) -> None:
        nonlocal last
        now = time.monotonic()
        if done == total or now - last >= every_s:
            last = now
            print(f"{what}: {done} of {total if total is not None else '?'}", flush=True)

    return show
