"""What a data set is worth before anything is trained on it: usable, broken, silent, repeated, crossing."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.decoding import AudioReader
from genre_lib.audio.front_end import FrontEnd

# As a module: splits are made of this package's tables, whoever is imported first.
from genre_lib.datasets import splits
from genre_lib.datasets.feature_cache import MINIMUM_S, SILENT_DBFS, content_hash
from genre_lib.datasets.opening import open_data_set
from genre_lib.datasets.sufficiency import Sufficiency, refuse_one_genre, sufficiency
from genre_lib.datasets.table import EXCLUDED, DataSet, Track
from genre_lib.errors import AudioError, DataSetError
from genre_lib.executors import Executor, Progress, SerialExecutor

_NO_GENRE = "(no genre)"


@dataclass(frozen=True)
class GenreReport:
    """The tracks of one genre.

    Attributes
    ----------
    usable : int
        Tracks that can be used (repeated ones included).
    unreadable : tuple of (str, str)
        Name and reason; too short ones stand here.
    silent : tuple of str
    warned : tuple of (str, str)
        Usable, but with a fault such as a truncated end.
    duration_s : float [s]
        Of the usable tracks.
    """

    usable: int
    unreadable: tuple[tuple[str, str], ...]
    silent: tuple[str, ...]
    warned: tuple[tuple[str, str], ...]
    duration_s: float


@dataclass(frozen=True)
class DataSetReport:
    """What `check_data_set` found.

    Attributes
    ----------
    genres : dict of str to GenreReport
    duplicates : tuple of tuple of str
        Names of tracks with the same content, each set together.
    crossing : dict of str to tuple of str
        Artists that stand in more than one split, with those splits.
    notes : tuple of str
    impossible : tuple of str
        Why nothing can be trained on what is usable of it.
    """

    name: str
    genres: dict[str, GenreReport]
    duplicates: tuple[tuple[str, ...], ...]
    crossing: dict[str, tuple[str, ...]]
    notes: tuple[str, ...]
    impossible: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is unreadable, silent, repeated or crossing, and a network can be trained."""
        broken = any(report.unreadable or report.silent for report in self.genres.values())
        return not (broken or self.duplicates or self.crossing or self.impossible)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "ok": self.ok}

    def to_text(self) -> str:
        """A table a genre a line, then every finding in words."""
        width = max([len(genre) for genre in self.genres] + [len("genre")])
        lines = [f"{self.name}: {len(self.genres)} genres", ""]
        lines.append(f"{'genre':<{width}}  usable  unreadable  silent  minutes")
        for genre, report in self.genres.items():
            counts = f"{report.usable:>6}  {len(report.unreadable):>10}  {len(report.silent):>6}"
            lines.append(f"{genre:<{width}}  {counts}  {report.duration_s / 60:>7.1f}")
        lines.append("")
        for report in self.genres.values():
            lines += [f"unreadable: {name}: {reason}" for name, reason in report.unreadable]
            lines += [f"silent: {name}" for name in report.silent]
            lines += [f"warning: {name}: {reason}" for name, reason in report.warned]
        lines += [f"the same content: {', '.join(names)}" for names in self.duplicates]
        lines += [f"in several splits: {artist} ({', '.join(where)})" for artist, where in self.crossing.items()]
        lines += [f"note: {note}" for note in self.notes]
        lines += [f"cannot be trained on: {sentence}" for sentence in self.impossible]
        lines.append("Nothing is wrong." if self.ok else "See above for what to repair or leave out.")
        return "\n".join(lines)


@dataclass(frozen=True)
class _Finding:
    content: str
    seconds: float
    silent: bool
    warning: str | None


def check_data_set(
    data_set: DataSet | str | Path, *, executor: Executor | None = None, progress: Progress | None = None
) -> DataSetReport:
    """Decode every track of a data set and report per genre.

    Parameters
    ----------
    data_set : DataSet, or what `open_data_set` takes
        Named by text or path, tracks known to be faulty are looked at too.
    executor, progress
        See `genre_lib.executors`.

    Returns
    -------
    DataSetReport

    Raises
    ------
    DataSetError
        There is no such data set.
    """
    if not isinstance(data_set, DataSet):
        data_set = open_data_set(data_set, include_excluded=True, executor=executor)
    findings: dict[int, _Finding] = {}
    reasons: dict[int, str] = {}
    if data_set.log_mels is not None:
        for i, log_mel in enumerate(data_set.log_mels):
            findings[i] = _look(log_mel, data_set.front_end or FrontEnd())
    else:
        outcomes = (executor or SerialExecutor()).map(_listen, data_set.tracks, progress=progress)
        for outcome in outcomes:
            if outcome.failure is None:
                assert outcome.value is not None
                findings[outcome.index] = outcome.value
            else:
                reasons[outcome.index] = outcome.failure.message
    by_content: dict[str, list[str]] = defaultdict(list)
    for i in sorted(findings):
        by_content[findings[i].content].append(data_set.tracks[i].name)
    usable = data_set.select([i for i in sorted(findings) if not findings[i].silent])
    note, found = splits.group_note(data_set), _sufficiency(usable)
    faulty = [track.name for track in data_set.tracks if track.split == EXCLUDED]
    known = [f"Known to be faulty or repeated, and left out when anything is trained: {', '.join(faulty)}."]
    notes = (*data_set.notes, *(known if faulty else []), *([] if note is None else [note]), *found.notes)
    return DataSetReport(
        data_set.name,
        _by_genre(data_set, findings, reasons),
        tuple(tuple(names) for names in by_content.values() if len(names) > 1),
        splits.crossing_groups(data_set),
        tuple(dict.fromkeys(notes)),
        found.impossible,
    )


def _sufficiency(usable: DataSet) -> Sufficiency:
    """Of the split that a run would make of what is usable."""
    labelled = usable.where(lambda track: track.genre is not None)
    try:
        refuse_one_genre(labelled)
        return sufficiency(splits.split_data_set(labelled))
    except DataSetError as error:
        return Sufficiency((str(error),), ())


def _by_genre(data_set: DataSet, findings: dict[int, _Finding], reasons: dict[int, str]) -> dict[str, GenreReport]:
    members: dict[str, list[int]] = {genre: [] for genre in data_set.genres}
    for i, track in enumerate(data_set.tracks):
        members.setdefault(track.genre or _NO_GENRE, []).append(i)
    reports = {}
    for genre, indices in members.items():
        heard = [(data_set.tracks[i].name, findings[i]) for i in indices if i in findings]
        usable = [(name, finding) for name, finding in heard if not finding.silent]
        reports[genre] = GenreReport(
            len(usable),
            tuple((data_set.tracks[i].name, reasons[i]) for i in indices if i in reasons),
            tuple(name for name, finding in heard if finding.silent),
            tuple((name, finding.warning) for name, finding in usable if finding.warning),
            sum(finding.seconds for _, finding in usable),
        )
    return reports


def _listen(track: Track) -> _Finding:
    if track.path is None:
        raise AudioError(f"{track.name} has neither a file nor ready features.")
    front_end = FrontEnd()
    n_samples, loudest = 0, 0.0
    with AudioReader(track.path, front_end.sample_rate) as reader:
        for block in reader:
            n_samples += len(block)
            # An offset is no sound.
            loudest = max(loudest, float(np.max((block - block.mean()) ** 2)))
        seconds = n_samples / front_end.sample_rate
        if seconds < MINIMUM_S:
            raise AudioError(f"{track.path} is shorter than {MINIMUM_S:g} s: too short to hear a genre in.")
        return _Finding(content_hash(track.path), seconds, loudest <= 10 ** (SILENT_DBFS / 10), reader.warning)


def _look(log_mel: NDArray[Any], front_end: FrontEnd) -> _Finding:
    content = hashlib.sha256(np.ascontiguousarray(log_mel).tobytes()).hexdigest()
    # Levels of ready features are relative: only a spectrogram without any contrast holds nothing to hear.
    return _Finding(content, len(log_mel) * front_end.frame_period_s, float(np.ptp(log_mel)) == 0.0, None)
