"""A run folder: everything that one pass through the notebooks used and made.

```
runs/NAME/
  run.json              parameters, library versions, state of each notebook
  notebooks/            the executed notebooks
  data/ training/ evaluation/ figures/ filters/ bundle/
  metrics.json          every notebook's numbers, by notebook
```
"""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from genre_lib.bundle import write_text
from genre_lib.errors import RunError

_LIBRARIES = ("genre-lib", "keras", "tensorflow", "tensorflowjs", "ai-edge-litert", "librosa", "numpy", "scipy", "soxr")


def project_folder() -> Path:
    """The checkout that this library belongs to: where notebooks/, data/ and runs/ lie."""
    return Path(__file__).resolve().parents[1]


def resolve(path: str | Path) -> Path:
    """A path as given, or, if there is nothing there, below the checkout: notebooks run from any folder."""
    path = Path(path).expanduser()
    if path.is_absolute() or path.exists():
        return path
    return project_folder() / path


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
        folder = folder if folder.is_absolute() else project_folder() / folder
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
    versions = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


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


def is_alive(process_id: int) -> bool:
    """Whether a process of this machine runs."""
    return process_began(process_id) is not None


def process_began(process_id: int) -> float | None:
    """When a process of this machine began [s since 1970]; None where there is none of that number."""
    import psutil

    try:
        return float(psutil.Process(process_id).create_time())
    except psutil.NoSuchProcess:
        return None
