"""How often page and Python agree on real recordings: `python -m tests.page.parity --docs`.

Every clip is encoded as 44.1 kHz stereo mp3, ogg and m4a and as 48 kHz flac, heard by the built page in Chromium,
Firefox and WebKitGTK and by `genre predict`, and compared step by step.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from genre_lib.batch.predict import Prediction
from genre_lib.inference.model import GenreModel, load_model
from genre_lib.utils.progress import progress_lines
from tests.page import engines, in_docs, serving
from tests.page.visitor import Visitor, launch

ENCODINGS = {
    "mp3": ["-ar", "44100", "-ac", "2", "-b:a", "192k"],
    "ogg": ["-ar", "44100", "-ac", "2", "-c:a", "libvorbis", "-q:a", "6"],
    "m4a": ["-ar", "44100", "-ac", "2", "-b:a", "192k"],
    "flac": ["-ar", "48000", "-ac", "2", "-sample_fmt", "s16"],
}
_NAMES = {"chromium": "Chromium", **engines.NAMES}


@dataclass(frozen=True)
class Parity:
    """One file, heard twice.

    Attributes
    ----------
    clip, encoding, engine : str
    steps : int
        Steps that both have.
    missing : int
        Steps that only one has.
    agreeing : int
        Steps with the same most probable genre.
    clip_agrees : bool
        The same genre and state for the whole.
    worst : float
        Largest difference of a step's probability.
    clip_worst : float
        Largest difference of the whole answer's probability.
    worst_time_s : float [s]
        Largest difference of a step's time.
    seconds : float [s]
        From the choice of the file to its finished curve.
    """

    clip: str
    encoding: str
    engine: str
    steps: int
    missing: int
    agreeing: int
    clip_agrees: bool
    worst: float
    clip_worst: float
    worst_time_s: float
    seconds: float


@dataclass(frozen=True)
class Encoded:
    """A clip in one encoding, with what Python hears in it."""

    clip: str
    encoding: str
    file: Path
    python: dict[str, Any]


def compare(encoded: Encoded, engine: str, page: dict[str, Any], seconds: float) -> Parity:
    """Compare what the page saved with the line of `genre predict --format json --curve`."""
    python = encoded.python
    genres = list(python["curve"])
    n = min(len(page["times"]), len(python["times"]))
    ours = np.array([page["curve"][genre][:n] for genre in genres])
    theirs = np.array([python["curve"][genre][:n] for genre in genres])
    whole = [abs(page["probabilities"][genre] - python["probabilities"][genre]) for genre in genres]
    return Parity(
        clip=encoded.clip,
        encoding=encoded.encoding,
        engine=engine,
        steps=n,
        missing=abs(len(page["times"]) - len(python["times"])),
        agreeing=int((ours.argmax(axis=0) == theirs.argmax(axis=0)).sum()),
        clip_agrees=(page["genre"], page["state"]) == (python["genre"], python["state"]),
        worst=float(np.abs(ours - theirs).max()),
        clip_worst=max(whole),
        worst_time_s=float(np.abs(np.array(page["times"][:n]) - np.array(python["times"][:n])).max()),
        seconds=seconds,
    )


@contextmanager
def hearing(engine: str, address: str, scratch: Path) -> Iterator[Callable[[Path], dict[str, Any]]]:
    """The page in a browser, its model loaded; call it with a file to get the curve that the page saves."""
    if engine == "chromium":
        with sync_playwright() as playwright:
            browser = launch(playwright)
            visitor = Visitor.arrive(browser, address).open()
            yield visitor.hear
            visitor.check()
            browser.close()
    else:
        with engines.started(engine, scratch) as running:
            yield running.open(address).hear


def encode_all(clips: list[Path], model: GenreModel, folder: Path) -> list[Encoded]:
    """Every clip in every encoding, heard by Python."""
    show = progress_lines("clips heard by Python", every_s=10.0)
    made = []
    for done, clip in enumerate(clips, start=1):
        for encoding, options in ENCODINGS.items():
            file = folder / f"{clip.stem}.{encoding}"
            subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", str(clip), *options, str(file)], check=True)
            python = Prediction(file, model.curve(file)).to_dict(with_curve=True)
            made.append(Encoded(clip.stem, encoding, file, python))
        show(done, len(clips))
    return made


def measure(clips: list[Path], model: GenreModel, chosen: list[str]) -> list[Parity]:
    """Hear every clip in every encoding, in Python and in every engine."""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        serving.build(scratch / "page")
        files = encode_all(clips, model, scratch)
        for engine in chosen:
            (scratch / engine).mkdir()
            show = progress_lines(f"files heard by {engine}", every_s=10.0)
            with (
                serving.nginx(scratch / "page", scratch) as site,
                hearing(engine, site.address, scratch / engine) as hear,
            ):
                for done, encoded in enumerate(files, start=1):
                    began = time.monotonic()
                    page = hear(encoded.file)
                    results.append(compare(encoded, engine, page, time.monotonic() - began))
                    show(done, len(files))
    return results


def summary(results: list[Parity]) -> list[dict[str, Any]]:
    """A row for each engine and encoding, and one for all of an engine."""
    rows = []
    for engine in dict.fromkeys(result.engine for result in results):
        for encoding in [*ENCODINGS, "all"]:
            part = [r for r in results if r.engine == engine and encoding in (r.encoding, "all")]
            if part:
                rows.append({"engine": engine, "encoding": encoding, **_row(part)})
    return rows


def _row(part: list[Parity]) -> dict[str, Any]:
    steps = sum(result.steps for result in part)
    return {
        "clips": len(part),
        "clips_agreeing": sum(result.clip_agrees for result in part),
        "steps": steps,
        "steps_agreeing": round(sum(result.agreeing for result in part) / steps, 5),
        "steps_only_one_has": sum(result.missing for result in part),
        "worst_probability_difference": round(max(result.worst for result in part), 6),
        "median_of_worst": round(float(np.median([result.worst for result in part])), 6),
        "worst_clip_difference": round(max(result.clip_worst for result in part), 6),
        "worst_time_difference_ms": round(1000 * max(result.worst_time_s for result in part), 3),
        "median_seconds": round(float(np.median([result.seconds for result in part])), 2),
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Rows as a plain table."""
    titles = {
        "engine": "engine", "encoding": "encoding", "clips": "files", "clips_agreeing": "agree", "steps": "steps",
        "steps_agreeing": "agree", "worst_probability_difference": "worst p",
        "worst_clip_difference": "whole p", "worst_time_difference_ms": "ms", "median_seconds": "s a file",
    }  # fmt: skip
    lines = ["".join(f"{title:>10}" for title in titles.values())]
    for row in rows:
        cells = [f"{row[key]:.2%}" if key == "steps_agreeing" else str(row[key]) for key in titles]
        lines.append("".join(f"{cell:>10}" for cell in cells))
    return "\n".join(lines)


def docs_lines(rows: list[dict[str, Any]], model: str) -> list[str]:
    """The table as the documentation shows it."""
    head = ["engine", "format", "files", "same answer", "steps", "same genre", "largest difference", "seconds a file"]
    cells = [
        [
            _NAMES[row["engine"]],
            row["encoding"],
            str(row["clips"]),
            str(row["clips_agreeing"]),
            f"{row['steps']:,}",
            f"{row['steps_agreeing']:.2%}",
            f"{row['worst_probability_difference']:.5f}",
            f"{row['median_seconds']:.1f}",
        ]
        for row in rows
    ]
    missing = sum(row["steps_only_one_has"] for row in rows if row["encoding"] == "all")
    return [
        *in_docs.table(head, cells),
        "",
        f"Model {model}; {missing} steps that only one of the two has. The seconds include saving the curve.",
    ]


def main() -> int:
    """Print the table, write the report, and fail below 99 % of steps, one clip, or above 10 ms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, default=serving.REPOSITORY.parent / "shared/data/gtzan-audio")
    parser.add_argument("--out", type=Path, default=serving.REPOSITORY / "reports/page-parity.json")
    parser.add_argument("--every", type=int, default=1, help="take only every n-th clip")
    parser.add_argument("--docs", action="store_true", help="put the table into docs/page.md too")
    parser.add_argument("--engines", nargs="*", default=["chromium", "firefox", "webkit"])
    options = parser.parse_args()
    reason = serving.missing()
    clips = sorted(options.clips.glob("*/*.flac"))[:: options.every]
    if reason or not clips:
        print(f"The page's parity was not measured: {reason or f'there are no clips in {options.clips}'}.")
        return 0
    model = load_model(serving.bundle_folder())
    chosen = [engine for engine in options.engines if engine == "chromium" or not engines.left_out(engine)]
    results = measure(clips, model, chosen)
    rows = summary(results)
    print(table(rows))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "model": {"name": model.card.name, "version": model.card.version},
        "summary": rows,
        "files": [asdict(r) for r in results],
    }
    options.out.write_text(json.dumps(report, indent=1) + "\n")
    print(f"every file is in {options.out}")
    if options.docs:
        in_docs.put("parity", docs_lines(rows, f"{model.card.name} {model.card.version}"))
    passed = all(
        row["steps_agreeing"] >= 0.99
        and row["clips_agreeing"] == row["clips"]
        and row["worst_time_difference_ms"] <= 10
        for row in rows
        if row["encoding"] == "all"
    )
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
