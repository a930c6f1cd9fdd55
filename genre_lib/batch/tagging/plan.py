"""What would be written into a file, and why not: the rules of tagging."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genre_lib.audio.files import shown, utf8
from genre_lib.batch.tagging import formats
from genre_lib.batch.tagging.answers import Heard, heard_in
from genre_lib.batch.tagging.genre_tree import GenreTree
from genre_lib.errors import GenreLibError, ParameterError
from genre_lib.inference.curve import GenreCurve

# Of a recording's time, for a genre to be one of several.
LEAST_SHARE = 0.2
HAS_GENRE = "has a genre"


@dataclass(frozen=True)
class Rules:
    """When a genre is written, and how.

    Attributes
    ----------
    replace : bool
        Also where there is a genre already, unless the tree says that it is the same in other words.
    multi : bool
        Every genre that fills a fifth of the time, the longest first.
    least : float or None
        Probability from which on a genre is written; by default the model's own threshold. Nothing is ever written
        that the model does not name.
    scores : bool
        Add the probabilities as the tag GENRE_SCORES, whatever is done about the genre.
    tree : GenreTree
    """

    replace: bool = False
    multi: bool = False
    least: float | None = None
    scores: bool = False
    tree: GenreTree = field(default_factory=GenreTree.load)

    def __post_init__(self) -> None:
        if self.least is not None and not 0 <= self.least <= 1:
            raise ParameterError(f"--min is {self.least:g}: give a probability from 0 to 1.")


@dataclass(frozen=True)
class Step:
    """What is planned for one file.

    Attributes
    ----------
    path : Path
    tag : tuple of str
        The genre in the file now.
    heard : Heard or None
        None where it was not heard.
    edit : Edit or None
        None where nothing is to be written.
    note : str
        Why the genre is not written, or an error; else empty.
    failed : bool
    """

    path: Path
    tag: tuple[str, ...] = ()
    heard: Heard | None = None
    edit: formats.Edit | None = None
    note: str = ""
    failed: bool = False


def plan(path: Path, curve: GenreCurve, rules: Rules) -> Step:
    """What to write into a file of which the curve is known."""
    try:
        contents = formats.read(path, audio=False)
    except (GenreLibError, OSError) as error:
        return Step(path, note=str(error), failed=True)
    return decide(path, contents, heard_in(curve), rules)


def decide(path: Path, contents: formats.Contents, heard: Heard, rules: Rules) -> Step:
    """What to write into a file with these contents."""
    note = _why_not(contents.genres, heard, rules)
    genres = None if note else tuple(rules.tree.spelling(genre) for genre in _genres(heard, rules))
    if genres is not None and genres == contents.genres:
        genres, note = None, "is so already"
    scores = scores_text(heard) if rules.scores and heard.genre is not None else None
    if scores == contents.scores:
        scores = None
    edit = None if genres is None and scores is None else formats.Edit(genres, scores)
    return Step(path, contents.genres, heard, edit, note)


def without_hearing(path: Path, rules: Rules) -> Step | None:
    """The plan for a file that need not be heard: it has a genre already, or can have none."""
    try:
        contents = formats.read(path, audio=False)
    except (GenreLibError, OSError) as error:
        return Step(path, note=str(error), failed=True)
    if contents.genres and not rules.replace and not rules.scores:
        return Step(path, contents.genres, note=HAS_GENRE)
    return None


def scores_text(heard: Heard) -> str:
    """Probabilities as one text, most probable first, those below .005 left out."""
    ranked = sorted(heard.probabilities.items(), key=lambda item: -item[1])
    return "; ".join(f"{genre} {p:.2f}" for genre, p in ranked if p >= 0.005)


def to_table(steps: Iterable[Step]) -> Iterator[str]:
    """Lines for a terminal: the tag now, the belief, what would be written or why nothing, the file."""
    yield f"{'tag now':<18} {'belief':<10} {'p':>4}  {'writes':<18} file"
    for step in steps:
        heard = step.heard
        belief = "" if heard is None else (heard.genre or heard.state) if heard.named else heard.state
        p = f"{heard.probability:.2f}" if heard is not None and heard.genre is not None else ""
        writes = ", ".join(_written(step)) or "-"
        note = f"  ({step.note})" if step.note and not step.failed else ""
        tag = ", ".join(step.tag) or "-"
        yield f"{_short(tag):<18} {belief:<10} {p:>4}  {_short(writes):<18} {shown(step.path)}{note}"


def to_csv(steps: Iterable[Step]) -> Iterator[str]:
    """Lines of CSV: path, tag, state, genre, probability, writes, note; several genres are separated by semicolons."""
    yield _csv_line(["path", "tag", "state", "genre", "probability", "writes", "note"])
    for step in steps:
        heard = step.heard
        answer = ["", "", ""] if heard is None else [heard.state, heard.genre or "", f"{heard.probability:.6f}"]
        yield _csv_line([utf8(str(step.path)), "; ".join(step.tag), *answer, "; ".join(_written(step)), step.note])


def _why_not(tag: tuple[str, ...], heard: Heard, rules: Rules) -> str:
    """Why no genre is written; empty where one is."""
    if tag and not rules.replace:
        return HAS_GENRE
    if heard.state == "silence":
        return "silence"
    # What changes among genres has no one name; with `multi` it has those of its long stretches.
    several = rules.multi and heard.state == "mixed" and bool(_long(heard))
    if not heard.named and not several:
        return heard.state
    if rules.least is not None and heard.named and heard.probability < rules.least:
        return f"below {rules.least:g}"
    if tag and set(rules.tree.meaning(tag, list(heard.probabilities)).genres) & set(_genres(heard, rules)[:1]):
        return "agrees"
    return ""


def _genres(heard: Heard, rules: Rules) -> list[str]:
    assert heard.genre is not None
    if not rules.multi:
        return [heard.genre]
    long = _long(heard)
    return long if heard.genre in long or not heard.named else [heard.genre, *long]


def _long(heard: Heard) -> list[str]:
    return [genre for genre, share in heard.shares.items() if share >= LEAST_SHARE]


def _written(step: Step) -> list[str]:
    if step.edit is None:
        return []
    return [*(step.edit.genres or ()), *([formats.SCORES] if step.edit.scores is not None else [])]


def _short(text: str) -> str:
    return text if len(text) <= 18 else f"{text[:17]}…"


def _csv_line(row: list[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(row)
    return line.getvalue()
