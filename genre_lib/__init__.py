"""Live music genre recognition: a small network's belief over genres for every moment of a recording."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genre_lib.errors import GenreLibError
from genre_lib.inference.curve import GenreCurve
from genre_lib.inference.model import GenreModel, load_model
from genre_lib.inference.segments import segments
from genre_lib.inference.views import provide
from genre_lib.utils.extras import missing_extra

if TYPE_CHECKING:
    from genre_lib.evaluation.of_bundle import evaluate
    from genre_lib.export.taught_bundle import teach
    from genre_lib.report.player import Player
    from genre_lib.runs.in_one_call import publish, train

__version__ = "0.6.0"

__all__ = [
    "GenreCurve",
    "GenreLibError",
    "GenreModel",
    "__version__",
    "evaluate",
    "listen",
    "load_model",
    "publish",
    "teach",
    "train",
]

# Loaded when first asked for: who only listens does not wait for what trains and measures.
_LATER = {
    "evaluate": "genre_lib.evaluation.of_bundle",
    "publish": "genre_lib.runs.in_one_call",
    "teach": "genre_lib.export.taught_bundle",
    "train": "genre_lib.runs.in_one_call",
}


def listen(path: str | Path, model: GenreModel | str | Path | None = None) -> Player:
    """Show a song with its curve in a notebook; see `genre_lib.report.player.listen`.

    Examples
    --------
    >>> import genre_lib
    >>> genre_lib.listen("song.mp3")
    Traceback (most recent call last):
    genre_lib.errors.UnreachableError: song.mp3 does not exist: check the path.
    """
    player: Player = _asked_for("genre_lib.report.player", "listen")(path, model)
    return player


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'genre_lib' has no attribute {name!r}")
    return _asked_for(_LATER[name], name)


def _asked_for(module: str, name: str) -> Any:
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise (missing_extra(error) or error) from error


def _view(module: str, name: str) -> Any:
    return lambda *inputs, **options: _asked_for(module, name)(*inputs, **options)


provide(
    segments=segments,
    to_frame=_view("genre_lib.batch.frames", "curve_frame"),
    predict=_view("genre_lib.batch.frames", "predict_frame"),
    plot=_view("genre_lib.figures.spectrograms", "plot_curve"),
    html=_view("genre_lib.report.thumbnail", "curve_html"),
)
