"""What a genre tag means in a model's genres: Death Metal is metal, Delta Blues is blues."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from genre_lib.errors import ParameterError
from genre_lib.utils.yaml_text import load_yaml, parse_yaml

# Between several genres in one tag; "/" only where the whole is unknown: Rap/Hip Hop is one name.
_SEPARATORS = re.compile(r"\s*[;,|/\\]\s*")


@dataclass(frozen=True)
class Meaning:
    """What a tag says in a model's genres.

    Attributes
    ----------
    genres : tuple of str
        Of the model; empty if it names none of them.
    elsewhere : tuple of str
        Names that the tree knows and the model does not, such as techno.
    unknown : tuple of str
        Names that are not in the tree.
    """

    genres: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class GenreTree:
    """Names with the name each belongs to, and how genres are written.

    Attributes
    ----------
    above : mapping of str to str or None
        From a name, as `key_of` makes it, to that of the one above it; None at the top.
    spellings : mapping of str to str
    """

    above: Mapping[str, str | None]
    spellings: Mapping[str, str]

    @classmethod
    def load(cls, path: str | Path | None = None) -> GenreTree:
        """A tree from a YAML file; by default the one that ships.

        Raises
        ------
        ParameterError
            The file cannot be read or is no tree.
        """
        return _shipped() if path is None else _tree_of(load_yaml(Path(path), "genre tree"), str(path))

    def meaning(self, tag: Sequence[str], genres: Sequence[str]) -> Meaning:
        """What a tag says in a model's `genres`.

        Examples
        --------
        >>> GenreTree.load().meaning(["Delta Blues; Techno"], ["blues", "rock"])
        Meaning(genres=('blues',), elsewhere=('Techno',), unknown=())
        """
        own = {key_of(genre): genre for genre in genres}
        found: dict[str, None] = {}
        elsewhere: dict[str, None] = {}
        unknown: dict[str, None] = {}
        for name in self._names(tag, own):
            key: str | None = key_of(name)
            if key not in own and key not in self.above:
                unknown[name] = None
                continue
            while key is not None and key not in own:
                key = self.above.get(key)
            if key is None:
                elsewhere[name] = None
            else:
                found[own[key]] = None
        return Meaning(tuple(found), tuple(elsewhere), tuple(unknown))

    def spelling(self, genre: str) -> str:
        """How a model's genre is written into a file: as listed, else with capitals."""
        return self.spellings.get(genre) or re.sub(r"(?<![^\W_'])\w", lambda m: m[0].upper(), genre.replace("_", " "))

    def renamed(self, names: Mapping[str, str]) -> GenreTree:
        """With other spellings for some genres."""
        return GenreTree(self.above, {**self.spellings, **names})

    def _names(self, tag: Sequence[str], own: Mapping[str, str]) -> list[str]:
        names: list[str] = []
        for text in tag:
            whole = key_of(text)
            known = whole in own or whole in self.above
            names += [text] if known else [name for name in _SEPARATORS.split(text.strip()) if name]
        return names


def load_names(path: str | Path, genres: Sequence[str]) -> dict[str, str]:
    """Spellings from a YAML file of lines such as `hiphop: Rap`.

    Raises
    ------
    ParameterError
        The file cannot be read, is no such list, or names a genre that the model does not have.
    """
    content = load_yaml(Path(path), "list of spellings")
    if not isinstance(content, dict) or not all(isinstance(v, str) and v.strip() for v in content.values()):
        raise ParameterError(f"{path} is no list of spellings: write a line such as `hiphop: Rap` for each genre.")
    if strangers := [str(name) for name in content if name not in genres]:
        raise ParameterError(
            f"{path} spells {', '.join(strangers)}, which the model does not know: it knows {', '.join(genres)}."
        )
    return content


def key_of(name: str) -> str:
    """A name as it is compared: Hip-Hop, hip hop and HipHop are one, so are R & B and R and B."""
    return re.sub(r"[\W_]+", "", re.sub(r"&|\+|\bn\b|'n'", "and", name.casefold()))


def shipped_text() -> str:
    """The genre tree that ships, as a file to edit."""
    return files("genre_lib.batch.tagging").joinpath("genre_tree.yaml").read_text("utf-8")


@cache
def _shipped() -> GenreTree:
    return _tree_of(parse_yaml(shipped_text()), "genre_tree.yaml")


def _tree_of(content: Any, where: str) -> GenreTree:
    if not isinstance(content, dict) or not isinstance(content.get("tree"), dict):
        raise ParameterError(f"{where} is no genre tree: it needs `tree:` with a list of styles below each genre.")
    above: dict[str, str | None] = {}

    def add(names: Any, parent: str | None) -> None:
        if isinstance(names, dict):
            for name, below in names.items():
                enter(name, parent)
                add(below, key_of(str(name)))
        elif isinstance(names, list):
            for name in names:
                if isinstance(name, dict):
                    add(name, parent)
                else:
                    enter(name, parent)
        elif names is not None:
            raise ParameterError(f"{where}: below {parent} stands {names!r}, where a list of styles is needed.")

    def enter(name: Any, parent: str | None) -> None:
        key = key_of(str(name))
        if key == parent:
            return
        if above.get(key, parent) != parent:
            raise ParameterError(f"{where} names {name} twice, below {above[key]} and below {parent}: choose one.")
        above[key] = parent

    add(content["tree"], None)
    spellings = content.get("spellings") or {}
    if not isinstance(spellings, dict):
        raise ParameterError(f"{where}: `spellings:` needs lines such as `hiphop: Hip-Hop`.")
    return GenreTree(above, {str(genre): str(name) for genre, name in spellings.items()})
