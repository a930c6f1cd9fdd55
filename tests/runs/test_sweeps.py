"""Sweeps: what a specification means, and what is left of one that was killed."""

import json
import resource
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from genre_lib import cli
from genre_lib.bundle.files import open_bundle
from genre_lib.errors import ParameterError
from genre_lib.runs.notebooks import parse_parameters
from genre_lib.runs.sweeps import Sweep
from tests.killing import kill_all

REPOSITORY = Path(__file__).resolve().parents[2]


def test_a_grid_is_every_combination() -> None:
    sweep = Sweep.from_dict(
        {"fixed": {"epochs": 3}, "grid": {"network": ["residual", "deepsound2018"], "seed": [0, 1, 2]}}
    )
    runs = sweep.runs()
    assert [dict(run.varied) for run in runs] == [
        {"network": network, "seed": seed} for network in ("residual", "deepsound2018") for seed in (0, 1, 2)
    ]
    assert all(run.parameters["epochs"] == 3 for run in runs)
    assert len({run.name for run in runs}) == 6


def test_each_drawn_setting_meets_the_whole_grid_and_is_drawn_again_the_same() -> None:
    space = {"learning_rate": {"low": 1e-4, "high": 1e-2, "scale": "log"}, "batch_size": [4, 8]}
    values = {"random": {"samples": 20, "seed": 3, "space": space}, "grid": {"fold": [0, 1]}}
    runs = Sweep.from_dict(values).runs()
    assert len(runs) == 40
    rates = [run.parameters["learning_rate"] for run in runs[::2]]
    assert all(1e-4 <= rate <= 1e-2 for rate in rates)
    # On a logarithmic scale half of the draws lie below the geometric mean.
    assert 3 <= sum(rate < 1e-3 for rate in rates) <= 17
    assert {run.parameters["batch_size"] for run in runs} == {4, 8}
    assert [run.name for run in Sweep.from_dict(values).runs()] == [run.name for run in runs]


def test_a_run_keeps_its_name_when_the_sweep_grows() -> None:
    small = Sweep.from_dict({"grid": {"seed": [0, 1]}}).runs()
    large = Sweep.from_dict({"grid": {"seed": [0, 1, 2]}}).runs()
    assert {run.name for run in small} < {run.name for run in large}
    assert not {run.name for run in small} & {
        run.name for run in Sweep.from_dict({"fixed": {"epochs": 9}, "grid": {"seed": [0, 1]}}).runs()
    }


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"gird": {}}, "did you mean 'grid'"),
        ({"grid": {"epohcs": [1]}}, "did you mean 'epochs'"),
        ({"grid": {"epochs": [1, "many"]}}, "epochs takes a value of type int"),
        ({"grid": {"epochs": 3}}, "give a list of values"),
        ({"fixed": {"seed": 1}, "grid": {"seed": [0]}}, "seed stands twice"),
        ({"steps": ["02_trian"]}, "did you mean '02_train'"),
        ({"random": {"space": {"epochs": [1]}}}, "draws nothing"),
        ({"random": {"samples": 2, "space": {"epochs": {"low": 1}}}}, "give a list, or low, high"),
        ({"random": {"samples": 2, "space": {"epochs": {"low": 5, "high": 2}}}}, "has no range"),
        ({"random": {"samples": 2, "sapce": {}}}, "did you mean 'space'"),
        ({"random": {"samples": 2}}, "draws nothing"),
        ({"random": {"samples": -2, "space": {"epochs": [1]}}}, "samples .* is -2: give a whole number"),
        ({"random": {"samples": "many", "space": {"epochs": [1]}}}, "samples .* is 'many'"),
        ({"random": {"samples": 2, "space": {"epochs": {"low": "few", "high": 2}}}}, "has no range"),
        ({"random": {"samples": 2, "space": {"epochs": [1, 1, 1, 1, 1, "many"]}}}, "epochs takes a value of type int"),
        ({"random": {"samples": 2, "space": {"epochs": {"low": 1.5, "high": 3}}}}, "epochs takes a value of type int"),
        ({"random": {"samples": 2, "space": ["epochs"]}}, "space in the sweep's random part is"),
        ({"random": 5}, "random in the sweep is 5"),
        ({"grid": ["epochs"]}, "grid in the sweep is"),
        ({"fixed": [1]}, "fixed in the sweep is"),
        ({"steps": "02_train"}, "give a list of notebooks"),
    ],
)
def test_a_wrong_specification_is_one_sentence_before_anything_runs(values: dict, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        Sweep.from_dict(values)


@pytest.mark.parametrize("path", sorted((REPOSITORY / "data" / "sweeps").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_examples_can_be_listed(path: Path, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    assert cli.main(["sweep", str(path), "--list"]) == 0
    names = capsys.readouterr().out.splitlines()
    assert len(names) == {"networks": 15, "random": 24}[path.stem]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"grid: [", "is not valid YAML"),
        (b"", "is empty"),
        (b"- grid", "give names with values"),
        (b"\xff\xfe", "no text in UTF-8"),
        (None, "cannot be read (No such file or directory)"),
    ],
)
def test_a_specification_that_cannot_be_read_is_one_sentence(
    content: bytes | None, says: str, tmp_path: Path, capsys
) -> None:
    if content is not None:
        (tmp_path / "bad.yaml").write_bytes(content)
    assert cli.main(["sweep", str(tmp_path / "bad.yaml")]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


def test_a_learning_rate_may_be_written_as_people_do(tmp_path: Path) -> None:
    text = (
        "random: {samples: 9, space: {learning_rate: {low: 1e-4, high: 1e-2, scale: log}}}\nfixed: {smoothing_s: 2e0}"
    )
    (tmp_path / "spec.yaml").write_text(text)
    runs = Sweep.load(tmp_path / "spec.yaml").runs()
    assert all(1e-4 <= run.parameters["learning_rate"] <= 1e-2 for run in runs)
    assert runs[0].parameters["smoothing_s"] == 2.0
    given = {"learning_rate": "1e-4"}
    assert parse_parameters(given, ("02_train",)) == {"02_train": {"learning_rate": 0.0001}}


def test_whole_numbers_are_drawn_alike_ends_too() -> None:
    space = {"batch_size": {"low": 1, "high": 3}}
    sweep = Sweep.from_dict({"random": {"samples": 300, "space": space}})
    drawn = Counter(values["batch_size"] for values in sweep._drawn())
    assert set(drawn) == {1, 2, 3}
    assert min(drawn.values()) > 75


@pytest.fixture(scope="module")
def small_music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two genres that anything can tell apart, every song by another band."""
    folder = tmp_path_factory.mktemp("music")
    rows = ["path,genre,group"]
    for genre, pitch in (("low", 110.0), ("high", 1760.0)):
        for number in range(6):
            rng = np.random.default_rng(number)
            t = np.arange(22050 * 4) / 22050
            path = folder / f"{genre}{number}.wav"
            soundfile.write(path, 0.3 * np.sin(2 * np.pi * pitch * t) + 0.02 * rng.standard_normal(len(t)), 22050)
            rows.append(f"{path.name},{genre},{genre} band {number}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder / "manifest.csv"


def command(spec: Path, folder: Path) -> list[str]:
    options = ["--name", str(folder), "--executor", "processes", "--workers", "2"]
    return [sys.executable, "-u", "-m", "genre_lib.cli", "sweep", str(spec), *options]


@pytest.mark.slow
def test_a_full_disk_ends_a_run_with_one_sentence(small_music: Path, tmp_path: Path) -> None:
    """The log is on the same disk: the sentence must not be lost with it."""
    spec = tmp_path / "spec.yaml"
    spec.write_text(json.dumps({"steps": ["01_prepare_data"], "fixed": {"dataset": str(small_music)}}))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2500, 2500))

    process = subprocess.run(
        command(spec, tmp_path / "sweep"), capture_output=True, text=True, preexec_fn=limit, check=False
    )
    assert process.returncode == 1
    (sentence,) = process.stderr.splitlines()
    assert sentence.startswith("genre: run-")
    assert sentence.endswith(
        "01_prepare_data.ipynb cannot be written (File too large): free some space and run again, or choose another."
    )


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_killed_sweep_goes_on_and_the_notebook_compares_its_runs(small_music: Path, tmp_path: Path) -> None:
    """Kill after two of six tiny runs, go on, hand the result to notebook 06, export the best."""
    from genre_lib.runs.notebooks import execute

    spec, folder = tmp_path / "spec.yaml", tmp_path / "sweep"
    values = {
        "steps": ["01_prepare_data", "02_train"],
        "fixed": {"dataset": str(small_music), "epochs": 2, "n_folds": 3},
        "grid": {"learning_rate": [0.001, 0.003], "fold": [0, 1, 2]},
    }
    spec.write_text(json.dumps(values))
    process = subprocess.Popen(command(spec, folder), stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("2 of 6"):
            break
    kill_all(process)
    done = {path.parent: path.stat().st_mtime_ns for path in folder.glob("*/metrics.json") if is_done(path.parent)}
    assert 2 <= len(done) < 6

    answer = subprocess.run(command(spec, folder), capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert f"6 runs in {folder}, {len(done)} done before" in answer.stdout
    runs = [path.parent for path in folder.glob("*/run.json")]
    assert len(runs) == 6
    assert all(is_done(run) for run in runs)
    assert all((run / "metrics.json").stat().st_mtime_ns == before for run, before in done.items())

    comparison = tmp_path / "comparison"
    execute(
        "06_compare_runs",
        comparison / "notebooks" / "06_compare_runs.ipynb",
        {"runs": str(folder), "run_folder": str(comparison)},
    )
    summary = json.loads((comparison / "metrics.json").read_text())["06_compare_runs"]
    assert {setting["runs"] for setting in summary["settings"].values()} == {3}
    assert len(summary["differences"]) == 1
    assert (folder / summary["best_run"]).is_dir()
    assert (comparison / "figures" / "parallel.html").exists()

    export = [
        sys.executable,
        "-m",
        "genre_lib.cli",
        "model",
        "export",
        str(folder),
        "--out",
        str(tmp_path / "bundle"),
    ]
    answer = subprocess.run(export, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert open_bundle(tmp_path / "bundle").card.genres == ("high", "low")


def is_done(run: Path) -> bool:
    return json.loads((run / "run.json").read_text())["state"] == "done"
