"""`genre evaluate`: how right a bundle is about one's own labelled music."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from genre_lib.cli.options import add_command, add_executor_options, chosen_executor, progress, say_error
from genre_lib.errors import ParameterError


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "evaluate",
        _evaluate,
        "measure a model bundle on labelled music",
        example="genre evaluate runs/mine/bundle Music/ --out reports/mine",
    )
    parser.add_argument("bundle", metavar="BUNDLE", help="a model bundle's folder or zip, or pretrained")
    parser.add_argument(
        "data", metavar="DATA", help="a folder with a folder per genre, a manifest, or another data set"
    )
    parser.add_argument("--split", default="", help="one part of the data set (default: everything)")
    parser.add_argument("--out", metavar="FOLDER", help="also write evaluation.json and figures there")
    add_executor_options(parser)


def _evaluate(options: argparse.Namespace) -> int:
    from genre_lib.evaluation.of_bundle import evaluate
    from genre_lib.utils.extras import require

    folder = Path(options.out or "")
    if options.out:
        require("plotly", what="A figure")
        if folder.exists() and not folder.is_dir():
            raise ParameterError(f"--out {folder} is a file: name a folder.")
    bundle = None if options.bundle == "pretrained" else options.bundle
    with chosen_executor(options) as executor:
        chosen = None if options.executor == "serial" and not options.scheduler else executor
        found = evaluate(bundle, options.data, split=options.split, executor=chosen, progress=progress("heard"))
    print(found)
    for sentence in (found.skipped or {}).values():
        say_error(sentence)
    if options.out:
        from genre_lib.figures.bundle_evaluation import bundle_evaluation_figures
        from genre_lib.figures.files import save_figures

        found.save(folder / "evaluation.json")
        save_figures(bundle_evaluation_figures(found), folder / "figures")
        print(f"written to {folder}")
    return 1 if found.skipped else 0
