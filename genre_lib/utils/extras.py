"""Optional parts of the installation: which extra brings a package, and the sentence for one that is missing."""

from __future__ import annotations

import importlib.util
import sys

from genre_lib.errors import MissingDependencyError

_EXTRAS = {
    "train": ("keras", "librosa", "onnx", "pyarrow", "tensorflow", "tensorflowjs", "tf2onnx"),
    "onnx": ("onnxruntime",),
    "notebooks": (
        "IPython",
        "anywidget",
        "ipykernel",
        "ipywidgets",
        "jupyterlab",
        "kaleido",
        "nbclient",
        "nbformat",
        "pandas",
        "papermill",
        "plotly",
        "psutil",
        "traitlets",
        "voila",
    ),
    "live": ("rich", "sounddevice"),
    "cluster": ("dask", "distributed"),
    "tags": ("mutagen",),
    "beets": ("beets", "mediafile"),
}


def missing_extra(error: ModuleNotFoundError) -> MissingDependencyError | None:
    """A sentence with the command that installs what is missing; None where no extra brings it."""
    package = (error.name or "").split(".")[0]
    extra = extra_of(package)
    return None if extra is None else MissingDependencyError(needs(package, extra))


def extra_of(package: str) -> str | None:
    """The extra that brings a package."""
    return next((extra for extra, packages in _EXTRAS.items() if package in packages), None)


# What the TensorFlow.js converter cannot be installed beside yet.
_CONVERTER_NEEDS = ("keras", "librosa", "tensorflow", "tensorflowjs")
_CONVERTER_BELOW = (3, 13)


def needs(package: str, extra: str, what: str = "This") -> str:
    """The sentence itself.

    Examples
    --------
    >>> needs("pyarrow", "cluster", "Parquet")
    'Parquet needs the package pyarrow: pip install "genre-lib[cluster]" brings it.'
    """
    if package in _CONVERTER_NEEDS and sys.version_info[:2] >= _CONVERTER_BELOW:
        return (
            f"{what} needs the package {package}, and with it Python 3.11 or 3.12: the TensorFlow.js converter has no "
            f"wheel for {sys.version_info[0]}.{sys.version_info[1]} yet."
        )
    return f'{what} needs the package {package}: pip install "genre-lib[{extra}]" brings it.'


def require(*packages: str, what: str = "This") -> None:
    """Insist that packages are installed, without importing them.

    Raises
    ------
    MissingDependencyError
        With the command that installs the first missing one.
    """
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise MissingDependencyError(needs(package, extra_of(package) or "train", what))
