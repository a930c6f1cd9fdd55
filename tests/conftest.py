"""Fixtures shared by all tests."""

from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(2018)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The research data that may not be redistributed; it lies beside the repository where it is available."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "data" / "gtzan-mel").is_dir():
        pytest.skip("needs the real features and clips in ../shared, which is absent here")
    return folder
