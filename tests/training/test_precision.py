"""Half precision while training, and nothing of it in what is kept."""

import dataclasses

import numpy as np
import pytest

from genre_lib.errors import ParameterError
from genre_lib.networks import build
from genre_lib.training.config import TrainingConfig
from genre_lib.training.fit import fit
from genre_lib.training.precision import chosen_precision, computing_in
from tests.training.test_fit import CONFIG, quiet, tiny_network, toy_clips, toy_distillation


def trained(precision: str, epochs: int = 4):
    import keras

    rng = np.random.default_rng(0)
    labels = np.arange(16) % 2
    log_mels = [rng.normal(-40, 3, (140, 128)).astype(np.float32) for _ in labels]
    for label, log_mel in zip(labels, log_mels, strict=True):
        log_mel[:, :64] += 20.0 * label
    keras.utils.set_random_seed(0)
    model = build("residual", n_genres=2, n_mels=128, front_filters=[4, 8, 8], width=16)
    config = TrainingConfig(epochs=epochs, batch_size=8, learning_rate=5e-3, average=0.5, precision=precision)
    return fit(model, log_mels, labels, config=config, report=lambda line: None)


@pytest.mark.slow
def test_without_a_gpu_auto_is_plain_training() -> None:
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        pytest.skip("there is a GPU here: auto rightly differs")
    assert chosen_precision("auto") == "float32"
    plain, auto = trained("float32", 1), trained("auto", 1)
    assert [row["loss"] for row in plain.history] == [row["loss"] for row in auto.history]


@pytest.mark.slow
def test_bfloat16_learns_the_same_and_leaves_a_float32_network(tmp_path) -> None:
    import keras

    plain, half = trained("float32"), trained("bfloat16")
    assert plain.history[0]["loss"] != half.history[0]["loss"]
    assert half.history[-1]["loss"] < half.history[0]["loss"]
    assert half.history[-1]["loss"] == pytest.approx(plain.history[-1]["loss"], abs=0.05)
    half.model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert {layer.compute_dtype for layer in loaded.layers} == {"float32"}
    assert {str(weight.dtype) for weight in loaded.weights if "float" in str(weight.dtype)} == {"float32"}


@pytest.mark.slow
def test_an_distillation_is_learnt_in_bfloat16_too() -> None:
    log_mels, labels = toy_clips()
    config = dataclasses.replace(CONFIG, epochs=4, teacher_windows=2, precision="bfloat16")
    history = fit(
        tiny_network(), log_mels, labels, config=config, distillation=toy_distillation(), report=quiet
    ).history
    assert history[-1]["features"] < history[0]["features"]


def test_only_matrices_compute_in_bfloat16() -> None:
    model = build("residual", n_genres=2, n_mels=128)
    with computing_in(model, "bfloat16"):
        half = {layer.name for layer in model.layers if layer.compute_dtype == "bfloat16"}
    assert half
    assert all(hasattr(model.get_layer(name), "kernel") for name in half)
    assert "step_logits" not in half
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(ParameterError, match="Unknown precision 'bfloat61': did you mean 'bfloat16'"):
        TrainingConfig(precision="bfloat61")
    with pytest.raises(ParameterError, match="float32, bfloat16, auto"):
        chosen_precision("half")
