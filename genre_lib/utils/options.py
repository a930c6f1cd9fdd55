"""Frozen settings from plain mappings: what a recipe file says becomes a dataclass, or one clear error."""

from __future__ import annotations

import collections.abc
import difflib
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from genre_lib.errors import ParameterError

Settings = TypeVar("Settings")


def unknown_name(kind: str, name: str, known: Iterable[str]) -> ParameterError:
    """One sentence for a name that does not exist, with the nearest one that does."""
    known = sorted(known)
    near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}."
    return ParameterError(f"Unknown {kind} {name!r}: {hint}")


def from_mapping(settings: type[Settings], mapping: Mapping[str, Any] | None, *, where: str) -> Settings:
    """Build a frozen settings dataclass from a mapping such as a section of a YAML file.

    Parameters
    ----------
    settings : a dataclass; a field whose type is a dataclass too is built from a nested mapping
    mapping : names to values; None stands for an empty one
    where : what the mapping is called in an error, for example ``"training"``

    Raises
    ------
    ParameterError
        For an unknown name (with a suggestion), or a value of the wrong kind.

    Examples
    --------
    >>> from genre_lib.training.augmentation import Augmentation
    >>> from_mapping(Augmentation, {"shift_bands": 2}, where="augmentation").shift_bands
    2
    """
    if mapping is None:
        mapping = {}
    if not isinstance(mapping, Mapping):
        raise ParameterError(f"The section {where} must be a list of names with values, not {mapping!r}.")
    types_by_name = typing.get_type_hints(settings)
    known = [field.name for field in fields(settings)]  # type: ignore[arg-type]
    values = {}
    for name, value in mapping.items():
        if name not in known:
            raise unknown_name(f"name in {where}", name, known)
        values[name] = _converted(value, types_by_name[name], f"{where}.{name}")
    try:
        return settings(**values)
    except TypeError as error:
        raise ParameterError(f"The section {where} is not complete: {error}.") from error


def _converted(value: Any, wanted: Any, where: str) -> Any:
    origin = typing.get_origin(wanted)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in typing.get_args(wanted):
            return None
        kinds = [kind for kind in typing.get_args(wanted) if kind is not type(None)]
        return _converted(value, next((kind for kind in kinds if type(value) is kind), kinds[0]), where)
    if is_dataclass(wanted):
        return value if isinstance(value, wanted) else from_mapping(wanted, value, where=where)  # type: ignore[arg-type]
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise ParameterError(f"{where} must be a list, not {value!r}.")
        return tuple(_converted(item, typing.get_args(wanted)[0], where) for item in value)
    if origin is collections.abc.Mapping:
        if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
            raise ParameterError(f"{where} must be a list of names with values, not {value!r}.")
        kind = typing.get_args(wanted)[1]
        return {name: _converted(item, kind, f"{where}.{name}") for name, item in value.items()}
    if wanted is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if wanted in (int, bool, str) and type(value) is wanted:
        return value
    raise ParameterError(f"{where} must be {getattr(wanted, '__name__', wanted)}, not {value!r}.")
