"""Live music genre recognition: a small network's belief over genres for every moment of a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from genre_lib.errors import GenreLibError
from genre_lib.inference.model import GenreModel, load_model
from genre_lib.utils.extras import missing_extra

if TYPE_CHECKING:
    from genre_lib.report.player import Player

__version__ = "0.3.0"

__all__ = ["GenreLibError", "GenreModel", "__version__", "listen", "load_model"]


def listen(path: str | Path, model: GenreModel | str | Path | None = None) -> Player:
    """Show a song with its curve in a notebook; see `genre_lib.report.player.listen`."""
    try:
        from genre_lib.report import player
    except ModuleNotFoundError as error:
        raise (missing_extra(error) or error) from error
    return player.listen(path, model)
