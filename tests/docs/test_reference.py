"""The documentation is complete: every public name and every flag, and numbers that are the card's."""

import argparse
import ast
import re
import shutil
from pathlib import Path

import pytest
from pyarrow import parquet

from docs.generators import results
from docs.generators.card_page import fields_of, write_card_page
from docs.generators.command_pages import page_of, parsers_of, write_command_pages
from genre_lib.batch.parquet import write_curves, write_rows
from genre_lib.bundle.card import card_schema
from genre_lib.bundle.files import read_card
from genre_lib.bundle.resources import pretrained_folder
from genre_lib.cli.main import command_parser

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "genre_lib"


def public_names() -> dict[str, ast.AST]:
    """Public modules, classes, functions and methods of the library, by dotted name."""
    found: dict[str, ast.AST] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name == "__main__.py":
            continue
        parts = [*path.relative_to(ROOT).parent.parts, *([] if path.stem == "__init__" else [path.stem])]
        tree = ast.parse(path.read_text())
        found[".".join(parts)] = tree
        for node in tree.body:
            if is_public(node):
                found[".".join([*parts, node.name])] = node
                members = node.body if isinstance(node, ast.ClassDef) else []
                found |= {".".join([*parts, node.name, one.name]): one for one in members if is_public(one)}
    return found


def is_public(node: ast.AST) -> bool:
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return isinstance(node, kinds) and not node.name.startswith("_")


def test_every_public_name_has_a_docstring() -> None:
    names = public_names()
    assert len(names) > 500
    # What a base class of somebody else's asks for is described there.
    overridden = {"write", "flush", "readable", "seekable", "read", "seek", "tell", "close"}
    bare = [
        name
        for name, node in names.items()
        if not ast.get_docstring(node) and name.rsplit(".", 1)[-1] not in overridden
    ]
    assert bare == []


def test_every_command_and_flag_has_a_page_that_tells_what_it_is_for(tmp_path: Path) -> None:
    write_command_pages(tmp_path)
    index = (tmp_path / "index.md").read_text()
    commands = [parser for parser in parsers_of(command_parser()) if parser.get_default("run")]
    assert len(commands) > 15
    for parser in commands:
        name = parser.prog.removeprefix("genre ").replace(" ", "-")
        page = (tmp_path / f"{name}.md").read_text()
        assert f"[`{parser.prog}`]({name}.md)" in index
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                continue
            assert action.help, (parser.prog, action.dest)
            for flag in action.option_strings or [action.metavar or action.dest]:
                assert f"`{flag}`" in page, (parser.prog, flag)


def test_a_choice_and_a_default_are_shown() -> None:
    parser = next(parser for parser in parsers_of(command_parser()) if parser.prog == "genre similar")
    page = page_of(parser)
    assert "%(default)s" not in page
    assert "one of `" in page


def test_every_field_of_the_card_is_described(tmp_path: Path) -> None:
    write_card_page(tmp_path / "card.md")
    page = (tmp_path / "card.md").read_text()
    for schema in (card_schema(), *card_schema()["$defs"].values()):
        for name, value, _ in fields_of(schema):
            assert value.get("description"), name
            assert f"| `{name}` |" in page


def test_the_readme_has_the_cards_numbers() -> None:
    text = (ROOT / "README.md").read_text()
    shown = re.search(f"{re.escape(results.BEGIN)}.*{re.escape(results.END)}", text, re.DOTALL)
    assert shown is not None
    right = results.readme_table(read_card(pretrained_folder()))
    assert shown[0] == right, "run: python -m docs.generators.results"
    assert right.count("\n") >= 4
    assert "GTZAN, artists never heard" in right


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 100


@pytest.mark.slow
def test_the_built_reference_lists_every_public_name(site: Path) -> None:
    from sphinx.util.inventory import InventoryFile

    with (site / "objects.inv").open("rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, path: path)
    known = {name for kind, entries in inventory.items() if kind.startswith("py:") for name in entries}
    assert sorted(set(public_names()) - known) == []


@pytest.fixture(scope="module")
def site() -> Path:
    built = ROOT / "docs" / "site" / "html"
    if shutil.which("chromium") is None or not (built / "objects.inv").exists():
        pytest.skip("needs the documentation: make docs")
    return built


@pytest.mark.parametrize(("name", "write"), [("table", write_rows), ("curves", write_curves)])
def test_the_page_about_scale_lists_the_columns_of_every_table(name: str, write, tmp_path: Path) -> None:
    card = read_card(pretrained_folder())
    write([], tmp_path / "written.parquet", card)
    page = (ROOT / "docs" / "scale.md").read_text()
    rows = re.search(rf"`{name}\.parquet`[^|]*\n\n\| column .*\n\|.*\n((?:\|.*\n)+)", page)
    assert rows is not None
    of_genres = {"one for each genre": "{}", "`raw_` and each genre": "raw_{}"}
    listed: list[str] = []
    for column in re.findall(r"^\| (.+?) \|", rows[1], re.MULTILINE):
        listed += [of_genres[column].format(genre) for genre in card.genres if column in of_genres]
        listed += [column.strip("`")] * (column not in of_genres)
    assert listed == parquet.read_schema(tmp_path / "written.parquet").names
