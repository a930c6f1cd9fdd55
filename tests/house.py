"""The architecture as it stands: `python -m tests.house` prints the folders of genre_lib, and whether order holds.

The order itself is kept in pyproject.toml ([tool.importlinter]).
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.clusters import REPOSITORY

LIBRARY = REPOSITORY / "genre_lib"
LARGEST = 20
_UNCOUNTED = {"__init__.py", "__pycache__", "py.typed"}


def entries() -> list[Path]:
    """What stands at the top of the library."""
    return sorted(path for path in LIBRARY.iterdir() if path.name not in _UNCOUNTED)


def first_line(entry: Path) -> str:
    """What an entry is for, in its own words."""
    source = entry / "__init__.py" if entry.is_dir() else entry
    return (ast.get_docstring(ast.parse(source.read_text("utf-8"))) or "").splitlines()[0]


def from_the_top() -> list[str]:
    """Names in the order of the layers."""
    contracts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [name.strip() for layer in layers for name in layer.split("|")]


def main() -> int:
    found = {entry.stem: entry for entry in entries()}
    for name in from_the_top():
        entry = found.pop(name)
        print(f"{entry.name + ('/' if entry.is_dir() else ''):<14} {first_line(entry)}")
    print(f"\n{len(entries())} entries at the top (at most {LARGEST})\n", flush=True)
    linter = Path(sys.executable).with_name("lint-imports")
    kept = subprocess.run([linter, "--no-cache"], cwd=REPOSITORY, check=False).returncode == 0
    return 0 if kept and not found and len(entries()) <= LARGEST else 1


if __name__ == "__main__":
    sys.exit(main())
