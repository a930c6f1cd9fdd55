"""`genre data`: fetch, make or check a data set."""

from __future__ import annotations

import argparse
import json
from typing import Any

from genre_lib.cli.options import add_command, add_executor_options, add_group, chosen_executor, progress


def add(commands: Any) -> None:
    """Add the commands."""
    group = add_group(commands, "data", "fetch, make or check a data set")
    fetch = add_command(group, "fetch", _fetch, "download a data set into data/raw")
    fetch.add_argument("name", choices=["gtzan"], help="which one")
    fetch.add_argument("--folder", help="where to (default: data/raw/gtzan)")
    fetch.add_argument("--mirror", action="append", help="huggingface, webarchive or original (default: each in turn)")
    demo = add_command(group, "demo", _demo, "synthesise the demo songs")
    demo.add_argument("--folder", help="where to (default: data/derived/demo)")
    add_executor_options(demo)
    check = add_command(
        group, "check", _check, "report what is usable, unreadable, silent, duplicated or split wrongly"
    )
    check.add_argument(
        "dataset", metavar="DIR", help="a folder per genre, a CSV manifest, or a name such as demo or gtzan"
    )
    check.add_argument("--json", action="store_true", help="the report as JSON")
    add_executor_options(check)


def _fetch(options: argparse.Namespace) -> int:
    from genre_lib.datasets.fetching import fetch_gtzan

    print(fetch_gtzan(options.folder, mirrors=options.mirror, progress=progress("fetched bytes")))
    return 0


def _demo(options: argparse.Namespace) -> int:
    from genre_lib.datasets.demo import make_demo

    with chosen_executor(options) as executor:
        demo = make_demo(options.folder, executor=executor, progress=progress("synthesised"))
    print(demo.folder)
    return 0


def _check(options: argparse.Namespace) -> int:
    from genre_lib.datasets import check_data_set

    with chosen_executor(options) as executor:
        report = check_data_set(options.dataset, executor=executor, progress=progress("checked"))
    print(json.dumps(report.to_dict(), indent=1) if options.json else report.to_text())
    return 0
