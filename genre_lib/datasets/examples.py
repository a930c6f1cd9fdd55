"""Songs to try everything with: real recordings where there is a network, synthesised ones where there is none.

The recordings are librosa's example collection (`librosa.example`), whose registry holds their names and hashes.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

_HOST = ("librosa.org", 443)
_PATIENCE_S = 5.0


@dataclass(frozen=True)
class Example:
    """A recording that may be passed on.

    Attributes
    ----------
    key : str
        Its name in librosa's registry.
    title, author, licence : str
        How it is to be credited.
    """

    key: str
    title: str
    author: str
    licence: str

    @property
    def credit(self) -> str:
        """One line for whoever hears it."""
        return f"{self.title} by {self.author}, {self.licence}"


EXAMPLES = (
    Example("brahms", "Hungarian Dance No. 5", "Johannes Brahms, played by US Army Strings", "public domain"),
    Example("fishin", "Let's Go Fishin'", "Karissa Hobbs", "CC BY 3.0"),
    Example("nutcracker", "Dance of the Sugar Plum Fairy", "Kevin MacLeod after P. I. Tchaikovsky", "CC BY 3.0"),
    Example("vibeace", "Vibe Ace", "Kevin MacLeod", "CC BY 3.0"),
)


def fetch_example(example: Example) -> Path | None:
    """The recording at full quality, from librosa's cache or from the network.

    Parameters
    ----------
    example : Example

    Returns
    -------
    Path or None
        None where it is not in the cache and cannot be fetched, or librosa is not installed.

    Examples
    --------
    >>> path = fetch_example(EXAMPLES[0])
    >>> path is None or path.suffix == ".ogg"
    True
    """
    try:
        import librosa
        import pooch
    except ImportError:
        return None
    cache = Path(os.environ.get("LIBROSA_DATA_DIR") or pooch.os_cache("librosa"))
    if not any(cache.glob("*.hq.ogg")) and not _is_reachable():
        return None
    try:
        return Path(librosa.example(example.key, hq=True))
    except Exception:  # whatever the network, the disk or a changed registry came up with: it is only an example
        return None


def _is_reachable() -> bool:
    try:
        socket.create_connection(_HOST, timeout=_PATIENCE_S).close()
    except OSError:
        return False
    return True
