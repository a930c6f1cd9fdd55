"""Examples to try everything with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from genre_lib.datasets.examples import EXAMPLES
from tests.clusters import REPOSITORY

FETCH = """
import sys
from genre_lib.datasets.examples import EXAMPLES, fetch_example
for example in EXAMPLES:
    print(fetch_example(example))
"""


def test_the_examples_come_from_librosas_cache(shared: Path) -> None:
    """In a process of its own: librosa reads where its cache is once, when it is imported."""
    environment = {**os.environ, "LIBROSA_DATA_DIR": str(shared / "data" / "librosa-examples")}
    answer = subprocess.run(
        [sys.executable, "-c", FETCH], capture_output=True, text=True, cwd=REPOSITORY, env=environment, check=True
    )
    found = [Path(line) for line in answer.stdout.splitlines()]
    assert len(found) == len(EXAMPLES)
    assert all(path.is_file() and path.suffix == ".ogg" for path in found)


def test_every_example_is_credited() -> None:
    for example in EXAMPLES:
        assert all((example.title, example.author, example.licence))
        assert example.licence in example.credit
