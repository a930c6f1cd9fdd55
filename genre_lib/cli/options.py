"""What several commands share: executor options, progress, sentences on standard error."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from genre_lib.audio.files import shown
from genre_lib.cli.parsing import CommandParser
from genre_lib.errors import ParameterError

_LOG_EVERY_S = 10.0

Run = Callable[[argparse.Namespace], int]


def add_command(commands: Any, name: str, run: Run, text: str, *, example: str = "") -> CommandParser:
    """A command with its help; `run` gets the options and returns the exit status."""
    parser: CommandParser = commands.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=f"Example: {example}" if example else None,
    )
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    parser.set_defaults(run=run, parser=parser)
    return parser


def add_group(commands: Any, name: str, text: str) -> Any:
    """A command that has commands of its own, such as `genre model`."""
    return commands.add_parser(name, help=text).add_subparsers(required=True, metavar="ACTION")


def add_model_option(parser: argparse.ArgumentParser, text: str = "a model bundle's folder or zip") -> None:
    """`--model BUNDLE`."""
    parser.add_argument("--model", metavar="BUNDLE", help=f"{text} (default: the pretrained one)")


def add_executor_options(parser: argparse.ArgumentParser, *, threads: bool = False) -> None:
    """`threads`: whether the command spends its time where threads of this process run side by side."""
    names = [*(["threads"] if threads else []), "serial", "processes", "dask"]
    parser.add_argument("--executor", choices=names, default=names[0], help="default: %(default)s")
    parser.add_argument("--workers", type=int, metavar="N", help="how many work at once (default: one a core)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="a running Dask scheduler, such as tcp://host:8786")


@contextmanager
def chosen_executor(options: argparse.Namespace) -> Iterator[Any]:
    """The executor that the options ask for."""
    name = "dask" if options.scheduler else options.executor
    if name == "serial" and options.workers is not None:
        raise ParameterError("--workers needs --executor processes or dask: serial is one after the other.")
    if options.workers is not None and options.workers < 1:
        raise ParameterError(f"--workers is {options.workers}: give a number from 1 up.")
    from genre_lib.executors import Executor, ThreadExecutor, get_executor, usable_cores

    made: Executor
    if name == "threads":
        made = ThreadExecutor(options.workers or usable_cores())
    else:
        made = get_executor(name, workers=options.workers, scheduler=options.scheduler)
    with made as executor:
        yield executor


def progress(verb: str) -> Callable[[int, int | None], None]:
    """Progress on standard error: a counter on a terminal; in a log a line every ten seconds."""
    on_terminal = sys.stderr.isatty()
    last = time.monotonic()

    def show(done: int, total: int | None) -> None:
        nonlocal last
        text = f"{verb} {done} of {total if total is not None else '?'}"
        if on_terminal:
            print(f"\r{text}", end="\n" if done == total else "", file=sys.stderr, flush=True)
        elif time.monotonic() - last >= _LOG_EVERY_S:
            last = time.monotonic()
            print(text, file=sys.stderr, flush=True)

    return show


def refuse_recordings(options: argparse.Namespace, *names: str) -> None:
    """A ParameterError where one of these options names a recording, which its output would overwrite."""
    from genre_lib.audio.formats import AUDIO_EXTENSIONS

    # Links that lead back to themselves are left as they are; the sentence about them comes later.
    given = {os.path.realpath(path) for path in getattr(options, "paths", ())}
    for name in names:
        value = getattr(options, name)
        if value is None:
            continue
        path = os.path.realpath(value)
        if Path(path).suffix.lower() in AUDIO_EXTENSIONS or (path in given and os.path.isfile(path)):
            raise ParameterError(
                f"--{name} {value} has the name of a recording: choose another, it would be overwritten."
            )


def say_error(text: str) -> None:
    """A sentence on standard error, in one line that no terminal obeys, whatever name is in it."""
    print(f"genre: {shown(text)}", file=sys.stderr)
