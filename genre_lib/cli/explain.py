"""`genre explain`: attribution at a time, which parts of a moment speak for or against a genre."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from genre_lib.cli.options import add_command, add_model_option
from genre_lib.cli.parsing import moment


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "explain",
        _explain,
        "say which parts of a moment speak for or against a genre",
        example="genre explain song.mp3 --at 1:10 --out why",
    )
    parser.add_argument("path", metavar="SONG", help="a recording")
    parser.add_argument("--at", type=moment, required=True, metavar="S", help="the moment: 70 or 1:10")
    parser.add_argument("--genre", metavar="NAME", help="default: the one believed in most at that moment")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="gets attribution.html and the filtered sounds")
    add_model_option(parser)


def _explain(options: argparse.Namespace) -> int:
    from genre_lib.attribution import attribute_at, write_attribution
    from genre_lib.bundle.files import open_bundle

    at_time = attribute_at(open_bundle(options.model), options.path, options.at, genre=options.genre)
    one = at_time.attribution
    print(f"{one.genre}: belief {one.belief:.2f} from {one.span_s[0]:.1f} to {one.span_s[1]:.1f} s", file=sys.stderr)
    print(write_attribution(at_time, options.out))
    return 0
