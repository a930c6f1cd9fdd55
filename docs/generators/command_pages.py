"""A page for each command, from the same parser that answers `--help`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from genre_lib.cli.main import command_parser


def write_command_pages(folder: Path) -> None:
    """Write `index.md` and a page for each command of `genre` into a folder."""
    parsers = [parser for parser in parsers_of(command_parser()) if parser.description and parser.prog != "genre"]
    entries = []
    for parser in parsers:
        name = parser.prog.removeprefix("genre ").replace(" ", "-")
        entries.append(name)
        (folder / f"{name}.md").write_text(page_of(parser))
    # A parser's prog is not the usage of its parents.
    rows = "\n".join(
        f"| [`{parser.prog}`]({entry}.md) | {parser.description} |"
        for parser, entry in zip(parsers, entries, strict=True)
    )
    toctree = "\n".join(entries)
    (folder / "index.md").write_text(
        "# Commands\n\n`genre COMMAND --help` prints the same in a terminal. Exit status: 0 all worked, 1 some files "
        "failed or something could not be done, 2 wrong usage.\n\n| command | |\n|---|---|\n"
        f"{rows}\n\n```{{toctree}}\n:hidden:\n\n{toctree}\n```\n"
    )


def parsers_of(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """A parser and all below it."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield from parsers_of(child)


def page_of(parser: argparse.ArgumentParser) -> str:
    """A command's usage, arguments and options, as Markdown."""
    usage = parser.format_usage().removeprefix("usage: ").strip()
    parts = [f"# {parser.prog}", parser.description or "", f"```text\n{usage}\n```"]
    actions = [action for action in parser._actions if not isinstance(action, argparse._SubParsersAction)]
    for title, chosen in (
        ("Arguments", [action for action in actions if not action.option_strings]),
        ("Options", [action for action in actions if action.option_strings]),
    ):
        if chosen:
            parts.append(f"## {title}\n\n| | |\n|---|---|\n" + "\n".join(_row(parser, action) for action in chosen))
    if parser.epilog:
        parts.append("## Example\n\n```console\n" + parser.epilog.removeprefix("Example: ") + "\n```")
    return "\n\n".join(parts) + "\n"


def _row(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    names = ", ".join(f"`{name}`" for name in action.option_strings) or f"`{action.metavar or action.dest}`"
    if action.option_strings and action.nargs != 0:
        metavar = action.metavar or ("" if action.choices else action.dest.upper())
        names += f" `{' '.join(metavar) if isinstance(metavar, tuple) else metavar}`" if metavar else ""
    text = (action.help or "") % {**vars(action), "prog": parser.prog} if action.help else ""
    if action.choices:
        text = f"one of {', '.join(f'`{choice}`' for choice in action.choices)}; {text}".rstrip("; ")
    return f"| {names} | {text.replace('|', chr(92) + '|')} |"
