"""Wrong names are refused before anything runs."""

import pytest

from genre_lib.errors import ParameterError
from genre_lib.runs.notebooks import parse_parameters, run_pipeline
from genre_lib.runs.parameter_values import check_values


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
