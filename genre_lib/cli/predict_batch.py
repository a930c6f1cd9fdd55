"""`genre predict` with a journal: batches that resume, Parquet, and folders that grow."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import Any

from genre_lib.audio.files import shown
from genre_lib.audio.finding import find_recordings
from genre_lib.batch import Journal, Summary, predict_into, summarize, watch, write_curves, write_rows
from genre_lib.batch.parquet import output_file
from genre_lib.batch.predict import Result, to_csv, to_json_lines, to_table, unusable_of
from genre_lib.bundle.card import Card
from genre_lib.bundle.files import open_bundle
from genre_lib.cli.options import say_error
from genre_lib.errors import ParameterError
from genre_lib.executors import Executor, Progress
from genre_lib.utils.extras import require


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `genre predict` that make it a batch."""
    group = parser.add_argument_group(
        "batches", "with any of these, or --format parquet, the same command again does only what is missing or changed"
    )
    group.add_argument("--curves", metavar="FILE", help="also write Parquet with one row for every step")
    group.add_argument("--journal", metavar="FILE", help="where results are kept (default: the output's name.journal)")
    group.add_argument("--retry", action="store_true", help="hear files again that could not be used before")
    group.add_argument(
        "--watch", action="store_true", help="go on with whatever is added to the folders, until stopped"
    )
    group.add_argument(
        "--tag",
        action="store_true",
        help="with --watch: fill in the genre of files without one, as `genre tag --write`",
    )


def is_batch(options: argparse.Namespace) -> bool:
    """Whether the options ask for a batch."""
    return bool(
        options.format == "parquet"
        or options.curves
        or options.journal
        or options.retry
        or options.watch
        or options.tag
    )


def predict_batch(
    options: argparse.Namespace,
    *,
    executor: Executor | None,
    progress: Progress | None,
    told: Callable[[Iterable[Result]], Iterator[Result]],
) -> int:
    """Run a batch and return the exit status; `told` reports what passes it."""
    if options.tag:
        require("mutagen", what="Reading and writing tags")
    if options.tag and not options.watch:
        raise ParameterError("--tag goes with --watch: `genre tag PATH --write` fills in what is there already.")
    if options.format == "parquet" and not options.out:
        raise ParameterError("--format parquet needs --out FILE: Parquet is not for a terminal.")
    place = options.journal or (f"{options.out or options.curves}.journal" if options.out or options.curves else None)
    if place is None:
        raise ParameterError("A batch needs a place for its results: give --out, --curves or --journal FILE.")
    batch = _Batch(options, open_bundle(options.model).card, executor, progress, told)
    began = time.monotonic()
    with Journal(place, batch.card) as journal:
        total = batch.follow(journal) if options.watch else batch.once(journal)
    fresh = batch.fresh
    n_new = sum(fresh.states.values()) + fresh.n_unusable
    seconds = time.monotonic() - began
    print(total.to_text(n_new=n_new, new_audio_s=fresh.audio_s, seconds=seconds), file=sys.stderr)
    if batch.left_out:
        print(f"{'':>8} left out: {batch.left_out}", file=sys.stderr)
    return 1 if total.n_unusable else 0


@dataclass
class _Batch:
    """One call of the command; `fresh` counts what it heard itself."""

    options: argparse.Namespace
    card: Card
    executor: Executor | None
    progress: Progress | None
    told: Callable[[Iterable[Result]], Iterator[Result]]
    fresh: Summary = field(default_factory=Summary)
    left_out: str | None = None

    def once(self, journal: Journal) -> Summary:
        found = find_recordings(self.options.paths)
        self.left_out = found.left_out(others=True)
        recordings, unusable = found.recordings, unusable_of(found)
        deque(self.told(unusable), maxlen=0)
        news = predict_into(
            journal,
            recordings,
            model=self.options.model,
            executor=self.executor,
            retry=self.options.retry,
            progress=self.progress,
        )
        deque(self.fresh.counted(self.told(news)), maxlen=0)
        return self._write(journal, recordings, unusable)

    def follow(self, journal: Journal) -> Summary:
        known: list[Path] = []
        for path in self.options.paths:
            # An empty folder may fill; a misspelt one would be waited for in vain.
            if not os.path.exists(path):
                name = shown(path) or "The path"
                raise ParameterError(f"{name} does not exist: check the path, or make the folder before it is watched.")

        def write(recordings: list[Path]) -> None:
            known[:] = recordings
            if self.options.out or self.options.curves:
                self._write(journal, recordings)

        with _until_stopped():
            found = watch(
                journal, self.options.paths, model=self.options.model, executor=self.executor, after_round=write
            )
            news = self.fresh.counted(self.told(self._tagged(journal, found) if self.options.tag else found))
            if self.options.out:
                deque(news, maxlen=0)
            else:
                for line in self._lines(news):
                    print(line, flush=True)
        return summarize(journal.results(known))

    def _tagged(self, journal: Journal, news: Iterable[Result]) -> Iterator[Result]:
        """Fill in genres as results pass; first where a killed call had heard a file and not yet written it."""
        from genre_lib.batch.tagging import Care, Rules, UndoJournal, recover
        from genre_lib.batch.tagging.library import journal_of_changes, tag_as_heard

        rules, care, place = Rules(), Care(on_change=journal.renew), journal_of_changes()

        with UndoJournal(place) as changes:
            recover(changes, journal.renew)

        def tag(result: Result) -> None:
            step = tag_as_heard(result, rules, place, care)
            if step is not None and step.failed:
                say_error(step.note)

        for result in journal.results(find_recordings(self.options.paths).recordings):
            tag(result)
        for result in news:
            tag(result)
            yield result

    def _write(self, journal: Journal, recordings: list[Path], unusable: Sequence[Result] = ()) -> Summary:
        total = Summary()
        results = total.counted(chain(unusable, journal.results(recordings)))
        if self.options.format == "parquet":
            write_rows(results, self.options.out, self.card)
        elif self.options.out:
            with output_file(Path(self.options.out)) as draft, draft.open("w", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in self._lines(results))
        elif self.options.watch:
            deque(results, maxlen=0)
        else:
            for line in self._lines(results):
                print(line)
        if self.options.curves:
            write_curves(journal.results(recordings), self.options.curves, self.card)
        return total

    def _lines(self, results: Iterable[Result]) -> Iterator[str]:
        if self.options.format == "json":
            return to_json_lines(results, with_curve=self.options.curve)
        return to_csv(results, genres=self.card.genres) if self.options.format == "csv" else to_table(results)


class _Stopped(Exception):
    """The user has seen enough."""


@contextmanager
def _until_stopped() -> Iterator[None]:
    """Ctrl-C and SIGTERM end the block quietly: that is how a watch ends."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise _Stopped

    before: dict[Any, Any] = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except _Stopped:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
