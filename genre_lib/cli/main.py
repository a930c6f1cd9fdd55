"""The command line: arguments in, calls of the library, sentences out.

Exit status: 0 all worked; 1 some files failed or an operation could not be done; 2 wrong usage.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from genre_lib.cli import batch as cli_batch
from genre_lib.errors import GenreLibError, ParameterError

_FORMATS = ("table", "json", "csv", "parquet")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except ParameterError as error:
        return _complain(error, options.debug, status=2)
    except GenreLibError as error:
        return _complain(error, options.debug, status=1)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader (such as `head`) has seen enough; closing keeps Python from complaining at exit.
        sys.stderr.close()
        return 0
    except Exception as error:
        if options.debug:
            raise
        print(f"genre: unexpected {type(error).__name__}: {error} (--debug shows where)", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="genre", description="Live music genre recognition.")
    parser.add_argument("--version", action="version", version=_version())
    parser.set_defaults(debug=False)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_predict(commands)
    _add_run(commands)
    _add_sweep(commands)
    _add_dashboard(commands)
    _add_model(commands)
    _add_data(commands)
    _add_web(commands)
    _add_filters(commands)
    _add_explain(commands)
    return parser


def _add_predict(commands: Any) -> None:
    parser = _command(commands, "predict", _predict, "name the genre of files and folders")
    parser.add_argument("paths", nargs="+", metavar="PATH", help="recordings, or folders of them")
    parser.add_argument("--model", metavar="BUNDLE", help="a model bundle's folder (default: the pretrained one)")
    parser.add_argument("--format", choices=_FORMATS, default="table", help="default: %(default)s")
    parser.add_argument(
        "--curve", action="store_true", help="with --format json: times and probabilities for every step"
    )
    parser.add_argument("--out", metavar="FILE", help="write there instead of to standard output")
    parser.add_argument(
        "--report", metavar="FOLDER", help="also write an HTML page with curve and player for each recording"
    )
    _add_executor_options(parser)
    cli_batch.add_options(parser)


def _add_run(commands: Any) -> None:
    parser = _command(commands, "run", _run, "run the notebooks in order into runs/NAME, or go on with a run")
    parser.add_argument("-p", dest="parameters", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"))
    parser.add_argument("--name", help="the run's folder below runs/ (default: made from the parameters)")
    parser.add_argument("--from", dest="start", metavar="STEP", help="run again from this notebook, such as 03")
    parser.add_argument("--parameters", dest="list", action="store_true", help="list every parameter with its default")


def _add_sweep(commands: Any) -> None:
    parser = _command(commands, "sweep", _sweep, "run the notebooks many times, or go on with a sweep")
    parser.add_argument("spec", metavar="SPEC.yaml", help="what to vary; data/sweeps holds examples")
    parser.add_argument("--name", help="the sweep's folder below runs/ (default: the file's name)")
    parser.add_argument("--list", action="store_true", help="list the runs without running them")
    _add_executor_options(parser)


def _add_dashboard(commands: Any) -> None:
    parser = _command(commands, "dashboard", _dashboard, "serve the dashboard on this machine")
    parser.add_argument("--model", metavar="BUNDLE", help="the bundle to begin with (default: the pretrained one)")
    parser.add_argument("--folder", help="recordings that visitors may choose from")
    parser.add_argument("--port", type=int, default=8866, metavar="N", help="default: %(default)s")


def _add_model(commands: Any) -> None:
    group = commands.add_parser("model", help="look at or check a model bundle").add_subparsers(
        required=True, metavar="ACTION"
    )
    check = _command(group, "check", _model_check, "hold every runtime to the bundle's golden values")
    info = _command(group, "info", _model_info, "print the model card")
    export = _command(group, "export", _model_export, "write the bundle of a run, or of the best run of a sweep")
    export.add_argument("folder", metavar="RUN", help="a run's folder, or a folder of runs such as a sweep's")
    export.add_argument("--out", metavar="FOLDER", help="where to (default: bundle/ in the run)")
    for parser in (check, info):
        parser.add_argument("bundle", nargs="?", metavar="BUNDLE", help="default: the pretrained one")
    info.add_argument("--json", action="store_true", help="the card itself")


def _add_data(commands: Any) -> None:
    group = commands.add_parser("data", help="fetch, make or check a data set").add_subparsers(
        required=True, metavar="ACTION"
    )
    fetch = _command(group, "fetch", _data_fetch, "download a data set into data/raw")
    fetch.add_argument("name", choices=["gtzan"])
    fetch.add_argument("--folder", help="where to (default: data/raw/gtzan)")
    fetch.add_argument("--mirror", action="append", help="huggingface, webarchive or original (default: each in turn)")
    demo = _command(group, "demo", _data_demo, "synthesise the demo songs")
    demo.add_argument("--folder", help="where to (default: data/derived/demo)")
    _add_executor_options(demo)
    check = _command(
        group, "check", _data_check, "report what is usable, unreadable, silent, duplicated or split wrongly"
    )
    check.add_argument(
        "dataset", metavar="DIR", help="a folder per genre, a CSV manifest, or a name such as demo or gtzan"
    )
    check.add_argument("--json", action="store_true", help="the report as JSON")
    _add_executor_options(check)


def _add_filters(commands: Any) -> None:
    parser = _command(commands, "filters", _filters, "hear and see what excites each neuron most")
    parser.add_argument(
        "--data", required=True, metavar="DIR", help="a folder per genre, a CSV manifest, or a name such as demo"
    )
    parser.add_argument("--out", required=True, metavar="FOLDER", help="gets index.html, filters.json and the sounds")
    parser.add_argument("--model", metavar="BUNDLE", help="a model bundle's folder (default: the pretrained one)")
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
    _add_executor_options(parser, threads=True)


def _add_explain(commands: Any) -> None:
    parser = _command(commands, "explain", _explain, "say which parts of a moment speak for or against a genre")
    parser.add_argument("path", metavar="SONG")
    parser.add_argument("--at", type=float, required=True, metavar="S", help="the moment, in seconds")
    parser.add_argument("--genre", metavar="NAME", help="default: the one believed in most at that moment")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="gets attribution.html and the filtered sounds")
    parser.add_argument("--model", metavar="BUNDLE", help="a model bundle's folder (default: the pretrained one)")


def _add_web(commands: Any) -> None:
    parser = _command(commands, "web", _web, "serve the built page on this machine")
    parser.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    parser.add_argument("--port", type=int, default=8080, help="default: %(default)s")


def _command(commands: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    parser.set_defaults(run=run)
    return parser


def _add_executor_options(parser: argparse.ArgumentParser, *, threads: bool = False) -> None:
    """`threads`: whether the command spends its time where threads of this process run side by side."""
    names = [*(["threads"] if threads else []), "serial", "processes", "dask"]
    parser.add_argument("--executor", choices=names, default=names[0], help="default: %(default)s")
    parser.add_argument("--workers", type=int, metavar="N", help="how many work at once (default: one a core)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="a running Dask scheduler, such as tcp://host:8786")


def _predict(options: argparse.Namespace) -> int:
    from genre_lib.batch import predict

    if options.curve and options.format != "json":
        raise ParameterError("--curve needs --format json: a table has one row for each file.")
    _refuse_to_overwrite(options)
    n_unusable = 0

    def told(results: Iterable[predict.Result]) -> Iterator[predict.Result]:
        nonlocal n_unusable
        for result in results:
            if isinstance(result, predict.Unusable):
                n_unusable += 1
                _say_error(result.error)
            else:
                if result.curve.warning:
                    _say_error(result.curve.warning)
                if options.report:
                    _write_report(result, Path(options.report))
            yield result

    if cli_batch.is_batch(options):
        with _executor(options) as executor:
            return cli_batch.predict_batch(options, executor=executor, progress=_progress("predicted"), told=told)
    with ExitStack() as resources:
        out = resources.enter_context(_output(options.out))
        executor = resources.enter_context(_executor(options))
        results = told(
            predict.predict(options.paths, model=options.model, executor=executor, progress=_progress("predicted"))
        )
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
    from genre_lib.audio.decoding import AUDIO_EXTENSIONS

    given = {Path(path).resolve() for path in options.paths}
    taken: dict[Path, str] = {}
    for name in ("out", "curves", "journal"):
        value = getattr(options, name)
        if value is None:
            continue
        path = Path(value).resolve()
        if path.suffix.lower() in AUDIO_EXTENSIONS or (path in given and path.is_file()):
            raise ParameterError(
                f"--{name} {value} has the name of a recording: choose another, it would be overwritten."
            )
        if path in taken:
            raise ParameterError(f"--{name} and --{taken[path]} name the same file, {value}: choose two.")
        taken[path] = name


def _write_report(prediction: Any, folder: Path) -> None:
    from genre_lib.report.page import write_report

    out = folder / f"{prediction.path.stem}.html"
    if out.exists():
        # Two songs of one name in different folders: tell them apart rather than overwrite.
        out = folder / f"{prediction.path.stem}-{hashlib.sha256(str(prediction.path).encode()).hexdigest()[:6]}.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_report(prediction.curve, prediction.path, out)
    except OSError as error:
        raise ParameterError(f"{out} cannot be written ({error.strerror}): choose another --report folder.") from error
    print(f"report: {out}", file=sys.stderr)


def _run(options: argparse.Namespace) -> int:
    from genre_lib.runs import notebooks

    if options.list:
        for step in notebooks.PIPELINE:
            print(step)
            for parameter in notebooks.inspect(step).values():
                print(f"  {parameter.name:<24} {parameter.default:<28} {parameter.help}")
        return 0
    given = dict(options.parameters)
    name = options.name or _name_of_run(given)
    notebooks.run_pipeline(Path("runs") / name, given, start=options.start)
    return 0


def _sweep(options: argparse.Namespace) -> int:
    from genre_lib.runs.sweeps import Sweep, run_sweep

    sweep = Sweep.load(options.spec)
    if options.list:
        for run in sweep.runs():
            print(run.name)
        return 0
    folder = Path("runs") / (options.name or Path(options.spec).stem)
    with _executor(options) as executor:
        reports = run_sweep(sweep, folder, executor=executor)
    failed = [report for report in reports if report.state == "failed"]
    for report in failed:
        _say_error(f"{report.run.name}: {report.sentence}")
    return 1 if failed else 0


def _name_of_run(given: dict[str, str]) -> str:
    # The same parameters find the same run again, so that the same command resumes it.
    if not given:
        return "demo"
    digest = hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:6]
    return f"{Path(given.get('dataset', 'demo')).stem}-{digest}"


def _dashboard(options: argparse.Namespace) -> int:
    from genre_lib.dashboard.server import serve
    from genre_lib.dashboard.settings import Settings

    serve(Settings(model=options.model, folder=options.folder), port=options.port)
    return 0


def _model_check(options: argparse.Namespace) -> int:
    from genre_lib.bundle.files import open_bundle
    from genre_lib.export.write_bundle import check_bundle

    bundle = open_bundle(options.bundle)
    checks = check_bundle(bundle)
    for check in checks:
        found = "skipped" if check.error is None else f"{check.error:.2e}"
        verdict = "ok" if check.ok and check.error is not None else check.note or "DIFFERS"
        print(f"{check.runtime:<10} {found:>9} {check.unit:<12} (at most {check.tolerance:g})  {verdict}")
    if not all(check.ok for check in checks):
        _say_error(f"{bundle.folder} does not reproduce its golden values: make the bundle again.")
        return 1
    return 0


def _model_export(options: argparse.Namespace) -> int:
    from genre_lib.runs.comparison import export_best

    bundle = export_best(options.folder, options.out)
    print(bundle.folder)
    return 0


def _model_info(options: argparse.Namespace) -> int:
    from genre_lib.bundle.files import open_bundle

    card = open_bundle(options.bundle).card
    if options.json:
        print(json.dumps(card.to_dict(), indent=1, ensure_ascii=False))
        return 0
    from genre_lib.bundle.card_text import describe_card

    print(describe_card(card))
    return 0


def _web(options: argparse.Namespace) -> int:
    from genre_lib.serving.page_server import serve

    serve(host=options.host, port=options.port)
    return 0


def _data_fetch(options: argparse.Namespace) -> int:
    from genre_lib.datasets.fetching import fetch_gtzan

    print(fetch_gtzan(options.folder, mirrors=options.mirror, progress=_progress("fetched bytes")))
    return 0


def _data_demo(options: argparse.Namespace) -> int:
    from genre_lib.datasets.demo import make_demo

    with _executor(options) as executor:
        demo = make_demo(options.folder, executor=executor, progress=_progress("synthesised"))
    print(demo.folder)
    return 0


def _data_check(options: argparse.Namespace) -> int:
    from genre_lib.datasets import check_data_set

    with _executor(options) as executor:
        report = check_data_set(options.dataset, executor=executor, progress=_progress("checked"))
    print(json.dumps(report.to_dict(), indent=1) if options.json else report.to_text())
    return 0


def _filters(options: argparse.Namespace) -> int:
    from genre_lib.filters.of_bundle import filters_of_bundle

    with _executor(options) as executor:
        found = filters_of_bundle(
            options.model,
            options.data,
            options.out,
            count0=options.count0,
            layers=options.layers,
            neurons=options.neurons,
            sound=not options.no_sound,
            executor=executor,
            progress=_progress,
        )
    for name, reason in found.skipped.items():
        _say_error(f"{name} is left out: {reason}")
    for note in found.notes:
        _say_error(note)
    print(Path(options.out) / "index.html")
    return 1 if found.skipped else 0


def _explain(options: argparse.Namespace) -> int:
    from genre_lib.attribution import attribute_at, write_attribution
    from genre_lib.bundle.files import open_bundle

    moment = attribute_at(open_bundle(options.model), options.path, options.at, genre=options.genre)
    one = moment.explanation
    print(f"{one.genre}: belief {one.belief:.2f} from {one.span_s[0]:.1f} to {one.span_s[1]:.1f} s", file=sys.stderr)
    print(write_attribution(moment, options.out))
    return 0


@contextmanager
def _executor(options: argparse.Namespace) -> Iterator[Any]:
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


@contextmanager
def _output(path: str | None) -> Iterator[IO[str]]:
    if path is None:
        yield sys.stdout
        return
    try:
        with open(path, "w", encoding="utf-8") as file:
            yield file
    except OSError as error:
        raise ParameterError(f"{path} cannot be written ({error.strerror}): choose another file for --out.") from error


def _progress(verb: str) -> Any:
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int | None) -> None:
        end = "\n" if done == total else ""
        print(f"\r{verb} {done} of {total if total is not None else '?'}", end=end, file=sys.stderr, flush=True)

    return show


def _version() -> str:
    import genre_lib

    return f"genre {genre_lib.__version__}"


def _say_error(text: str) -> None:
    print(f"genre: {text}", file=sys.stderr)


def _complain(error: Exception, debug: bool, *, status: int) -> int:
    if debug:
        raise error
    _say_error(str(error))
    return status


if __name__ == "__main__":
    sys.exit(main())
