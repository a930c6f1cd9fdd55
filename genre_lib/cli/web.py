"""`genre web`: the built page on this machine."""

from __future__ import annotations

import argparse
from typing import Any

from genre_lib.cli.options import add_command


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(commands, "web", _web, "serve the built page on this machine")
    parser.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    parser.add_argument("--port", type=int, default=8080, help="default: %(default)s")


def _web(options: argparse.Namespace) -> int:
    from genre_lib.serving.page_server import serve

    serve(host=options.host, port=options.port)
    return 0
