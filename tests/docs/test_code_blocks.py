"""Every block of code in the documentation was run, or says that it is something to read.

`python` and `sh` are executed, page by page; the `genre` and `make` lines of `console` must parse; the rest is shown.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from genre_lib.cli.main import command_parser
from tests.conftest import write_song

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "docs").glob("*/*.md")])
PAGES = [page for page in PAGES if page.parent.name not in ("generated", "site") and page.name != "CHANGELOG.md"]
SHOWN = {"text", "ini", "html", "yaml", "json"}
BLOCK = re.compile(r"^ *(`{3,}|:{3,})([^\n`]*)\n(.*?)^ *\1 *$", re.DOTALL | re.MULTILINE)


def blocks(page: Path) -> list[tuple[str, str]]:
    """Language and content of each fenced block that is no directive."""
    found = [(kind.strip(), text) for fence, kind, text in BLOCK.findall(page.read_text()) if fence[0] == "`"]
    return [(kind, text) for kind, text in found if not kind.startswith("{")]


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def pages_with(kinds: set[str]) -> list[Path]:
    return [page for page in PAGES if any(kind in kinds for kind, _ in blocks(page))]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_block_says_what_it_is(page: Path) -> None:
    for kind, text in blocks(page):
        assert kind in SHOWN | {"python", "sh", "console"}, text
        if kind == "yaml":
            yaml.safe_load(text)
        if kind == "json":
            json.loads(text)


@pytest.mark.parametrize("page", pages_with({"console", "sh"}), ids=named)
def test_every_command_exists_with_its_options(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in "\n".join(text for kind, text in blocks(page) if kind in ("console", "sh")).splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["make"]:
            assert words[1].split("=")[0] in targets, line
        if words and words[0].endswith("genre"):
            arguments = [word for word in words[1:] if word != "..."]
            command_parser().parse_all(arguments)


@pytest.mark.slow
@pytest.mark.parametrize("page", pages_with({"python", "sh"}), ids=named)
def test_what_can_be_run_runs(page: Path, tmp_path: Path) -> None:
    write_song(tmp_path / "song.mp3", seconds=12)
    for genre in ("dub", "ska"):
        for number in range(3):
            for folder in ("Music", "my-music"):
                (tmp_path / folder / genre).mkdir(parents=True, exist_ok=True)
                write_song(tmp_path / folder / genre / f"{number}.ogg", seconds=6, seed=number)
    (tmp_path / "data").symlink_to(ROOT / "data")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "genre"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m genre_lib.cli "$@"\n')
    command.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    snippets = [text for kind, text in blocks(page) if kind == "python"]
    if snippets:
        (tmp_path / "page.py").write_text("\n".join(snippets))
        run([sys.executable, "page.py"], tmp_path, environment)
    for kind, text in blocks(page):
        if kind == "sh":
            run(["bash", "-e", "-c", text], tmp_path, environment)


def run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    answer = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
