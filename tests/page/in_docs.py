"""Tables that were measured, put where the documentation shows them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.page.serving import REPOSITORY

PAGE = REPOSITORY / "docs" / "page.md"


def put(name: str, lines: Sequence[str], page: Path = PAGE) -> None:
    """Replace what stands between the two marks of a name.

    Raises
    ------
    ValueError
        The page has no such marks.
    """
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, found, rest = page.read_text().partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{page} has no {begin} with an {end}: put them where the table belongs.")
    page.write_text("\n".join([before + begin, "", *lines, "", end + after]))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table whose first two columns are words and the rest numbers."""
    rule = ["---", "---", *["--:"] * (len(head) - 2)]
    return ["| " + " | ".join(cells) + " |" for cells in (head, rule, *rows)]
