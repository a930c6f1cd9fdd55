"""Notebook 04 on ready spectrograms alone: all but the sound, and why there is none."""

import json
from pathlib import Path

import nbformat
import numpy as np
import pytest

from genre_lib.bundle.resources import work_folder
from genre_lib.filters import Filters
from genre_lib.runs import notebooks, pipeline
from genre_lib.runs.run_folder import Run
from genre_lib.training.recipe import Recipe

N_TRACKS, N_FRAMES, N_MELS = 16, 140, 128


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Prepared and trained, for a moment, on spectrograms of two genres: low and high."""
    folder = tmp_path_factory.mktemp("features")
    rng = np.random.default_rng(0)
    mel = rng.integers(100, 160, (N_TRACKS, N_MELS, N_FRAMES), dtype=np.uint8)
    for i in range(N_TRACKS):
        mel[i, slice(0, 40) if i % 2 else slice(80, 120)] += 90
    np.savez(
        folder / "mel.npz",
        mel=mel,
        range_db=np.full(N_TRACKS, 80, np.float32),
        name=[f"{'low' if i % 2 else 'high'}.{i}" for i in range(N_TRACKS)],
        genre=["low" if i % 2 else "high" for i in range(N_TRACKS)],
        split=["valid" if i % 8 > 5 else "train" for i in range(N_TRACKS)],
    )
    made = Run.open(str(folder / "run"))
    pipeline.prepare_data(made, str(folder / "mel.npz"))
    recipe = Recipe.load(str(work_folder() / "data" / "recipes" / "quick.yaml"))
    pipeline.train(made, recipe.overridden(epochs=1))
    return made


@pytest.mark.slow
def test_pictures_histograms_and_genres_without_sound(run: Run, tmp_path: Path) -> None:
    parameters = {"run_folder": str(run.folder), "neurons_at_most": 3, "at_s": 4.0}
    notebooks.execute("04_filters", tmp_path / "executed.ipynb", parameters)
    folder = run.folder / "filters"
    found = Filters.load(folder)
    firing = [neuron for neuron in found.neurons if neuron.excerpts]
    assert len(firing) > len(found.neurons) / 2
    for neuron in firing:
        assert (folder / neuron.picture).read_bytes()[:4] == b"\x89PNG"
        assert sum(neuron.genres.values()) > 0
        assert set(neuron.genres) <= {"low", "high"}
        assert neuron.specialisation is not None
        assert neuron.sound is None
    assert not list(folder.rglob("*.wav"))
    assert any("There is no sound" in note for note in found.notes)
    said = "".join(
        json.dumps(output)
        for cell in nbformat.read(tmp_path / "executed.ipynb", as_version=4).cells
        for output in cell.get("outputs", [])
    )
    assert "There is no sound: this data set holds spectrograms alone. To hear the excerpts" in said
    assert "Name a recording (song) to hear it" in said
    for name in ("specialisation", "explanation"):
        assert (run.figures / f"{name}.html").exists()
    assert run.metrics["04_filters"]["explained"]["genre"] in ("low", "high")
