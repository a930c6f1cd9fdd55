"""Small networks with known ears, and small data sets."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from genre_lib.audio.front_end import FrontEnd
from genre_lib.datasets import load_features, open_data_set
from genre_lib.filters.activation_extractor import ActivationExtractor
from genre_lib.filters.extractor_file import converted
from genre_lib.filters.layers import find_layer_outputs

FRONT_END = FrontEnd(n_mels=48)
GENRES = ("calm", "loud", "odd")


@pytest.fixture(scope="session")
def residual():
    """The default network's shape in small, with weights that let everything through."""
    from genre_lib.networks import build

    model = build("residual", n_genres=3, n_mels=48, width=12, front_filters=(4, 4, 4), band_padding=(5, 6))
    rng = np.random.default_rng(1)
    model.set_weights([rng.uniform(0.05, 0.3, weight.shape) * rng.choice([-1, 1], weight.shape)
                       if weight.ndim > 1 else rng.uniform(0.5, 1.0, weight.shape)
                       for weight in model.get_weights()])  # fmt: skip
    return model


@pytest.fixture(scope="session")
def residual_ear(residual, tmp_path_factory) -> ActivationExtractor:
    layer_outputs = find_layer_outputs(residual)
    path = tmp_path_factory.mktemp("extractor") / "activations.tflite"
    path.write_bytes(converted(residual, layer_outputs))
    return ActivationExtractor(path, [layer_output.layer for layer_output in layer_outputs])


@pytest.fixture(scope="session")
def onset():
    """Three neurons of three frames each: a frame louder than its neighbours, one softer, and one that is dead."""
    from genre_lib.networks.tensorflow_setup import keras

    log_mel = keras.Input((None, 48), name="log_mel")
    conv = keras.layers.Conv1D(3, 3, activation="relu", name="onset")(log_mel)
    deeper = keras.layers.Conv1D(2, 2, name="pair")(conv)
    rectified = keras.layers.ReLU(name="pair_relu")(deeper)
    logits = keras.layers.Dense(3, name="step_logits")(rectified)
    model = keras.Model(log_mel, {"step_logits": logits}, name="onset")
    kernel = np.zeros((3, 48, 3), np.float32)
    kernel[:, :, 0] = np.array([-0.5, 1, -0.5])[:, None] / 48
    kernel[:, :, 1] = -kernel[:, :, 0]
    model.get_layer("onset").set_weights([kernel, np.zeros(3, np.float32)])
    model.get_layer("pair").set_weights([np.ones((2, 3, 2), np.float32), np.zeros(2, np.float32)])
    return model


def write_click(path: Path, at: int, *, seconds: float = 3.0, rate: int = 22050, seed: int = 0) -> Path:
    """Faint noise with one click at a known sample."""
    samples = 1e-3 * np.random.default_rng(seed).standard_normal(int(seconds * rate))
    samples[at] += 0.9
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path


@pytest.fixture(scope="session")
def clicks(tmp_path_factory):
    """Six recordings of three genres, each with a click at its own sample: (features, {track: sample})."""
    folder = tmp_path_factory.mktemp("clicks")
    places = {}
    for i in range(6):
        name, at = f"{GENRES[i // 2]}/song{i}.wav", 12000 + 7321 * i
        write_click(folder / name, at, seed=i)
        places[name] = at
    features = load_features(open_data_set(folder), FRONT_END, cache_folder=folder / "cache")
    return features, places
