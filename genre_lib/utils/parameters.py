"""Parameters of many runs: which of them vary, and how a value is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

REPEATS = ("fold", "seed", "n_folds")
"""Parameters that repeat a setting rather than change it."""


class HasParameters(Protocol):
    """Anything with parameters, such as a finished run."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Those that were given; the others have their defaults."""


def varied_parameters(runs: Sequence[HasParameters]) -> list[str]:
    """Parameters that are not the same in all runs, those that make settings before those that repeat them."""
    names = dict.fromkeys(name for run in runs for name in run.parameters)
    varied = [name for name in names if len({repr(run.parameters.get(name)) for run in runs}) > 1]
    return [name for name in varied if name not in REPEATS] + [name for name in varied if name in REPEATS]


def word_of(value: Any) -> str:
    """A parameter's value for reading: files by their name alone."""
    if value is None:
        return "default"
    return Path(value).stem if isinstance(value, str) and "/" in value else str(value)
