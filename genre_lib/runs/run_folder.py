"""A run folder: everything that one pass through the notebooks used and made.

::

    runs/NAME/
      run.json              parameters, library versions, state of each notebook
      notebooks/            the executed notebooks
      data/ training/ evaluation/ figures/ filters/ bundle/
      metrics.json          every notebook's numbers, by notebook
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from genre_lib.bundle.resources import work_folder
from genre_lib.errors import RunError
from genre_lib.utils.json_files import read_json, write_json

_LIBRARIES = ("keras", "tensorflow", "tensorflowjs", "ai-edge-litert", "librosa", "numpy", "scipy", "soxr")


@dataclass(frozen=True)
class Run:
    """A run folder.

    Attributes
    ----------
    folder : Path
    """

    folder: Path

    @classmethod
    def open(cls, folder: str | Path) -> Run:
        """Open or begin the run in `folder`, relative to the checkout."""
        folder = Path(folder).expanduser()
        folder = folder if folder.is_absolute() else work_folder() / folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"The run folder {folder} cannot be made ({error.strerror}): choose another.") from error
        return cls(folder)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def data(self) -> Path:
        """Where the prepared data set is described."""
        return self.folder / "data"

    @property
    def training(self) -> Path:
        """Where checkpoints, history and the trained model lie."""
        return self.folder / "training"

    @property
    def evaluation(self) -> Path:
        """Where the evaluation's results lie."""
        return self.folder / "evaluation"

    @property
    def figures(self) -> Path:
        """Where figures lie."""
        return self.folder / "figures"

    @property
    def bundle(self) -> Path:
        """Where the exported bundle lies."""
        return self.folder / "bundle"

    @property
    def metrics(self) -> dict[str, Any]:
        """Every notebook's numbers, by notebook."""
        return read_json(self.folder / "metrics.json", missing={})

    def record_metrics(self, notebook: str, values: dict[str, Any]) -> dict[str, Any]:
        """Set one notebook's numbers in metrics.json and return them."""
        write_json(self.folder / "metrics.json", {**self.metrics, notebook: values})
        return values


def library_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that results depend on."""
    from genre_lib import __version__

    # An installation from a checkout goes on saying the version that it was made with.
    versions = {"python": platform.python_version(), "genre-lib": __version__}
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
