"""A whole library: what is heard, planned and written, one file after the other, and where that is kept."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import platformdirs

from genre_lib.batch.journal import Journal
from genre_lib.batch.predict import Prediction, Result, predict
from genre_lib.batch.resumable import predict_into
from genre_lib.batch.tagging.plan import Rules, Step, plan
from genre_lib.batch.tagging.safe_write import Care, check_writable, recover, write_tags
from genre_lib.batch.tagging.undo_journal import UndoJournal
from genre_lib.errors import TagError
from genre_lib.executors import Executor, Progress


def hear(
    recordings: Sequence[Path],
    *,
    journal: Journal | None = None,
    model: str | Path | None = None,
    executor: Executor | None = None,
    with_vector: bool = False,
    progress: Progress | None = None,
) -> Iterator[Result]:
    """What is believed about recordings, each once, under the names given.

    Parameters
    ----------
    recordings : sequence of Path
    journal : Journal, optional
        What it knows is not heard again and comes first; what is heard is kept there. Without it nothing is kept.
    model, executor, with_vector, progress
        As for `genre_lib.batch.predict_into`.

    Yields
    ------
    Prediction or Unusable
    """
    if not recordings:
        # All of them may be known, or none may have a tag to judge: that is no wrong usage.
        return
    if journal is None:
        yield from predict(recordings, model=model, executor=executor, progress=progress)
        return
    names = {Path(os.path.abspath(recording)): recording for recording in recordings}
    missing = {task.path for task in journal.missing(recordings, with_vector=with_vector)}
    yield from journal.results([name for path, name in names.items() if path not in missing])
    news = predict_into(journal, recordings, model=model, executor=executor, with_vector=with_vector, progress=progress)
    for result in news:
        yield replace(result, path=names[result.path])


def planned(results: Iterable[Result], rules: Rules) -> Iterator[Step]:
    """What to write into each file."""
    for result in results:
        if isinstance(result, Prediction):
            yield plan(result.path, result.curve, rules)
        else:
            yield Step(result.path, note=result.error, failed=True)


def checked(steps: Iterable[Step], care: Care) -> Iterator[Step]:
    """What would become of each step, without touching anything."""
    for step in steps:
        if step.edit is not None:
            try:
                check_writable(Path(os.path.realpath(step.path)), care)
            except TagError as error:
                step = replace(step, edit=None, note=str(error), failed=True)
        yield step


def written(steps: Iterable[Step], changes: UndoJournal, care: Care) -> Iterator[Step]:
    """Write what is planned; a step that could not be done says why.

    Yields
    ------
    Step
        After its file was written; without an edit where nothing was.
    """
    for step in steps:
        if step.edit is not None:
            try:
                write_tags(step.path, step.edit, changes, care)
            except TagError as error:
                step = replace(step, edit=None, note=str(error), failed=True)
        yield step


def tag_as_heard(result: Result, rules: Rules, place: str | Path, care: Care) -> Step | None:
    """Write the tags of one file that was just heard; the journal of changes at `place` is held for this alone.

    For a program that runs for months: another one can write tags, or undo them, in between.

    Returns
    -------
    Step or None
        What was done; None where the recording could not be heard.

    Raises
    ------
    GenreLibError
        The journal cannot be written.
    """
    if not isinstance(result, Prediction):
        return None
    step = plan(result.path, result.curve, rules)
    if step.edit is None:
        return step
    with UndoJournal(place, patience_s=3600) as changes:
        recover(changes, care.on_change)
        return next(written([step], changes, care))


def journal_of_changes() -> Path:
    """Where the changes of this user are kept."""
    return _state() / "tags.undo"


def journal_of_hearing(paths: Sequence[str | Path]) -> Path:
    """Where it is kept what was heard below some paths, when no other place is named."""
    names = sorted(os.path.realpath(path) for path in paths)
    return _state() / f"heard-{hashlib.sha256(os.fsencode(chr(0).join(names))).hexdigest()[:16]}.journal"


def _state() -> Path:
    return platformdirs.user_state_path("genre-lib")
