"""Modules need each other, but no module needs another one to have been imported before it."""

import subprocess
import sys

import pytest

from tests.clusters import REPOSITORY

EACH_FIRST = """
import importlib, pkgutil, sys
import genre_lib

modules = [m.name for m in pkgutil.walk_packages(genre_lib.__path__, "genre_lib.") if not m.name.endswith("__main__")]
for module in modules:
    for loaded in [name for name in sys.modules if name.split(".")[0] == "genre_lib"]:
        del sys.modules[loaded]
    try:
        importlib.import_module(module)
    except ImportError as error:
        print(f"{module}: {error}")
print(len(modules), "modules")
"""


@pytest.mark.slow
def test_every_module_can_be_imported_first() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", EACH_FIRST], capture_output=True, text=True, cwd=REPOSITORY, check=False
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    *broken, counted = answer.stdout.splitlines()
    assert broken == []
    assert int(counted.split()[0]) > 100
