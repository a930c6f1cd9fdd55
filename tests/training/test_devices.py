"""Training on two devices is training on one: TensorFlow splits the processor into two, and both learn for real."""

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from genre_lib.errors import ParameterError
from genre_lib.training.config import TrainingConfig
from genre_lib.utils.options import from_mapping

REPOSITORY = Path(__file__).resolve().parents[2]


def test_devices_are_a_number_or_auto() -> None:
    assert TrainingConfig().devices == 1
    assert from_mapping(TrainingConfig, {"devices": "auto"}, where="training").devices == "auto"
    assert from_mapping(TrainingConfig, {"devices": 4}, where="training").devices == 4
    with pytest.raises(ParameterError, match=r"training\.devices must be int"):
        from_mapping(TrainingConfig, {"devices": 1.5}, where="training")
    for wrong in (0, -1, "all", True):
        with pytest.raises(ParameterError, match="a number from 1 up, or 'auto'"):
            TrainingConfig(devices=wrong)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("two-devices")


@pytest.fixture(scope="module")
def facts(folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.training.two_devices", str(folder)]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    return json.loads(answer.stdout.splitlines()[-1])


@pytest.mark.slow
def test_two_devices_learn_what_one_does(facts: dict[str, Any]) -> None:
    """Up to rounding: the gradient of a batch is the same, and so is what three epochs make of it."""
    assert facts["gradient_apart"] < 1e-3
    assert facts["learnt"] > 0.05
    assert facts["apart"] < 0.01 * facts["learnt"]
    assert facts["losses_apart"] < 1e-3


@pytest.mark.slow
def test_a_checkpoint_of_two_devices_goes_on_with_one(facts: dict[str, Any], folder: Path) -> None:
    assert len(json.loads((folder / "run" / "history.json").read_text())) == 3
    assert facts["apart_after_change"] < 0.01 * facts["learnt"]


@pytest.mark.slow
def test_what_comes_out_is_an_ordinary_network(facts: dict[str, Any], folder: Path) -> None:
    import keras

    assert facts["plain_variables"]
    loaded = keras.models.load_model(folder / "two.keras")
    norms = [layer for layer in loaded.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert norms
    assert not any(norm.synchronized for norm in norms)


@pytest.mark.slow
def test_devices_drop_different_units(facts: dict[str, Any]) -> None:
    assert facts["dropout_states"]
    assert all(len(states) == 2 and states[0] != states[1] for states in facts["dropout_states"])


@pytest.mark.slow
def test_where_fewer_devices_are_there_one_sentence_says_so(facts: dict[str, Any]) -> None:
    assert len(facts["of_three"]) == 2
    assert facts["said_of_three"] == [
        "3 devices were asked for, but TensorFlow has 2 (no GPU was found): training uses 2."
    ]
    assert facts["auto"] == []
    assert facts["said_of_auto"] == []


@pytest.mark.slow
def test_a_batch_too_small_to_share_is_refused(facts: dict[str, Any]) -> None:
    assert facts["refusal"] == (
        "A batch of 1 cannot be shared by 2 devices: raise batch_size of the training, or lower devices."
    )


@pytest.mark.slow
def test_half_precision_and_two_devices_go_together(facts: dict[str, Any]) -> None:
    assert all(map(math.isfinite, facts["bfloat16_losses"]))
