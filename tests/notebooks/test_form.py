"""What every notebook must look like: thin, explained, parameterized, stored without outputs."""

import ast
from pathlib import Path

import nbformat
import pytest

from genre_lib.runs import notebooks

PATHS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    return nbformat.read(request.param, as_version=4)


def code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_every_step_of_the_pipeline_has_a_notebook() -> None:
    assert set(notebooks.PIPELINE) <= {path.stem for path in PATHS}


def test_no_stored_output(notebook: nbformat.NotebookNode) -> None:
    assert all(not cell.outputs and cell.execution_count is None for cell in code(notebook))


def test_no_logic(notebook: nbformat.NotebookNode) -> None:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.While, ast.Lambda)
    for cell in code(notebook):
        assert not [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, kinds)], cell.source


def test_it_begins_with_a_title_and_what_it_answers(notebook: nbformat.NotebookNode) -> None:
    first = notebook.cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert "?" in first.source


def test_every_parameter_has_a_type_and_a_comment(notebook: nbformat.NotebookNode) -> None:
    tagged = [cell for cell in code(notebook) if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    for line in tagged[0].source.splitlines():
        assert isinstance(ast.parse(line).body[0], ast.AnnAssign), line
        assert len(line.split("#", 1)) == 2, line


def test_it_is_short(notebook: nbformat.NotebookNode) -> None:
    assert 6 <= len(code(notebook)) <= 14
    assert all(len(cell.source.splitlines()) <= 16 for cell in code(notebook))


def test_the_last_cell_records_its_results(notebook: nbformat.NotebookNode) -> None:
    assert "record_metrics" in code(notebook)[-1].source
