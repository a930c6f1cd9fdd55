"""Running a batch: what is missing in the journal is heard, once or whenever a folder grows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

from genre_lib.audio.finding import find_recordings
from genre_lib.batch.journal import Finished, Journal, Task, identity_of
from genre_lib.batch.predict import Result, Unusable, model_of_process, why_unusable
from genre_lib.errors import AudioError, UnreachableError
from genre_lib.executors import Executor, Progress, SerialExecutor

# What the machine did not let be read is asked for again, but not at every look.
_LOOKS_BETWEEN_TRIES = 30


def predict_into(
    journal: Journal,
    recordings: Sequence[Path],
    *,
    model: str | Path | None = None,
    executor: Executor | None = None,
    retry: bool = False,
    with_vector: bool = False,
    progress: Progress | None = None,
) -> Iterator[Result]:
    """Hear the recordings that the journal does not know as they are now.

    Parameters
    ----------
    journal : Journal
    recordings : sequence of Path
    model : str or Path, optional
        The bundle whose card the journal was opened with; by default the pretrained one.
    executor : Executor, optional
        By default this process.
    retry : bool
        Also hear again what had failed.
    with_vector : bool
        Also hear again what was kept without its vector, by an earlier version.
    progress : callable, optional
        Called with (recordings known, recordings in all).

    Yields
    ------
    Prediction or Unusable
        What is new, after it was recorded.

    Raises
    ------
    GenreLibError
        The model, or the machine, failed and not a recording; what is done is kept.
    """
    tasks = journal.missing(recordings, retry=retry, with_vector=with_vector)
    n_all = len(set(recordings))
    before = n_all - len(tasks)
    # Workers of a cluster stand in other folders.
    bundle = None if model is None else Path(model).resolve()
    outcomes = (executor or SerialExecutor()).map(partial(hear, model=bundle), tasks)
    for done, outcome in enumerate(outcomes, start=before + 1):
        task = tasks[outcome.index]
        if outcome.failure is not None:
            finished = Finished(task, error=why_unusable(task.path, outcome.failure))
        else:
            assert outcome.value is not None
            finished = outcome.value
        journal.record(finished)
        if progress is not None:
            progress(done, n_all)
        yield finished.result(journal.card, task.path)


def hear(task: Task, model: Path | None) -> Finished:
    """One recording's curve and vector, or why there is none; runs in workers."""
    heard = model_of_process(model)
    try:
        if not heard.n_features:
            return Finished.of_curve(task, heard.curve(task.path))
        curve, embedding = heard.curve_and_embedding(task.path)
        return Finished.of_curve(task, curve, embedding.song)
    except UnreachableError as error:
        # Without what the file looked like nothing equals it: it is tried again by every batch.
        return Finished(replace(task, identity=""), error=str(error))
    except AudioError as error:
        return Finished(task, error=str(error))


def watch(
    journal: Journal,
    paths: Sequence[str | Path],
    *,
    model: str | Path | None = None,
    executor: Executor | None = None,
    every_s: float = 2.0,
    wait: Callable[[float], object] = time.sleep,
    after_round: Callable[[list[Path]], object] = lambda recordings: None,
) -> Iterator[Result]:
    """Follow files and folders for ever: hear what is new or has changed, once it has stopped growing.

    Parameters
    ----------
    every_s : float [s]
        Time between looks; a file is heard when two looks in a row found it the same.
    wait : callable
        Sleeps for a number of seconds.
    after_round : callable
        Called with all recordings there are, after each look that found something new to hear, and after the first.

    Yields
    ------
    Prediction or Unusable
        What is new, after it was recorded.
    """
    seen: dict[Path, str] = {}
    said: set[Path] = set()
    next_try: dict[tuple[Path, str], int] = {}
    first = True
    for look in count():
        found = find_recordings(paths)
        for path, error in found.unusable.items():
            # An empty folder may fill.
            if isinstance(error, UnreachableError) and path not in said:
                said.add(path)
                yield Unusable(path, str(error))
        now = {recording: identity_of(recording) for recording in found.recordings}
        settled = [recording for recording in found.recordings if seen.get(recording) == now[recording]]
        due = [recording for recording in settled if look >= next_try.get((recording, now[recording]), 0)]
        # Whatever of it cannot be read now is due again later; what was heard is known to the journal.
        next_try |= {(recording, now[recording]): look + _LOOKS_BETWEEN_TRIES for recording in due}
        n_heard = 0
        for result in predict_into(journal, due, model=model, executor=executor):
            n_heard += 1
            yield result
        if n_heard or (first and seen):
            after_round(settled)
            first = False
        seen = now
        wait(every_s)
