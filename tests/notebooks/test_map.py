"""Notebook 07, executed: a folder of songs becomes a map."""

import json
from pathlib import Path

import nbformat
import pytest

from genre_lib.runs.notebooks import execute
from tests.conftest import write_drone, write_song

pytestmark = pytest.mark.slow


def test_a_folder_becomes_a_map(tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    for seed in range(2):
        write_song(music / f"beat-{seed}.wav", seed=seed)
        write_drone(music / f"drone-{seed}.wav", seed=seed)
    (music / "broken.mp3").write_text("words " * 100)
    run = tmp_path / "run"
    parameters = {"music": str(music), "song": str(music / "drone-0.wav"), "n_nearest": 1, "run_folder": str(run)}
    execute("07_map", run / "notebooks" / "07.ipynb", parameters)
    found = json.loads((run / "metrics.json").read_text())["07_map"]
    assert (found["songs"], found["skipped"]) == (4, 1)
    assert 0 < found["share_kept"] <= 1
    executed = nbformat.read(run / "notebooks" / "07.ipynb", as_version=4)
    said = "".join(output.get("text", "") for cell in executed.cells for output in cell.get("outputs", []))
    assert "broken.mp3" in said
    assert "drone-1.wav" in said.split("Most like drone-0.wav:")[1]
    page = (run / "figures" / "map.html").read_text()
    assert "drone-1.wav" in page
