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


def images_of(executed: nbformat.NotebookNode, template: str) -> list[str]:
    page, _ = HTMLExporter(template_name=template).from_notebook_node(executed)
    return [image["alt"] for image in BeautifulSoup(page, "html.parser").find_all("img")]


def test_nbconvert_shows_every_figure(executed: nbformat.NotebookNode) -> None:
    assert len(images_of(executed, "lab")) == len(CELLS)


def test_and_says_what_it_shows_where_the_template_asks_for_it(executed: nbformat.NotebookNode) -> None:
    # The template "lab" of nbconvert 7 does not.
    described = images_of(executed, "classic")
    assert len(described) == len(CELLS)
    assert described[0].startswith("Belief. Horizontal: seconds. Vertical: belief.")
    assert described[1].startswith("Learning.")
