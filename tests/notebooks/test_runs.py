"""Real runs through papermill: resumed after a kill, and what a failing notebook leaves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import psutil
import pytest
import soundfile

from genre_lib.bundle.files import open_bundle
from genre_lib.errors import DataSetError, RunError
from genre_lib.figures.files import find_browser
from genre_lib.runs import notebooks
from tests.killing import kill_all

pytestmark = pytest.mark.slow

QUICK = {"epochs": "4", "leak_epochs": "0", "robustness": "false"}


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two genres that anything can tell apart, three bands each, as a CSV manifest; one file is broken."""
    folder = tmp_path_factory.mktemp("music")
    rows = ["path,genre,group"]
    for genre, pitch in (("low", 110.0), ("high", 1760.0)):
        for number in range(9):
            rng = np.random.default_rng(number)
            t = np.arange(22050 * 5) / 22050
            path = folder / f"{genre}{number}.wav"
            soundfile.write(path, 0.3 * np.sin(2 * np.pi * pitch * t) + 0.02 * rng.standard_normal(len(t)), 22050)
            rows.append(f"{path.name},{genre},{genre} band {number // 3}")
    (folder / "broken.mp3").write_text("not music")
    rows.append("broken.mp3,low,low band 0")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder / "manifest.csv"


def command(folder: Path, music: Path) -> list[str]:
    parameters = [part for name, value in {**QUICK, "dataset": str(music)}.items() for part in ("-p", name, value)]
    return [sys.executable, "-u", "-m", "genre_lib.cli", "run", "--name", str(folder), *parameters]


def run(folder: Path, music: Path) -> str:
    answer = subprocess.run(command(folder, music), capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def run_and_kill(folder: Path, music: Path, when: str) -> None:
    """Start a run and end it with SIGKILL once it prints `when`."""
    process = subprocess.Popen(command(folder, music), stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    for line in process.stdout:
        if when in line:
            kill_all(process)
            return
    pytest.fail(f"the run never said {when!r}")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, music: Path) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "undisturbed"
    run(folder, music)
    return folder


def test_a_run_folder_holds_everything(undisturbed: Path) -> None:
    record = json.loads((undisturbed / "run.json").read_text())
    assert record["state"] == "done"
    assert record["parameters"]["02_train"] == {"epochs": 4}
    assert "keras" in record["versions"]
    for step in notebooks.PIPELINE:
        executed = nbformat.read(undisturbed / "notebooks" / f"{step}.ipynb", as_version=4)
        assert all(cell.execution_count for cell in executed.cells if cell.cell_type == "code")
        outputs = [output.get("data", {}) for cell in executed.cells for output in cell.get("outputs", [])]
        figures = [data for data in outputs if "application/vnd.plotly.v1+json" in data]
        assert figures or step == "05_export", step
        assert all("image/png" in data for data in figures) or find_browser() is None, step
    metrics = json.loads((undisturbed / "metrics.json").read_text())
    assert set(metrics) == set(notebooks.PIPELINE)
    assert metrics["01_prepare_data"]["skipped"] == 1
    assert (undisturbed / "figures" / "confusion.html").exists()
    assert open_bundle(undisturbed / "bundle").card.genres == ("high", "low")


@pytest.mark.parametrize("when", ["spectrograms", "epoch 2/4"])
def test_a_killed_run_goes_on_and_ends_the_same(undisturbed: Path, music: Path, tmp_path: Path, when: str) -> None:
    folder = tmp_path / "killed"
    run_and_kill(folder, music, when)
    out = run(folder, music)
    assert "was killed while running; it goes on now" in out
    if when.startswith("epoch"):
        assert "going on after epoch" in out
        assert "01_prepare_data: done before" in out
    there, here = (json.loads((path / "metrics.json").read_text()) for path in (undisturbed, folder))
    there["05_export"].pop("differences")
    here["05_export"].pop("differences")
    assert here == there


def test_a_finished_run_does_nothing_more_and_refuses_other_parameters(undisturbed: Path, music: Path) -> None:
    assert "05_export: done before" in run(undisturbed, music)
    with pytest.raises(RunError, match="begun with other parameters"):
        notebooks.run_pipeline(undisturbed, {"epochs": 5}, say=lambda line: None)


@pytest.fixture
def unusable(tmp_path: Path) -> str:
    """A data set that can be opened, and of which nothing can be heard."""
    rows = ["path,genre"]
    for number in range(8):
        (tmp_path / f"{number}.wav").write_text("not music")
        rows.append(f"{number}.wav,{'low' if number % 2 else 'high'}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n")
    return str(tmp_path / "manifest.csv")


def test_a_failing_notebook_says_where_and_keeps_its_traceback(tmp_path: Path, unusable: str) -> None:
    with pytest.raises(RunError, match=r"01_prepare_data stopped with DataSetError: "):
        notebooks.run_pipeline(tmp_path / "run", {"dataset": unusable}, say=lambda line: None)
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["steps"]["01_prepare_data"]["state"] == "failed"
    assert "DataSetError" in (tmp_path / "run" / "notebooks" / "01_prepare_data.ipynb").read_text()


def test_a_killed_run_goes_on_though_its_process_number_is_another_ones_now(tmp_path: Path, unusable: str) -> None:
    folder = tmp_path / "run"
    with pytest.raises(RunError, match="01_prepare_data stopped"):
        notebooks.run_pipeline(folder, {"dataset": unusable}, say=lambda line: None)
    record = json.loads((folder / "run.json").read_text())
    began = psutil.Process(os.getppid()).create_time()
    for began_then, sentence in ((began, "is being run by process"), (began - 60, "01_prepare_data stopped")):
        record |= {"state": "running", "process": os.getppid(), "process_began": began_then}
        (folder / "run.json").write_text(json.dumps(record))
        with pytest.raises(RunError, match=sentence):
            notebooks.run_pipeline(folder, {"dataset": unusable}, say=lambda line: None)


@pytest.mark.parametrize("name", ["nothing-here", "no/such/folder"])
def test_a_data_set_that_is_not_there_is_refused_before_anything_runs(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataSetError, match=r"There is no data set|does not exist|no such"):
        notebooks.run_pipeline(tmp_path / "run", {"dataset": name}, say=lambda line: None)
    assert not (tmp_path / "run").exists()


def test_a_run_in_progress_is_not_joined(tmp_path: Path, music: Path) -> None:
    folder = tmp_path / "run"
    process = subprocess.Popen(command(folder, music), stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        assert "running" in process.stdout.readline()
        second = subprocess.run(command(folder, music), capture_output=True, text=True, check=False)
        assert second.returncode == 1
        assert f"is being run by process {process.pid}" in second.stderr
    finally:
        kill_all(process)
