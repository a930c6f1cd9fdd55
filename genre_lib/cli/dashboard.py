"""`genre dashboard`: the dashboard on this machine."""

from __future__ import annotations

import argparse
from typing import Any

from genre_lib.cli.options import add_command, add_model_option


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "dashboard",
        _dashboard,
        "serve the dashboard on this machine",
        example="genre dashboard --folder Music",
    )
    add_model_option(parser, "the bundle to begin with")
    parser.add_argument("--folder", help="recordings that visitors may choose from")
    parser.add_argument("--port", type=int, default=8866, metavar="N", help="default: %(default)s")


def _dashboard(options: argparse.Namespace) -> int:
    from genre_lib.dashboard.server import serve
    from genre_lib.dashboard.settings import Settings

    serve(Settings(model=options.model, folder=options.folder), port=options.port)
    return 0
