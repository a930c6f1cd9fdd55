"""One run of a sweep, in a process of its own that ends with the process that started it.

Its argument is JSON (folder, parameters, steps); standard input is a sign of life: the starting process holds it open.
"""

from __future__ import annotations

import json
import os
import sys
import threading

from genre_lib.errors import GenreLibError
from genre_lib.runs import notebooks
from genre_lib.runs.sweeps.running import COMPLAINT


def main() -> int:
    """Run the notebooks; 0 where all of them finished."""
    job = json.loads(sys.argv[1])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        notebooks.run_pipeline(job["folder"], job["parameters"], steps=tuple(job["steps"]))
    except GenreLibError as error:
        print(f"{COMPLAINT}{error}", flush=True)
        return 1
    return 0


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
