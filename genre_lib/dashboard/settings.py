"""What `genre dashboard` tells every visitor's kernel, through one environment variable."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass

VARIABLE = "GENRE_DASHBOARD"


@dataclass(frozen=True)
class Settings:
    """Choices of the person who starts the dashboard.

    Attributes
    ----------
    model : str or None
        Folder of the bundle to begin with; by default the pretrained one.
    folder : str or None
        A folder of recordings that visitors may listen to and predict.
    sessions : str or None
        Where the uploads of all visitors lie; by default the system's temporary folder.
    upload_bytes : int
        The largest file that may be uploaded.
    """

    model: str | None = None
    folder: str | None = None
    sessions: str | None = None
    upload_bytes: int = 200_000_000

    def to_environment(self) -> dict[str, str]:
        """For the environment of the server, whose kernels inherit it."""
        return {VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """What `to_environment` wrote; the defaults where nothing is written."""
        return cls(**json.loads(environment.get(VARIABLE, "{}")))
