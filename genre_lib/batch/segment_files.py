"""Segments as files: CSV for a spreadsheet, a label track for Audacity, a cue sheet for players and burners."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from genre_lib.audio.files import shown, utf8
from genre_lib.batch.predict import Prediction
from genre_lib.errors import ParameterError
from genre_lib.inference.segments import Segment, segments
from genre_lib.inference.words import name_of
from genre_lib.utils.atomic import replaced_file

CSV, AUDACITY, CUE = ".csv", ".txt", ".cue"
ENDINGS = (CSV, AUDACITY, CUE)

# What a cue sheet may call a file; others are waves to it.
_CUE_TYPES = {".mp3": "MP3", ".aif": "AIFF", ".aiff": "AIFF"}
_FRAMES_A_SECOND = 75


@contextmanager
def segment_file(path: str | Path) -> Iterator[SegmentFile]:
    """A file to add predictions to; it is there whole once the block ends without an error.

    Parameters
    ----------
    path : str or Path
        .csv for any number of recordings; .txt (Audacity's label track) and .cue for one.

    Raises
    ------
    ParameterError
        The ending is none of these, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in ENDINGS:
        raise ParameterError(f"--segments {path} has none of the endings {', '.join(ENDINGS)}: choose one.")
    found = SegmentFile(path)
    yield found
    try:
        with replaced_file(path) as draft:
            draft.write_text(found.text(), encoding="utf-8", newline="")
    except OSError as error:
        raise ParameterError(f"{path} cannot be written ({error.strerror or error}): choose another file.") from error


class SegmentFile:
    """Collects the segments of recordings."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kind = path.suffix.lower()
        self._found: list[tuple[Path, tuple[Segment, ...]]] = []

    def add(self, prediction: Prediction) -> None:
        """Keep a recording's segments.

        Raises
        ------
        ParameterError
            A second recording comes to a file for one, or one whose name no cue sheet can hold.
        """
        if self._found and self._kind != CSV:
            raise ParameterError(f"--segments {self._path} is for one recording: use .csv for several.")
        name = prediction.path.name
        if self._kind == CUE and (name != utf8(name) or "\n" in name or "\r" in name):
            raise ParameterError(f"A cue sheet cannot hold the name {shown(name)}: rename the recording, or use .csv.")
        self._found.append((prediction.path, segments(prediction.curve)))

    def text(self) -> str:
        """The file's content."""
        if self._kind == CSV:
            return segments_csv(self._found)
        return "".join(
            audacity_labels(parts) if self._kind == AUDACITY else cue_sheet(path, parts) for path, parts in self._found
        )


def segments_csv(found: Sequence[tuple[Path, Sequence[Segment]]]) -> str:
    """A row a segment: path, start_s, stop_s, state, genre, probability."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", "start_s", "stop_s", "state", "genre", "probability"])
    for path, parts in found:
        for part in parts:
            probability = "" if part.probability is None else f"{part.probability:.6f}"
            row = [
                utf8(str(path)),
                f"{part.start_s:.3f}",
                f"{part.stop_s:.3f}",
                part.state,
                part.genre or "",
                probability,
            ]
            writer.writerow(row)
    return text.getvalue()


def audacity_labels(parts: Sequence[Segment]) -> str:
    """A label track: start, stop and label of each segment, separated by tabs.

    Examples
    --------
    >>> audacity_labels([Segment(0.0, 12.5, "probable", "hiphop", 0.48)])
    '0.000000\\t12.500000\\tprobably hip hop\\n'
    """
    return "".join(f"{part.start_s:.6f}\t{part.stop_s:.6f}\t{name_of(part.state, part.genre)}\n" for part in parts)


def cue_sheet(path: Path, parts: Sequence[Segment]) -> str:
    """A cue sheet with a track for each segment; a sheet has 99 tracks at most, what comes later stays in the last."""
    lines = [f'FILE "{_quoted(path.name)}" {_CUE_TYPES.get(path.suffix.lower(), "WAVE")}']
    for number, part in enumerate(parts[:99], start=1):
        frames = round(part.start_s * _FRAMES_A_SECOND)
        minutes, rest = divmod(frames, 60 * _FRAMES_A_SECOND)
        seconds, frame = divmod(rest, _FRAMES_A_SECOND)
        lines += [
            f"  TRACK {number:02d} AUDIO",
            f'    TITLE "{_quoted(name_of(part.state, part.genre))}"',
            f"    INDEX 01 {minutes:02d}:{seconds:02d}:{frame:02d}",
        ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return text.replace('"', "'")
