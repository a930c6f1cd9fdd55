"""`make demo`: the pretrained model listens to the synthetic medley, and a page shows what it heard."""

from __future__ import annotations

import sys
from pathlib import Path

from genre_lib.errors import GenreLibError
from genre_lib.executors import get_executor
from genre_lib.model import load_model
from genre_lib.progress import progress_lines
from genre_lib.report import write_report
from genre_lib.runs import project_folder
from genre_lib.segments import segments
from genre_lib.synthesis import DEMO_NOTE, Demo, make_demo


def demo_songs(seed: int = 0) -> Demo:
    """The demo songs in data/derived, made now where they are missing."""
    with get_executor("processes") as executor:
        return make_demo(seed=seed, executor=executor, progress=progress_lines("demo songs"))


def main() -> int:
    """Synthesise, listen, report, and say what to do next."""
    try:
        medley = demo_songs().medley
        model = load_model()
        curve = model.curve(medley.path)
        report = write_report(curve, medley.path, project_folder() / "reports" / "medley.html")
    except GenreLibError as error:
        print(f"make demo: {error}", file=sys.stderr)
        return 1
    print(f"\n{DEMO_NOTE}\n")
    print(f"The medley, {curve.duration_s:.0f} s long, as {model.card.name} {model.card.version} hears it:")
    for segment in segments(curve):
        print(f"  {segment}")
    print("\nWhat it was made of:")
    for start, genre in medley.changes:
        print(f"  {int(start) // 60}:{int(start) % 60:02d} {genre}")
    print(f"\nOpen the report:      {_shown(report)}")
    print("Your own song:        .venv/bin/genre predict SONG.mp3 --report reports")
    print("Train on demo songs:  make pipeline")
    return 0


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


if __name__ == "__main__":
    sys.exit(main())
