"""`genre teach`: genres of one's own from a few songs each."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from genre_lib.cli.options import add_command, add_model_option


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "teach",
        _teach,
        "teach a model genres of your own, from a folder of a few songs for each",
        example="genre teach Dances/ --out bundles/dances",
    )
    parser.add_argument("data", metavar="FOLDER", help="a folder with a folder per genre; three songs are enough")
    parser.add_argument("--out", metavar="BUNDLE", required=True, help="where the new bundle goes")
    parser.add_argument("--add", action="store_true", help="keep the model's own genres beside the new ones")
    parser.add_argument("--name", default="", help="what to call the new bundle (default: the folder's name)")
    parser.add_argument("--version", default="1.0.0", help="of the new bundle (default: %(default)s)")
    add_model_option(parser, "the model bundle to teach")


def _teach(options: argparse.Namespace) -> int:
    from genre_lib.export.taught_bundle import teach

    made = teach(
        options.data,
        options.out,
        base=options.model,
        add=options.add,
        name=options.name,
        version=options.version,
        report=lambda line: print(line, file=sys.stderr, flush=True),
    )
    print(made.bundle.folder)
    return 0
