"""The models of a visit: which there are, and which is chosen."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from genre_lib.bundle.card import Card
from genre_lib.dashboard.paths import AllowedPaths, NamedPath
from genre_lib.errors import GenreLibError
from genre_lib.inference.model import GenreModel, load_model


class Models:
    """The models that can be chosen, one of which is."""

    def __init__(self, allowed: AllowedPaths) -> None:
        self._allowed = allowed
        self._known = {place.label: place for place in allowed.models}
        self._label = next(iter(self._known), "")
        self._observers: list[Callable[[], None]] = []

    @property
    def labels(self) -> list[str]:
        """What can be chosen."""
        return list(self._known)

    @property
    def label(self) -> str:
        """The chosen one's label; empty if there is no model at all."""
        return self._label

    @property
    def folder(self) -> Path:
        """The chosen one's bundle; GenreLibError if there is no model at all."""
        return self._place(self._label).path

    @property
    def folders(self) -> list[Path]:
        """Of all that can be chosen."""
        return [place.path for place in self._known.values()]

    @property
    def card(self) -> Card:
        """The chosen one's card."""
        return self.load(self._label).card

    def load(self, label: str) -> GenreModel:
        """The model of that label; GenreLibError if it cannot be loaded."""
        return _loaded(self._place(label).path)

    def add(self, bundle: Path) -> str:
        """Let this visitor choose a bundle that was made in this visit; its label."""
        card = _loaded(bundle).card
        label = f"{card.name} {card.version}"
        self._known[label] = NamedPath(label, bundle)
        return label

    def choose(self, name: str) -> None:
        """Choose by label, or by a bundle's path below an allowed folder.

        Raises
        ------
        ParameterError, BundleError
            There is none of that name, or it is damaged; the choice stays as it was.
        """
        place = self._known[name] if name in self._known else self._allowed.model(name)
        known = next((found for found in self._known.values() if found.path == place.path), place)
        self._known.setdefault(known.label, known)
        self.load(known.label)
        if known.label != self._label:
            self._label = known.label
            for observer in self._observers:
                observer()

    def _place(self, label: str) -> NamedPath:
        if label not in self._known:
            raise GenreLibError(
                "There is no model yet: run the notebooks (make pipeline), or name a bundle with --model."
            )
        return self._known[label]

    def observe(self, observer: Callable[[], None]) -> None:
        """Call `observer` after each change of the choice."""
        self._observers.append(observer)


@lru_cache(maxsize=4)
def _loaded(folder: Path) -> GenreModel:
    return load_model(folder)
