"""The executed notebooks of the site: their figures are pictures with words, and tell nothing of a machine."""

import re
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_figure_is_a_picture_with_words(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    source = nbformat.read(FOLDER.parents[1] / "notebooks" / path.name, as_version=4)
    assert [cell.source for cell in source.cells if cell.cell_type == "markdown"] == [
        cell.source for cell in notebook.cells if cell.cell_type == "markdown"
    ]
    for cell in notebook.cells:
        outputs = [output.get("data", {}) for output in cell.get("outputs", [])]
        assert not [data for data in outputs if "application/vnd.plotly.v1+json" in data]
        if any("image/png" in data for data in outputs):
            assert len(cell.metadata["mystnb"]["image"]["alt"]) > 20


def test_every_one_with_figures_shows_some() -> None:
    pictures = {path.stem: path.read_text().count('"image/png"') for path in PATHS}
    assert pictures
    assert [
        name for name, count in pictures.items() if not count and name not in {"01_prepare_data", "05_export"}
    ] == []


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_it_tells_nothing_of_the_machine(path: Path) -> None:
    words = re.sub(r'"image/png": "[^"]*"', "", path.read_text())
    assert re.findall(r"(?<![\w.:/<~-])/(?:[\w.-]+/)+[\w.-]+", words) == []
