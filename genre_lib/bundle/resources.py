"""Where things lie: the one place that knows it, in a checkout and in an installed package.

In a checkout notebooks/, dashboards/, web/ and data/ stand beside `genre_lib`, and whatever is made goes beside them.
The wheel carries the same folders inside the package, at the same relative paths; then runs are made in the folder one
stands in, and data in the user's data folder.
"""

from __future__ import annotations

from pathlib import Path

import platformdirs

from genre_lib.errors import BundleError

PRETRAINED = "gtzan"

_PACKAGE = Path(__file__).resolve().parents[1]
_CHECKOUT = _PACKAGE.parent


def in_checkout() -> bool:
    """Whether this package is imported from a checkout of the repository."""
    return (_CHECKOUT / "pyproject.toml").is_file() and (_CHECKOUT / "notebooks").is_dir()


def resource(*parts: str) -> Path:
    """A file or folder that comes with the project, by its path in the repository.

    Examples
    --------
    >>> resource("data", "gtzan", "tracks.csv").is_file()
    True
    """
    return (_CHECKOUT if in_checkout() else _PACKAGE / "resources").joinpath(*parts)


def import_folder() -> Path:
    """The folder that has to be on the import path of a process that uses this package."""
    return _CHECKOUT


def work_folder() -> Path:
    """What runs/ and reports/ are made in: the checkout, or the folder one stands in."""
    return _CHECKOUT if in_checkout() else Path.cwd()


def resolve(path: str | Path) -> Path:
    """A path as given or, if there is nothing there, below the work folder or among what comes with the project.

    Notebooks run from any folder, and recipes are named as in the repository.
    """
    path = Path(path).expanduser()
    if path.is_absolute() or path.exists():
        return path
    found = [place for place in (work_folder() / path, resource() / path) if place.exists()]
    return found[0] if found else work_folder() / path


def pretrained_folder() -> Path:
    """Folder of the pretrained bundle; BundleError if this installation has none."""
    folder = resource("data", "models", PRETRAINED)
    if not (folder / "card.json").exists():
        raise BundleError(
            f"The pretrained model is not at {folder}: install genre-lib again, or name a bundle (--model)."
        )
    return folder


def facts_folder() -> Path:
    """The committed facts about data sets (``data/`` of the repository)."""
    return resource("data")


def data_folder() -> Path:
    """Where data sets are kept: ``data/`` of a checkout, else the user's data folder."""
    return resource("data") if in_checkout() else platformdirs.user_data_path("genre-lib")


def raw_folder() -> Path:
    """Fetched data, as it came."""
    return data_folder() / "raw"


def derived_folder() -> Path:
    """Everything that can be made again: demo songs, cached features, filters."""
    return data_folder() / "derived"


def feature_cache_folder() -> Path:
    """Where features are cached unless a run says otherwise."""
    return derived_folder() / "features"
