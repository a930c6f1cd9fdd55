"""`make bench`: every figure of speed and size in one report, as ratios within one run.

Machines differ and are shared: absolute times are printed for orientation, the ratios are what holds.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from pathlib import Path

# Before numpy loads: one thread, so that ratios do not depend on the number of cores.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

BENCHES = ("front_end", "inference", "data_preparation", "batch", "page", "filters", "scale", "dashboard")


def main() -> int:
    """Run the benches named, or all, and write reports/bench.json."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="BENCH", help=f"some of {', '.join(BENCHES)} (default: all)")
    names = parser.parse_args().names or BENCHES
    results = {}
    for name in names:
        print(f"\n{name.replace('_', ' ')}", flush=True)
        rows = importlib.import_module(f"benchmarks.{name}").run()
        results[name] = [row.to_dict() for row in rows]
        for row in rows:
            print(f"  {row}", flush=True)
    out = Path(__file__).resolve().parents[1] / "reports" / "bench.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(results, indent=1) + "\n")
    print(f"\nwritten to {out.relative_to(Path.cwd()) if out.is_relative_to(Path.cwd()) else out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
