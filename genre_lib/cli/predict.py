"""`genre predict`: the genre of files and folders, as text, JSON, CSV or Parquet."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from genre_lib.audio.files import shown
from genre_lib.cli import predict_batch
from genre_lib.cli.options import (
    add_command,
    add_executor_options,
    add_model_option,
    chosen_executor,
    progress,
    refuse_recordings,
    say_error,
)
from genre_lib.cli.parsing import format_of
from genre_lib.errors import ParameterError

# Format by the ending of --out; the first is the default.
_FORMATS = {
    ".txt": "table",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".csv": "csv",
    ".parquet": "parquet",
}


# For who types the command to see what it is.
_NO_PATHS = """genre predict names the genre of recordings: give it a file, or a folder of them.

  genre predict song.mp3                       one line: genre, belief, length
  genre predict song.mp3 --report reports      and a page with its curve and a player
  genre predict Music/ --out genres.csv        a row for each file of a folder

`genre predict --help` lists every option; `genre live` listens to the microphone."""


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "predict",
        _predict,
        "name the genre of files and folders",
        example="genre predict song.mp3 Music/ --out genres.csv",
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="recordings, or folders of them")
    add_model_option(parser)
    parser.add_argument(
        "--format",
        choices=list(dict.fromkeys(_FORMATS.values())),
        help="default: by the ending of --out (.csv, .json, .parquet), else table",
    )
    parser.add_argument(
        "--curve", action="store_true", help="with --format json: times and probabilities for every step"
    )
    parser.add_argument(
        "--segments",
        metavar="FILE",
        help="also write where the genre changes: .csv, .txt (labels for Audacity) or .cue (a cue sheet)",
    )
    parser.add_argument("--out", metavar="FILE", help="write there instead of to standard output")
    parser.add_argument(
        "--report", metavar="FOLDER", help="also write an HTML page with curve and player for each recording"
    )
    add_executor_options(parser)
    predict_batch.add_options(parser)


def _predict(options: argparse.Namespace) -> int:
    if not options.paths:
        print(_NO_PATHS, file=sys.stderr)
        return 2
    from genre_lib.audio.finding import find_recordings
    from genre_lib.batch import predict
    from genre_lib.batch.segment_files import SegmentFile, segment_file

    options.format = format_of(options.out, options.format, _FORMATS)
    if options.curve and options.format != "json":
        raise ParameterError("--curve needs --format json: a table has one row for each file.")
    _refuse_to_overwrite(options)
    if options.segments and predict_batch.is_batch(options):
        raise ParameterError("--segments goes with --format table, json or csv, without --curves or --journal.")
    n_unusable = 0
    cut: SegmentFile | None = None

    def told(results: Iterable[predict.Result]) -> Iterator[predict.Result]:
        nonlocal n_unusable
        for result in results:
            if isinstance(result, predict.Unusable):
                n_unusable += 1
                say_error(result.error)
            else:
                if result.curve.warning:
                    say_error(result.curve.warning)
                if options.report:
                    _write_report(result, Path(options.report))
                if cut is not None:
                    cut.add(result)
            yield result

    found = None if predict_batch.is_batch(options) else find_recordings(options.paths)
    if found is not None and (phrase := found.left_out()):
        say_error(f"left out: {phrase}.")
    with ExitStack() as resources:
        if options.segments:
            cut = resources.enter_context(segment_file(options.segments))
        executor = resources.enter_context(chosen_executor(options))
        if found is None:
            return predict_batch.predict_batch(options, executor=executor, progress=progress("predicted"), told=told)
        out = resources.enter_context(_output(options.out))
        results = told(predict.predict(found, model=options.model, executor=executor, progress=progress("predicted")))
        lines = {
            "table": lambda: predict.to_table(results),
            "json": lambda: predict.to_json_lines(results, with_curve=options.curve),
            "csv": lambda: predict.to_csv(results),
        }[options.format]()
        for line in lines:
            print(line, file=out, flush=out is sys.stdout)
    return 1 if n_unusable else 0


def _refuse_to_overwrite(options: argparse.Namespace) -> None:
    """No output may take the place of a recording, or of another output."""
    outputs = ("out", "curves", "journal", "segments")
    refuse_recordings(options, *outputs)
    taken: dict[str, str] = {}
    for name in outputs:
        value = getattr(options, name)
        if value is None:
            continue
        path = os.path.realpath(value)
        if path in taken:
            raise ParameterError(f"--{name} and --{taken[path]} name the same file, {value}: choose two.")
        taken[path] = name


def _write_report(prediction: Any, folder: Path) -> None:
    from genre_lib.report.page import report_path, write_report

    out = report_path(folder, prediction.path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_report(prediction.curve, prediction.path, out)
    except OSError as error:
        raise ParameterError(f"{out} cannot be written ({error.strerror}): choose another --report folder.") from error
    print(f"report: {shown(out)}", file=sys.stderr)


@contextmanager
def _output(path: str | None) -> Iterator[IO[str]]:
    """Standard output, or a file that is there once it is whole; what was done until a Ctrl-C stays beside it."""
    if path is None:
        yield sys.stdout
        return
    is_device = os.path.exists(path) and not os.path.isfile(path)
    target = Path(path if is_device else os.path.realpath(path))
    # Names end at 255 bytes on most systems.
    part = target if is_device else target.with_name(os.fsdecode(os.fsencode(target.name)[:250]) + ".part")
    try:
        with part.open("w", encoding="utf-8") as file:
            yield file
        if not is_device:
            part.replace(target)
    except OSError as error:
        if not is_device:
            with suppress(OSError):
                part.unlink()
        raise ParameterError(f"{path} cannot be written ({error.strerror}): choose another file for --out.") from error
    except KeyboardInterrupt:
        if not is_device:
            say_error(f"{shown(part)} holds what was done until now.")
        raise
