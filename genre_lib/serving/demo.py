"""`make demo`: the pretrained model listens to real recordings and a medley; dashboard and page are there to try."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from genre_lib.bundle.resources import work_folder
from genre_lib.dashboard.server import ended_by_signals, serving
from genre_lib.dashboard.settings import Settings
from genre_lib.datasets.demo import DEMO_NOTE, Demo, make_demo
from genre_lib.datasets.examples import EXAMPLES, fetch_example
from genre_lib.errors import GenreLibError
from genre_lib.executors import get_executor
from genre_lib.inference.model import GenreModel, load_model
from genre_lib.inference.segments import segments
from genre_lib.inference.words import whole_words
from genre_lib.report.page import write_report
from genre_lib.serving.demo_probe import probe
from genre_lib.utils.progress import progress_lines


def demo_songs(seed: int = 0) -> Demo:
    """The demo songs in data/derived, made now where they are missing."""
    with get_executor("processes") as executor:
        return make_demo(seed=seed, executor=executor, progress=progress_lines("demo songs"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Synthesise, listen, report, serve; with ``--check`` try what is served and stop."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "--check", action="store_true", help="hear a song in dashboard and page, print the answers, stop"
    )
    parser.add_argument("--port", type=int, default=8866, help="of the dashboard; 0 takes any (default: %(default)s)")
    parser.add_argument("--page-port", type=int, default=8080, help="of the page; 0 takes any (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        with ended_by_signals():
            medley = _listen()
            print("\nstarting the dashboard and the page", flush=True)
            with serving(Settings(), port=options.port) as dashboard, page_served(options.page_port) as page:
                print(f"\nThe dashboard:        {dashboard.url}\nThe page:             {page}", flush=True)
                if options.check:
                    return _check(dashboard.url, page, medley)
                print(_to_try(page, dashboard.url), flush=True)
                dashboard.wait()
    except GenreLibError as error:
        print(f"make demo: {error}", file=sys.stderr)
        return 1
    return 0


@contextmanager
def page_served(port: int) -> Iterator[str]:
    """The built page at the address that is given, for as long as the context lasts."""
    from genre_lib.serving.page_server import make_server

    with make_server(port=port) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://localhost:{server.server_port}/"
        finally:
            server.shutdown()


def _listen() -> Path:
    model = load_model()
    _hear_examples(model)
    medley = demo_songs().medley
    curve = model.curve(medley.path)
    report = write_report(curve, medley.path, work_folder() / "reports" / "medley.html")
    print(f"\n{DEMO_NOTE}\n")
    print(f"The medley, {curve.duration_s:.0f} s long, as {model.card.name} {model.card.version} hears it:")
    for segment in segments(curve):
        print(f"  {segment}")
    print("\nWhat it was made of:")
    for start, genre in medley.changes:
        print(f"  {int(start) // 60}:{int(start) % 60:02d} {genre}")
    print(f"\nOpen the report:      {_shown(report)}", flush=True)
    return medley.path


def _hear_examples(model: GenreModel) -> None:
    """Real recordings, where they are on this machine or can be fetched."""
    heard = 0
    for example in EXAMPLES:
        path = fetch_example(example)
        if path is None:
            if not heard:
                print("\nReal recordings cannot be fetched here: the demo goes on with synthesised ones.", flush=True)
                return
            continue
        if not heard:
            print(f"\nReal recordings, as {model.card.name} {model.card.version} hears them:")
        heard += 1
        print(f"  {whole_words(model.curve(path).answer()):<44} {example.credit}", flush=True)


def _to_try(page: str, dashboard: str) -> str:
    return f"""
Three things to try:
  1. A song of your own    drop it on {page}, or let the page listen through the microphone
  2. What it listens to    the Filters tab of {dashboard} plays what each neuron hears
  3. A model of your own   make pipeline, and then docs/guides/teach-your-own-genres.md

Ctrl+C ends both."""


def _check(dashboard: str, page: str, song: Path) -> int:
    worked = True
    for answer in probe(dashboard, page, song):
        print(answer, flush=True)
        worked = worked and answer.worked
    return 0 if worked else 1


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


if __name__ == "__main__":
    sys.exit(main())
