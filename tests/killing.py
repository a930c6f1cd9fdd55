"""Ending programs as a machine that goes down does."""

import contextlib
import os
import signal
import subprocess
import time

import psutil


def kill_all(process: subprocess.Popen, *, patience_s: float = 60) -> None:
    """SIGKILL a process and its group, and wait for what it started elsewhere, such as kernels, to end by itself.

    The process must have been started in a session of its own.
    """
    started = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + patience_s
    while any(_runs(child) for child in started):
        assert time.monotonic() < deadline, "what it started outlives it"
        time.sleep(0.05)


def _runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
