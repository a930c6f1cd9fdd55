"""What the pipeline's parameters may be, looked at before anything runs: a wrong name costs no hour of spectrograms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from genre_lib.audio.files import check_file
from genre_lib.bundle.resources import resolve
from genre_lib.datasets.opening import NAMES, open_data_set
from genre_lib.datasets.splits import check_split_kind
from genre_lib.datasets.table import SPLITS
from genre_lib.errors import ParameterError
from genre_lib.executors import EXECUTOR_NAMES
from genre_lib.networks.registry import config_of
from genre_lib.training.recipe import Recipe
from genre_lib.utils.options import unknown_name


def with_places(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters with the names of files and folders made absolute, as seen from where one stands.

    Notebooks and the processes of a sweep stand elsewhere. Names of data sets and networks stay names.

    Examples
    --------
    >>> with_places({"dataset": "demo", "epochs": 3})
    {'dataset': 'demo', 'epochs': 3}
    """
    return {name: _place(value) if name in _PLACES else value for name, value in parameters.items()}


def _place(value: Any) -> Any:
    if not isinstance(value, str) or value in ("", *NAMES):
        return value
    kind, colon, folder = value.partition(":")
    if colon and kind in NAMES:
        return f"{kind}:{_place(folder)}"
    found = resolve(value)
    return str(found.resolve()) if found.exists() else value


def check_values(parameters: Mapping[str, Mapping[str, Any]]) -> None:
    """Look at the values of every step's parameters.

    Parameters
    ----------
    parameters : mapping of step to mapping of name to value

    Raises
    ------
    ParameterError
        A network, recipe, split or executor does not exist, or a recipe is wrong.
    DataSetError, AudioError
        A data set or a song cannot be opened.
    """
    for values in parameters.values():
        for name, value in values.items():
            if name in _CHECKS and value not in ("", None):
                _CHECKS[name](value)


def _check_recipe(value: str) -> None:
    Recipe.load(value)


def _check_baseline(value: str) -> None:
    # A recipe is told from a network by being a file.
    if Path(value).suffix or resolve(value).is_file():
        Recipe.load(value)
    else:
        config_of(value)


def _check_part(value: str) -> None:
    if value not in SPLITS:
        raise ParameterError(f"There is no part {value!r} to measure: choose {', '.join(SPLITS)}.")


def _check_executor(value: str) -> None:
    if value not in EXECUTOR_NAMES:
        raise unknown_name("executor", value, EXECUTOR_NAMES)


def _check_data_set(value: str) -> None:
    # Demo songs are made when they are asked for.
    if value != "demo":
        open_data_set(value)


def _check_song(value: str) -> None:
    check_file(value)


# What names a file or a folder.
_PLACES = ("dataset", "world", "recipe", "baseline", "song", "runs")

_CHECKS: dict[str, Callable[[Any], object]] = {
    "network": config_of,
    "recipe": _check_recipe,
    "baseline": _check_baseline,
    "split": check_split_kind,
    "measured": _check_part,
    "executor": _check_executor,
    "dataset": _check_data_set,
    "world": _check_data_set,
    "song": _check_song,
}
