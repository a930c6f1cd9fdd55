"""Parsers that help: what is near an unknown word, each command's own usage, moments as people write them."""

from __future__ import annotations

import argparse
import difflib
import os
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from genre_lib.errors import ParameterError

# What other programs, or a reader of the documentation, would call it.
_COMMANDS = {
    "train": "run",
    "fit": "run",
    "pipeline": "run",
    "papermill": "run",
    "eval": "evaluate",
    "measure": "evaluate",
    "test": "model check",
    "listen": "dashboard",
    "play": "dashboard",
    "voila": "dashboard",
    "serve": "web",
    "page": "web",
    "classify": "predict",
    "recognize": "predict",
    "why": "explain",
    "attribute": "explain",
    "fetch": "data fetch",
    "download": "data fetch",
    "info": "model info",
    "check": "model check",
    "export": "model export",
}
_OPTIONS = {
    "--json": "--format json",
    "--csv": "--format csv",
    "--parquet": "--format parquet",
    "--output": "--out",
    "-o": "--out",
    "-f": "--format",
    "-m": "--model",
    "--bundle": "--model",
    "--jobs": "--executor processes --workers",
    "-j": "--executor processes --workers",
    "--threads": "--workers",
    "--processes": "--executor processes",
    "--html": "--report",
    "--resume": "",
    "--time": "--at",
    "--parameter": "-p",
    "--dataset": "-p dataset",
}


class CommandParser(argparse.ArgumentParser):
    """A parser whose complaints name what is near, and whose sub-parsers are of its kind."""

    def parse_all(self, arguments: Sequence[str] | None) -> argparse.Namespace:
        """As `parse_args`; what is left over is a complaint of the command that was called, with its own usage."""
        options, unknown = self.parse_known_args(arguments)
        if unknown:
            parser: CommandParser = getattr(options, "parser", self)
            parser.error(parser.about_unknown(unknown))
        return options

    def about_unknown(self, unknown: Sequence[str]) -> str:
        """A sentence about arguments that this command does not take."""
        option = next((word for word in unknown if word.startswith("-")), None)
        if option is None:
            return f"{self.prog} does not take {unknown[0]!r}: `{self.prog} --help` says what it takes"
        if os.path.lexists(option):
            return f"{option} is there, but begins like an option: write ./{option}"
        name = option.split("=")[0]
        known = [text for action in self._actions for text in action.option_strings]
        meant = _OPTIONS.get(name)
        if meant is not None and meant.split(" ")[0] not in known:
            meant = None
        meant = meant or _nearest(name, known)
        hint = f"did you mean {meant}?" if meant else f"`{self.prog} --help` lists its options"
        return f"{self.prog} has no option {name}: {hint}"

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        choices = action.choices
        if choices is None or value in choices:
            return
        # What the parent gives to a sub-parser is named by it: "genre" or "genre model".
        if not isinstance(action, argparse._SubParsersAction):
            super()._check_value(action, value)
            return
        meant = _COMMANDS.get(str(value)) if self.prog.count(" ") == 0 else None
        if meant is not None and meant.split(" ")[0] not in choices:
            meant = None
        meant = meant or _nearest(str(value), choices)
        hint = f"did you mean `{self.prog} {meant}`?" if meant else f"it has {', '.join(choices)}"
        self.error(f"{self.prog} has no command {value!r}: {hint}")

    def error(self, message: str) -> NoReturn:
        """One usage and one sentence; exit status 2."""
        self.exit(2, f"{self.format_usage()}{self.prog}: {message}\n")


def moment(text: str) -> float:
    """A moment in seconds, written as `70`, `70.5`, `1:10` or `1:02:03`.

    Examples
    --------
    >>> moment("1:10")
    70.0
    """
    parts = text.strip().split(":")
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = []
    if not 1 <= len(values) <= 3 or any(value < 0 for value in values) or any(value >= 60 for value in values[1:]):
        raise argparse.ArgumentTypeError(f"{text!r} is no moment: write seconds (70) or minutes and seconds (1:10)")
    seconds = 0.0
    for value in values:
        seconds = 60 * seconds + value
    return seconds


def format_of(out: str | None, given: str | None, formats: dict[str, str]) -> str:
    """The format that an output has: as given, else by the ending of its name, else the first of `formats`.

    Parameters
    ----------
    out : str or None
        The file's name.
    given : str or None
        The option's value.
    formats : dict of str to str
        Format by ending, such as ``{".csv": "csv"}``; an ending that is none of them says nothing.

    Raises
    ------
    ParameterError
        The two contradict each other.
    """
    by_ending = next((name for ending, name in formats.items() if out and out.lower().endswith(ending)), None)
    if given and by_ending and given != by_ending:
        raise ParameterError(f"--out {out} ends like {by_ending}, but --format is {given}: leave one of them out.")
    return given or by_ending or next(iter(formats.values()))


def _nearest(name: str, known: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)), None)
