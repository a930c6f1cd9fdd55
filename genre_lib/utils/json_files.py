"""JSON files of runs, with sentences for what can be wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from genre_lib.errors import RunError
from genre_lib.utils.atomic import write_text


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


def write_json(path: Path, values: Any) -> None:
    """Write JSON at once."""
    try:
        write_text(path, json.dumps(values, indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        raise RunError(
            f"{path} cannot be written ({error.strerror}): free some space or choose another place."
        ) from error
