"""Live music genre recognition: a small network's belief over genres for every moment of a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from genre_lib.errors import GenreLibError, MissingDependencyError
from genre_lib.inference.model import GenreModel, load_model

if TYPE_CHECKING:
    from genre_lib.report.player import Player

__version__ = "0.1.0"

__all__ = ["GenreLibError", "GenreModel", "__version__", "listen", "load_model"]


def listen(path: str | Path, model: GenreModel | str | Path | None = None) -> Player:
    """Show a song with its curve in a notebook; see `genre_lib.report.player.listen`."""
    try:
        from genre_lib.report import player
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"Listening in a notebook needs {error.name}: install the project with its [notebooks] extra."
        ) from error
    return player.listen(path, model)
