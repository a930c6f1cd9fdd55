"""Where tag and belief contradict each other, the clearest first, for a person to decide."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from genre_lib.audio.files import utf8
from genre_lib.batch.tagging.answers import Heard
from genre_lib.batch.tagging.genre_tree import GenreTree

# A tag is contradicted where its genres together are believed in less than this much of the one named.
_CLEARLY = 0.5


@dataclass(frozen=True)
class Contradiction:
    """A file whose tag says another genre than the model names.

    Attributes
    ----------
    path : Path
    tag : tuple of str
        As it stands in the file.
    tag_genres : tuple of str
        What it means in the model's genres.
    genre : str
        What the model names.
    probability, probability_of_tag : float
        Of the model's genre, and of those of the tag together.
    """

    path: Path
    tag: tuple[str, ...]
    tag_genres: tuple[str, ...]
    genre: str
    probability: float
    probability_of_tag: float

    @property
    def clearness(self) -> float:
        """Difference of the two probabilities."""
        return self.probability - self.probability_of_tag


@dataclass
class Audit:
    """Tags held against beliefs.

    Attributes
    ----------
    contradictions : list of Contradiction
        In the order found; `ranked` sorts them.
    agree, undecided, untagged : int
        Files whose tag the model confirms; of which it is not sure, or believes in both; without a tag.
    elsewhere, unknown : Counter
        Names that the model cannot judge, and names that are not in the tree, with how many files have them.
    """

    tree: GenreTree
    contradictions: list[Contradiction] = field(default_factory=list)
    agree: int = 0
    undecided: int = 0
    untagged: int = 0
    elsewhere: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)

    def add(self, path: Path, tag: tuple[str, ...], heard: Heard | None, genres: Sequence[str]) -> None:
        """Hold one file's tag against what was heard; None where that was not needed, see `can_judge`."""
        meaning = self.tree.meaning(tag, genres)
        self.elsewhere.update(meaning.elsewhere)
        self.unknown.update(meaning.unknown)
        found = None if heard is None else contradiction(path, tag, heard, self.tree)
        if not tag:
            self.untagged += 1
        elif found is not None:
            self.contradictions.append(found)
        elif heard is not None and heard.named and heard.genre in meaning.genres:
            self.agree += 1
        else:
            self.undecided += 1

    @property
    def ranked(self) -> list[Contradiction]:
        """The clearest first."""
        return sorted(self.contradictions, key=lambda one: (-one.clearness, str(one.path)))

    def to_csv(self) -> Iterator[str]:
        """Lines of CSV: path, tag, tag_genres, genre, probability, probability_of_tag, clearness."""
        yield _line("path", "tag", "tag_genres", "genre", "probability", "probability_of_tag", "clearness")
        for one in self.ranked:
            numbers = (f"{p:.4f}" for p in (one.probability, one.probability_of_tag, one.clearness))
            yield _line(utf8(str(one.path)), "; ".join(one.tag), "; ".join(one.tag_genres), one.genre, *numbers)

    def to_text(self) -> str:
        """The counts, for a person."""
        lines = [
            f"{len(self.contradictions):>8} contradict their tag",
            f"{self.agree:>8} agree with it",
            f"{self.undecided:>8} undecided: the model is unsure, cannot judge the tag, or believes in both",
            f"{self.untagged:>8} have no genre",
        ]
        if self.elsewhere:
            lines.append(f"outside of the model's genres: {_listed(self.elsewhere)}")
        if self.unknown:
            lines.append(f"not in the genre tree: {_listed(self.unknown)}; --tree takes a file that knows them")
        return "\n".join(lines)


def contradiction(path: Path, tag: tuple[str, ...], heard: Heard, tree: GenreTree) -> Contradiction | None:
    """A file's contradiction; None where tag and belief go together, or one of them says too little."""
    genres = list(heard.probabilities)
    if not heard.named or heard.genre is None or not can_judge(tag, genres, tree):
        return None
    meaning = tree.meaning(tag, genres)
    of_tag = sum(heard.probabilities[genre] for genre in meaning.genres)
    if heard.genre in meaning.genres or of_tag >= _CLEARLY * heard.probability:
        return None
    return Contradiction(path, tag, meaning.genres, heard.genre, heard.probability, of_tag)


def can_judge(tag: tuple[str, ...], genres: Sequence[str], tree: GenreTree) -> bool:
    """Whether hearing a file could contradict its tag: every name in it belongs to a genre of the model."""
    meaning = tree.meaning(tag, genres)
    return bool(meaning.genres) and not meaning.elsewhere and not meaning.unknown


def _listed(names: Counter[str]) -> str:
    shown = ", ".join(f"{name} ({count})" for name, count in names.most_common(12))
    return shown if len(names) <= 12 else f"{shown} and {len(names) - 12} more"


def _line(*row: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(row)
    return line.getvalue()
