"""Executed notebooks for the site, out of runs' folders: pictures and text, nothing of the machine that ran them.

``python -m docs.generators.notebooks RUN [RUN ...]``: of a pipeline's run, of a comparison, of a map.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import nbformat

from genre_lib.bundle.resources import work_folder

_KEPT = ("image/png", "text/html", "text/plain")
# Titles of figures that show spectrograms: those of research data may not be passed on.
_OF_RECORDINGS = ("What the network hears", "Why ")
_LEFT_OUT = "(The figure shows spectrograms of recordings that may not be passed on: run the notebook to see it.)"
FOLDER = Path(__file__).resolve().parents[1] / "notebooks"


def store_run(run: Path) -> list[Path]:
    """Copy the notebooks that a run has finished into the documentation, and how long its epochs took."""
    record = json.loads((run / "run.json").read_text())
    done = [step for step, entry in record["steps"].items() if entry["state"] == "done"]
    written = []
    for path in (run / "notebooks" / f"{step}.ipynb" for step in done):
        notebook = nbformat.read(path, as_version=4)
        notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"], "language_info": {"name": "python"}}
        for cell in notebook.cells:
            _clean(cell)
        text = _without_places(nbformat.writes(notebook), run)
        (FOLDER / path.name).write_text(text)
        written.append(FOLDER / path.name)
    if (run / "training" / "history.json").exists():
        (FOLDER / "times.md").write_text(_times(run))
    return written


def _clean(cell: nbformat.NotebookNode) -> None:
    tags = cell.metadata.get("tags", [])
    cell.metadata = {}
    if "injected-parameters" in tags:
        cell.metadata["tags"] = ["injected-parameters"]
    if cell.cell_type != "code":
        return
    for output in cell.outputs:
        if output.output_type == "stream":
            # What TensorFlow says of its own temporary folders.
            output.text = "".join(line for line in output.text.splitlines(True) if not line.startswith("INFO:"))
        if "data" not in output:
            continue
        alt = output.get("metadata", {}).get("image/png", {}).get("alt")
        if alt and alt.startswith(_OF_RECORDINGS):
            output.data, output.metadata = {"text/plain": _LEFT_OUT}, {}
            continue
        if alt:
            cell.metadata["mystnb"] = {"image": {"alt": alt}}
        # A picture says it all where Plotly cannot run; the interactive figure is the run's own.
        output.data = {kind: value for kind, value in output.data.items() if kind in _KEPT}
        if "image/png" in output.data:
            del output.data["text/plain"]
        output.metadata = {}


def _without_places(text: str, run: Path) -> str:
    """Paths relative to the checkout, and to where the research data lies."""
    root = str(work_folder())
    text = text.replace(str(run.resolve()), f"runs/{run.name}").replace(root + "/", "").replace(root, ".")
    return re.sub(re.escape(str(work_folder().parent)) + r"/(shared)?", lambda m: "../" + (m[1] or ""), text)


def _times(run: Path) -> str:
    """How long an epoch took, in words: a run that was killed and went on knows no other time that means something."""
    seconds = [epoch["seconds"] for epoch in json.loads((run / "training" / "history.json").read_text())]
    tracks = json.loads((run / "metrics.json").read_text())["01_prepare_data"]
    n_clips = tracks["tracks_by_split"]["train"]
    return (
        f"The run in [the notebooks](../notebooks/index.md) took {min(seconds):.0f} to {max(seconds):.0f} s an epoch "
        f"({len(seconds)} epochs, {n_clips} clips), on two cores that did other work as well.\n"
    )


if __name__ == "__main__":
    for folder in sys.argv[1:]:
        for written in store_run(Path(folder)):
            print(written.relative_to(FOLDER.parents[1]))
