"""What a bundle may be called: folders are called anything, models are typed on command lines."""

from __future__ import annotations

import re
import unicodedata


def model_name(text: str) -> str:
    """A name, such as a data set's, as a card may bear it.

    Examples
    --------
    >>> model_name("Tänze & mehr")
    'Tanze-mehr'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-._")[:64] or "own-music"
