"""The report of a bench: one table to read, one JSON file to compute with, both with what was left out and why."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measuring import Row

_COLUMNS = ("what", "value", "unit", "aim", "met", "note")


@dataclass(frozen=True)
class Section:
    """What one bench found.

    Attributes
    ----------
    name : of the bench
    title : what it is about, in a sentence
    rows : empty where it could not run
    left_out : why it could not run on this machine, in a sentence
    failed : what went wrong in it, in a sentence
    seconds : it took
    """

    name: str
    title: str
    rows: tuple[Row, ...] = ()
    left_out: str = ""
    failed: str = ""
    seconds: float = field(default=0.0, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "title": self.title,
            "left_out": self.left_out,
            "failed": self.failed,
            "seconds": round(self.seconds, 1),
            "rows": [row.to_dict() for row in self.rows],
        }


def table(section: Section) -> str:
    """A section as a Markdown table whose columns stand below each other in plain text too."""
    head = f"## {section.name.replace('_', ' ')}\n\n{section.title}\n"
    if section.left_out or section.failed:
        return f"{head}\n{'Left out: ' + section.left_out if section.left_out else 'Failed: ' + section.failed}\n"
    cells = [_COLUMNS, *map(_cells, section.rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_COLUMNS))]
    lines = [_line(row, widths) for row in cells]
    rule = "|" + "|".join("-" * (width + 1) + (":" if i == 1 else "-") for i, width in enumerate(widths)) + "|"
    return "\n".join((head, lines[0], rule, *lines[1:])) + "\n"


def write(sections: Sequence[Section], folder: Path) -> None:
    """Write bench.json and bench.md; called after each section, so that a run that is stopped leaves what it has."""
    folder.mkdir(parents=True, exist_ok=True)
    report = {"machine": machine(), "sections": {section.name: section.to_dict() for section in sections}}
    (folder / "bench.json").write_text(json.dumps(report, indent=1) + "\n")
    (folder / "bench.md").write_text("\n".join((f"# Bench\n\n{_sentence(machine())}\n", *map(table, sections))))


def closing(sections: Sequence[Section]) -> str:
    """What to look at: aims that were missed, and sections without figures."""
    missed = [f"{section.name}: {row.name}" for section in sections for row in section.rows if row.met is False]
    out = [section.name for section in sections if section.left_out]
    failed = [section.name for section in sections if section.failed]
    n_aims = sum(row.met is not None for section in sections for row in section.rows)
    lines = [f"{n_aims - len(missed)} of {n_aims} aims met"]
    lines += [f"  missed: {name.strip()}" for name in missed]
    lines += [f"left out: {', '.join(out)}"] if out else []
    lines += [f"failed: {', '.join(failed)}"] if failed else []
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def why(error: BaseException) -> str:
    """An error in one line; of a process that failed, the last thing it said."""
    if isinstance(error, subprocess.CalledProcessError):
        said = [line for line in (error.stderr or "").splitlines() if line.strip()]
        return f"a process ended with {error.returncode}" + (f": {said[-1].strip()}" if said else "")
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _cells(row: Row) -> tuple[str, ...]:
    value = f"{row.value:,.0f}" if abs(row.value) >= 1000 else f"{row.value:.3g}"
    met = "" if row.met is None else "yes" if row.met else "no"
    return tuple(text.replace("|", "/") for text in (row.name, value, row.unit, row.aim, met, row.note))


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [f"{cell:>{w}}" if i == 1 else f"{cell:<{w}}" for i, (cell, w) in enumerate(zip(row, widths, strict=True))]
    return "| " + " | ".join(cells) + " |"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _sentence(about: dict[str, Any]) -> str:
    return f"{about['processor']}, {about['cores']} cores, {about['system']}, Python {about['python']}."
