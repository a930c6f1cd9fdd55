"""Where data lies: facts come with the repository, what is fetched or made goes beside them."""

from __future__ import annotations

from pathlib import Path

import platformdirs

_REPOSITORY = Path(__file__).resolve().parents[2]


def facts_folder() -> Path:
    """The committed facts about data sets (``data/`` of the repository)."""
    return _REPOSITORY / "data"


def data_folder() -> Path:
    """Where data sets are kept: ``data/`` of a checkout, else the user's data folder."""
    if (_REPOSITORY / "pyproject.toml").is_file():
        return facts_folder()
    return platformdirs.user_data_path("genre-lib")


def raw_folder() -> Path:
    """Fetched data, as it came."""
    return data_folder() / "raw"


def derived_folder() -> Path:
    """Everything that can be made again: demo songs, cached features, filters."""
    return data_folder() / "derived"


def feature_cache_folder() -> Path:
    """Where features are cached unless a run says otherwise."""
    return derived_folder() / "features"
