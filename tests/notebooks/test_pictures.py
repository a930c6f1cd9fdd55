"""A notebook that was run shows its figures wherever it goes: as HTML by nbconvert, with words for who cannot see."""

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from genre_lib.figures.files import find_browser

pytestmark = pytest.mark.slow

CELLS = (
    "import numpy as np\n"
    "from genre_lib.figures.evaluation import genre_curve, learning_curves\n"
    "curve = genre_curve([0.0, 1.0, 2.0], np.full((3, 2), 0.5), ['jazz', 'rock'], title='Belief')\n"
    "curve",
    "learning_curves([{'loss': 2.0, 'valid_loss': 2.1}, {'loss': 1.0, 'valid_loss': 1.5}])",
    "{'curve': curve}['curve']",
)


@pytest.fixture(scope="module")
def executed() -> nbformat.NotebookNode:
    if find_browser() is None:
        pytest.skip("no Chromium-like browser is installed to draw images")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    return NotebookClient(notebook, timeout=600, kernel_name="python3").execute()


def test_every_figure_is_both_interactive_and_a_picture(executed: nbformat.NotebookNode) -> None:
    for cell in executed.cells:
        (output,) = cell.outputs
        assert {"application/vnd.plotly.v1+json", "image/png", "text/plain"} <= set(output.data)


def test_html_has_an_image_with_words_for_every_figure(executed: nbformat.NotebookNode) -> None:
    page, _ = HTMLExporter().from_notebook_node(executed)
    described = [image["alt"] for image in BeautifulSoup(page, "html.parser").find_all("img")]
    assert len(described) == len(CELLS)
    assert "Belief" in described[0]
    assert "Vertical: belief" in described[0]
    assert not [words for words in described if words.startswith("No description")]
