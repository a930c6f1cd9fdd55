"""`make bench`: every figure of speed and size in one report, as ratios within one run.

Machines differ and are shared: absolute times are printed for orientation, the ratios are what holds. A bench is a
module here whose `run()` gives rows, or raises `LeftOut` with the reason; its first line is its title.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.report import Section

BENCHES = (
    "models",
    "front_end",
    "inference",
    "data_preparation",
    "batch",
    "similarity",
    "teach",
    "tag",
    "scale",
    "filters",
    "curve",
    "dashboard",
    "page",
)


def main(arguments: list[str] | None = None) -> int:
    """Run the benches named, or all; the report is written after each, whatever becomes of the next."""
    from benchmarks.report import closing, table, write

    parser = _parser()
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(BENCHES):
        parser.error(f"there is no bench {', '.join(sorted(unknown))}: choose some of {', '.join(BENCHES)}.")
    sections = []
    for name in options.names or BENCHES:
        print(f"measuring {name.replace('_', ' ')} ...", file=sys.stderr, flush=True)
        sections.append(_measured(name))
        print(f"\n{table(sections[-1])}", flush=True)
        write(sections, options.out)
    print(closing(sections))
    print(f"written to {options.out / 'bench.md'} and bench.json")
    return 1 if any(section.failed for section in sections) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="BENCH", help=f"some of {', '.join(BENCHES)} (default: all)")
    parser.add_argument("--out", type=Path, default=Path("reports"), metavar="FOLDER", help="default: reports")
    return parser


def _measured(name: str) -> Section:
    from benchmarks.measuring import LeftOut
    from benchmarks.report import Section, why

    title, began = "", time.perf_counter()
    try:
        module = importlib.import_module(f"benchmarks.{name}")
        title = (module.__doc__ or "").splitlines()[0]
        return Section(name, title, tuple(module.run()), seconds=time.perf_counter() - began)
    except LeftOut as reason:
        return Section(name, title, left_out=str(reason), seconds=time.perf_counter() - began)
    except Exception as error:
        return Section(name, title, failed=why(error), seconds=time.perf_counter() - began)


if __name__ == "__main__":
    # Before numpy loads: one thread, so that ratios do not depend on the number of cores.
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    sys.exit(main())
