"""Dask clusters as people start them: a scheduler and workers, each a process of its own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


@contextmanager
def started_by_hand(
    folder: Path, *, n_workers: int = 2, n_threads: int = 1, **environment: str
) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """The scheduler's address, and its workers' processes once they have joined; all of them end with the context."""
    from distributed import Client

    address_file = folder / "scheduler.json"
    options = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "cwd": folder,
        "env": {**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
    }
    python = [sys.executable, "-m"]
    at = ["--scheduler-file", str(address_file), "--no-dashboard"]
    scheduler = subprocess.Popen([*python, "distributed.cli.dask_scheduler", "--port", "0", *at], **options)
    workers: list[subprocess.Popen] = []
    try:
        deadline = time.monotonic() + 60
        while not (address_file.exists() and address_file.read_text().endswith("}")):
            assert scheduler.poll() is None
            assert time.monotonic() < deadline, "the scheduler does not start"
            time.sleep(0.05)
        address = json.loads(address_file.read_text())["address"]
        worker = [*python, "distributed.cli.dask_worker", "--no-nanny", "--nthreads", str(n_threads), *at]
        workers += [subprocess.Popen(worker, **options) for _ in range(n_workers)]
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(n_workers, timeout=60)
        yield address, workers
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()
