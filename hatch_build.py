"""What a wheel carries beside the library: notebooks, dashboard, page, facts, recipes and the pretrained model.

They keep their places at the top of the repository; in the wheel they lie at the same paths below
`genre_lib/resources`, where `genre_lib.bundle.resources` finds them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

RESOURCES = (
    "dashboards",
    "data/gtzan",
    "data/models",
    "data/recipes",
    "data/sweeps",
    "notebooks",
    "web/dist",
    "web/nginx/headers.conf",
)
_LEFT_OUT = {"__pycache__", ".ipynb_checkpoints"}


class Resources(BuildHookInterface):
    """Adds the files of `RESOURCES` one by one, so that nothing that was left lying there slips in."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before a wheel is built; an editable installation finds everything in the checkout."""
        if version == "editable":
            return
        root = Path(self.root)
        if not (root / "web" / "dist" / "index.html").is_file():
            # A library without the page is of use; a release is checked for it (make release).
            print("The page is not built (make web): this wheel will have no `genre web`.", file=sys.stderr)
        for name in RESOURCES:
            place = root / name
            files = [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())
            for path in files:
                relative = path.relative_to(root)
                if not _LEFT_OUT & set(relative.parts):
                    build_data["force_include"][str(path)] = f"genre_lib/resources/{relative.as_posix()}"
