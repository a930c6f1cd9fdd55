"""Wrong names are refused before anything runs."""

from pathlib import Path

import pytest

from genre_lib.errors import DataSetError, ParameterError
from genre_lib.executors import SerialExecutor
from genre_lib.runs.notebooks import parse_parameters, run_pipeline
from genre_lib.runs.parameter_values import check_values, with_places
from genre_lib.runs.sweeps import Sweep, run_sweep


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"network": "residul"}, "did you mean 'residual'"),
        ({"baseline": "deepsound2081"}, "deepsound2018"),
        ({"recipe": "data/recipes/gtzn.yaml"}, "gtzn.yaml"),
        ({"split": "by-artist"}, "given, grouped or random"),
        ({"measured": "tst"}, "train, valid, test"),
        ({"executor": "process"}, "processes"),
    ],
)
def test_wrong_names_leave_no_run_behind(given: dict, says: str, tmp_path) -> None:
    with pytest.raises(ParameterError, match=says):
        run_pipeline(tmp_path / "run", given)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "given",
    [
        {"network": "deepsound2018"},
        {"baseline": "data/recipes/deepsound2018.yaml"},
        {"recipe": "data/recipes/quick.yaml"},
        {"split": "grouped", "measured": "valid"},
        {"network": "", "recipe": ""},
    ],
)
def test_right_names_pass(given: dict) -> None:
    check_values(parse_parameters(given))


def folder_of_genres(folder: Path) -> None:
    for genre in ("rock", "jazz"):
        (folder / genre).mkdir(parents=True)
        (folder / genre / "song.wav").write_bytes(b"something")


def test_names_are_meant_as_seen_from_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_of_genres(tmp_path / "mine")
    (tmp_path / "own.yaml").write_text("training: {epochs: 1}\n")
    monkeypatch.chdir(tmp_path)
    given = {"dataset": "mine", "recipe": "own.yaml", "baseline": "residual", "network": "residual"}
    steps = parse_parameters(given)
    assert steps["01_prepare_data"]["dataset"] == str(tmp_path / "mine")
    assert steps["02_train"] == {"recipe": str(tmp_path / "own.yaml"), "network": "residual"}
    assert steps["03_evaluate"]["baseline"] == "residual"
    check_values(steps)
    assert with_places({"dataset": "gtzan:mine"})["dataset"] == f"gtzan:{tmp_path / 'mine'}"


def test_a_name_that_is_nowhere_blocks_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataSetError, match="There is no data set 'mine'"):
        run_pipeline(tmp_path / "run", {"dataset": "mine"})
    assert not (tmp_path / "run").exists()


def test_a_sweep_gives_its_runs_whole_paths_and_keeps_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder_of_genres(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    seen = []

    class Noting(SerialExecutor):
        def map(self, function, items, **options):
            seen.extend(items)
            return iter(())

    sweep = Sweep.from_dict({"fixed": {"dataset": "mine"}, "grid": {"seed": [0, 1]}})
    with pytest.raises(KeyError):
        run_sweep(sweep, tmp_path / "sweep", executor=Noting(), say=lambda line: None)
    assert {run.parameters["dataset"] for run in seen} == {str(tmp_path / "mine")}
    assert [run.name for run in seen] == [run.name for run in sweep.runs()]
