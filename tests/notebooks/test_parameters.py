"""Parameters are checked before anything runs."""

import pytest

from genre_lib import cli
from genre_lib.errors import ParameterError
from genre_lib.runs import notebooks


def test_a_misspelt_name_suggests_the_right_one(capsys: pytest.CaptureFixture[str], tmp_path) -> None:
    status = cli.main(["run", "--name", str(tmp_path / "run"), "-p", "epohcs", "3"])
    assert status == 2
    assert "did you mean 'epochs'?" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_values_get_the_types_the_notebook_declares() -> None:
    steps = notebooks.parse_parameters({"epochs": "3", "learning_rate": "0.001", "refit": "true", "dataset": "demo"})
    assert steps["02_train"] == {"epochs": 3, "learning_rate": 0.001, "refit": True}
    assert steps["01_prepare_data"] == {"dataset": "demo"}


def test_a_parameter_of_several_notebooks_reaches_all_of_them() -> None:
    steps = notebooks.parse_parameters({"smoothing_s": 2.0})
    assert [step for step, values in steps.items() if values == {"smoothing_s": 2.0}] == ["03_evaluate", "05_export"]


def test_the_seed_of_a_split_is_apart_from_that_of_a_training() -> None:
    steps = notebooks.parse_parameters({"seed": 0, "split_seed": 5})
    assert {step: values for step, values in steps.items() if values} == {
        "01_prepare_data": {"split_seed": 5},
        "02_train": {"seed": 0},
    }


@pytest.mark.parametrize(("name", "value"), [("epochs", "many"), ("epochs", "1.5"), ("refit", "3"), ("epochs", True)])
def test_a_value_of_another_type_is_refused(name: str, value: object) -> None:
    with pytest.raises(ParameterError, match=f"{name} takes a value of type"):
        notebooks.parse_parameters({name: value})


def test_a_path_is_made_absolute_but_a_name_is_not(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "demo").mkdir()
    monkeypatch.chdir(tmp_path)
    assert notebooks.parse_parameters({"dataset": "demo"})["01_prepare_data"]["dataset"] == "demo"
    assert notebooks.parse_parameters({"dataset": "./demo"})["01_prepare_data"]["dataset"] == str(tmp_path / "demo")


def test_the_runner_sets_the_run_folder_itself() -> None:
    with pytest.raises(ParameterError, match="run_folder"):
        notebooks.parse_parameters({"run_folder": "somewhere"})


def test_parameters_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "--parameters"]) == 0
    out = capsys.readouterr().out
    assert "02_train" in out
    assert "learning_rate" in out
