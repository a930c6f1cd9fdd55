"""`genre model`: look at a bundle, check it, make it anew, or export one from a run."""

from __future__ import annotations

import argparse
import json
from typing import Any

from genre_lib.cli.options import add_command, add_group, say_error


def add(commands: Any) -> None:
    """Add the commands."""
    group = add_group(commands, "model", "look at or check a model bundle")
    check = add_command(group, "check", _check, "hold every runtime to the bundle's golden values")
    info = add_command(group, "info", _info, "print the model card")
    export = add_command(group, "export", _export, "write the bundle of a run, or of the best run of a sweep")
    export.add_argument("folder", metavar="RUN", help="a run's folder, or a folder of runs such as a sweep's")
    export.add_argument("--out", metavar="FOLDER", help="where to (default: bundle/ in the run)")
    rebuild = add_command(group, "rebuild", _rebuild, "make a bundle's exported files anew from its model.keras")
    rebuild.add_argument("--out", metavar="FOLDER", help="where to (default: in its place)")
    rebuild.add_argument("--network", metavar="FILE", help="another Keras file instead, that fits the card")
    belief = add_command(
        group,
        "fit-belief",
        _fit_belief,
        "fit a bundle's belief again from held-out answers, and write it into its card",
        example="genre model fit-belief runs/mine/bundle runs/mine/evaluation/held_out.npz",
    )
    belief.add_argument("bundle", metavar="BUNDLE", help="a model bundle's folder")
    belief.add_argument("held_out", nargs="+", metavar="FILE", help="answers about clips it was not trained on (.npz)")
    belief.add_argument("--scores", metavar="FILE", help="also write what the belief is worth, as JSON")
    background = add_command(
        group,
        "background",
        _background,
        "put into a bundle what its network makes of other music, of noise and of what it learnt: genre teach needs it",
        example="genre model background runs/mine/bundle Music/ --known Genres/",
    )
    background.add_argument("bundle", metavar="BUNDLE", help="a model bundle's folder")
    background.add_argument("music", nargs="+", metavar="MUSIC", help="recordings, folders, or .npz of spectrograms")
    background.add_argument(
        "--known",
        nargs="+",
        default=[],
        metavar="DATA",
        help="the labelled music it learnt: what is like it keeps its genre",
    )
    for parser in (check, info, rebuild):
        parser.add_argument("bundle", nargs="?", metavar="BUNDLE", help="default: the pretrained one")
    info.add_argument(
        "--format",
        choices=["text", "json", "huggingface"],
        default="text",
        help="text; json, the card itself; huggingface, README.md for a repository of models (default: %(default)s)",
    )
    info.add_argument("--json", dest="format", action="store_const", const="json", help="as --format json")


def _check(options: argparse.Namespace) -> int:
    from genre_lib.bundle.files import open_bundle
    from genre_lib.export.runtime_checks import check_bundle

    bundle = open_bundle(options.bundle)
    checks = check_bundle(bundle)
    for check in checks:
        found = "skipped" if check.error is None else f"{check.error:.2e}"
        verdict = "ok" if check.ok and check.error is not None else check.note or "DIFFERS"
        print(f"{check.runtime:<10} {found:>9} {check.unit:<12} (at most {check.tolerance:g})  {verdict}")
    if not all(check.ok for check in checks):
        say_error(f"{bundle.folder} does not reproduce its golden values: make the bundle again.")
        return 1
    return 0


def _export(options: argparse.Namespace) -> int:
    from genre_lib.runs.comparison import export_best

    bundle = export_best(options.folder, options.out)
    print(bundle.folder)
    return 0


def _rebuild(options: argparse.Namespace) -> int:
    from genre_lib.bundle.resources import pretrained_folder
    from genre_lib.export.write_bundle import rebuild_bundle

    print(rebuild_bundle(options.bundle or pretrained_folder(), out=options.out, network=options.network).folder)
    return 0


def _fit_belief(options: argparse.Namespace) -> int:
    from genre_lib.bundle.files import open_bundle
    from genre_lib.evaluation.belief_scores import evaluate_belief
    from genre_lib.evaluation.held_out import HeldOut
    from genre_lib.evaluation.medleys import StepGrid
    from genre_lib.evaluation.refit import refit_belief

    grid = StepGrid.of(open_bundle(options.bundle).card)
    scores = evaluate_belief([HeldOut.load(path) for path in options.held_out], grid, report=print)
    if options.scores:
        scores.save(options.scores)
    refit_belief(options.bundle, options.held_out, scores=scores)
    return 0


def _background(options: argparse.Namespace) -> int:
    from genre_lib.training.teaching.measuring import write_background

    write_background(options.bundle, options.music, known=options.known, report=print)
    return 0


def _info(options: argparse.Namespace) -> int:
    from genre_lib.bundle.files import open_bundle

    card = open_bundle(options.bundle).card
    if options.format == "json":
        print(json.dumps(card.to_dict(), indent=1, ensure_ascii=False))
    elif options.format == "huggingface":
        from genre_lib.bundle.huggingface import huggingface_readme

        print(huggingface_readme(card), end="")
    else:
        from genre_lib.bundle.card_text import describe_card

        print(describe_card(card))
    return 0
