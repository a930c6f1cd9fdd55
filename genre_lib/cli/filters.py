"""`genre filters`: what excites each neuron most, to hear and to see."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from genre_lib.cli.options import (
    add_command,
    add_executor_options,
    add_model_option,
    chosen_executor,
    progress,
    say_error,
)


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "filters",
        _filters,
        "hear and see what excites each neuron most",
        example="genre filters --data Music --out filters",
    )
    parser.add_argument(
        "--data", required=True, metavar="DIR", help="a folder per genre, a CSV manifest, or a name such as demo"
    )
    parser.add_argument("--out", required=True, metavar="FOLDER", help="gets index.html, filters.json and the sounds")
    add_model_option(parser)
    parser.add_argument(
        "--count0",
        type=int,
        default=4,
        metavar="N",
        help="excerpts for each neuron of the first layer, halved at each depth, at least one (default: %(default)s)",
    )
    parser.add_argument("--layers", nargs="+", metavar="NAME", help="these convolutions alone")
    parser.add_argument("--neurons", nargs="+", type=int, metavar="N", help="these neurons of each layer alone")
    parser.add_argument("--no-sound", action="store_true", help="pictures and genres alone")
    add_executor_options(parser, threads=True)


def _filters(options: argparse.Namespace) -> int:
    from genre_lib.filters.of_bundle import filters_of_bundle

    with chosen_executor(options) as executor:
        found = filters_of_bundle(
            options.model,
            options.data,
            options.out,
            count0=options.count0,
            layers=options.layers,
            neurons=options.neurons,
            sound=not options.no_sound,
            executor=executor,
            progress=progress,
        )
    for name, reason in found.skipped.items():
        say_error(f"{name} is left out: {reason}")
    for note in found.notes:
        say_error(note)
    print(Path(options.out) / "index.html")
    return 1 if found.skipped else 0
