"""Dataclasses to plain JSON values and back, by their annotations (cattrs); what does not fit is one sentence.

Listening does without: cattrs takes 60 ms to import, more than a song takes to be heard. What it reads, the card and
the front end, is held to a JSON schema and taken apart by hand.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T")


class StructureError(ValueError):
    """Values that are not of the class they were said to be."""


def plain(value: Any) -> dict[str, Any]:
    """A dataclass as plain JSON values: nested ones as mappings, tuples as they are (JSON writes them as lists)."""
    return asdict(value)


def structured(values: Any, cls: type[T]) -> T:
    """An instance of a dataclass from plain JSON values; keys that it does not have are left out.

    Parameters
    ----------
    values : mapping
        From `plain`, directly or through JSON (numbers as keys come back as numbers).
    cls : type
        A dataclass whose annotations say everything.

    Raises
    ------
    StructureError
        With the first thing that is wrong, and where.

    Examples
    --------
    >>> from genre_lib.bundle.timing import Timing
    >>> structured({"step_frames": 4, "first_frame": 0, "receptive_field_frames": 8, "minimum_frames": 8}, Timing)
    Timing(step_frames=4, first_frame=0, receptive_field_frames=8, minimum_frames=8)
    >>> structured({"step_frames": "four"}, Timing)  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    StructureError: invalid value for type, expected int @ $.step_frames
    """
    import cattrs

    try:
        result: T = _converter().structure(values, cls)
    except (cattrs.BaseValidationError, TypeError, ValueError) as error:
        sentences = cattrs.transform_error(error) if isinstance(error, Exception) else []
        raise StructureError(sentences[0] if sentences else str(error)) from error
    return result


@lru_cache(maxsize=1)
def _converter() -> Any:
    from cattrs.preconf.json import make_converter

    return make_converter()
