"""JSON files of runs, with sentences for what can be wrong with them."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

from genre_lib.errors import RunError
from genre_lib.utils.atomic import write_text

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def read_json(path: Path, *, missing: Any = None) -> Any:
    """Content of a JSON file, or `missing` if there is none; a RunError if it is damaged."""
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if missing is None:
            raise RunError(f"{path} is missing: run the notebook that makes it first.") from None
        return missing
    except json.JSONDecodeError as error:
        raise RunError(f"{path} is damaged ({error}): remove it and run again.") from error


def to_json(values: Any, *, indent: int | None = None, compact: bool = False) -> str:
    """Values as JSON that every program can read: what is not finite is null, and bytes that are no text are escaped.

    Parameters
    ----------
    values : dict, list, str, float, ...
    indent : int, optional
    compact : bool
        Without spaces.

    Examples
    --------
    >>> to_json({"level": float("nan")})
    '{"level": null}'
    """
    separators = (",", ":") if compact else None
    try:
        text = json.dumps(values, indent=indent, separators=separators, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(finite(values), indent=indent, separators=separators, ensure_ascii=False, allow_nan=False)
    # Bytes of a file's name that are no UTF-8; Python gives them back as they were.
    return _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def finite(values: Any) -> Any:
    """The same values with None for every float that is not finite."""
    if isinstance(values, float):
        return values if math.isfinite(values) else None
    if isinstance(values, dict):
        return {key: finite(value) for key, value in values.items()}
    return [finite(value) for value in values] if isinstance(values, list | tuple) else values


def write_json(path: Path, values: Any) -> None:
    """Write JSON at once."""
    try:
        write_text(path, to_json(values, indent=1) + "\n")
    except OSError as error:
        raise RunError(
            f"{path} cannot be written ({error.strerror}): free some space or choose another place."
        ) from error
