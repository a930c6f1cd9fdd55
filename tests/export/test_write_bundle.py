"""Exports of a small network: every runtime agrees, and what would not open safely is refused."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genre_lib.audio.front_end import FrontEnd
from genre_lib.bundle.card import BySpan, Card
from genre_lib.bundle.files import Bundle, open_bundle, seal
from genre_lib.errors import BundleError
from genre_lib.inference.model import load_model
from genre_lib.networks.receptive_field import timing_of

pytestmark = pytest.mark.slow

GENRES = ("polka", "waltz", "tango")
FRONT_END = FrontEnd(sample_rate=16000, n_fft=1024, hop_length=800, n_mels=40, f_max=8000.0)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle with its own genres and front end, from an untrained network."""
    from genre_lib.export.write_bundle import write_bundle
    from genre_lib.networks import build
    from genre_lib.networks.tensorflow_setup import keras

    keras.utils.set_random_seed(3)
    model = build("residual", n_genres=len(GENRES), n_mels=FRONT_END.n_mels)
    card = Card(
        name="dances",
        version="0.1.0",
        description="Untrained.",
        genres=GENRES,
        front_end=FRONT_END,
        timing=timing_of(model),
        smoothing_s=2.0,
        temperatures=BySpan(1.0, 1.0, 1.0),
        unsure_below=BySpan(0.1, 0.1, 0.1),
        silence_dbfs=-80.0,
        limits=("It is untrained.",),
        licence="MIT",
    )
    return write_bundle(tmp_path_factory.mktemp("bundles") / "with a space" / "dances", model, card)


def test_every_runtime_reproduces_the_golden_values(bundle: Bundle) -> None:
    from genre_lib.export.write_bundle import check_bundle

    checks = {check.runtime: check for check in check_bundle(bundle)}
    assert all(check.ok for check in checks.values()), checks
    assert checks["Keras"].error is not None
    assert checks["LiteRT"].error is not None
    assert checks["TF.js"].error is not None, "TF.js in Node was not asked: run make test, which installs it"


def test_the_pretrained_bundle_reproduces_its_golden_values() -> None:
    from genre_lib.export.write_bundle import check_bundle

    checks = check_bundle(open_bundle())
    assert all(check.ok and check.error is not None for check in checks), checks


def test_other_genres_and_another_front_end_are_obeyed(bundle: Bundle, song) -> None:
    model = load_model(bundle.folder)
    curve = model.curve(song)
    assert curve.genres == GENRES
    assert curve.times[-1] == pytest.approx(8, abs=3)
    assert np.all(np.isfinite(curve.step_logits))


def test_outputs_of_a_trained_clip_are_the_mean_of_the_steps(bundle: Bundle) -> None:
    golden = json.loads((bundle.folder / "golden.json").read_text())
    assert golden["step_logits"]["shape"][1] == golden["clip_logits"]["shape"][0] == len(GENRES)


def test_a_bundle_that_disagrees_with_its_golden_values_is_told(bundle: Bundle, tmp_path: Path) -> None:
    from genre_lib.bundle.golden import Golden
    from genre_lib.export.write_bundle import check_bundle

    copy = Path(shutil.copytree(bundle.folder, tmp_path / "copy"))
    golden = Golden.load(copy / "golden.json")
    wrong = replace(golden, step_logits=golden.step_logits + np.float32([1, 0, 0]), log_mel=golden.log_mel)
    (copy / "golden.json").write_text(wrong.to_json())
    checks = check_bundle(seal(copy, bundle.card))
    assert not any(check.ok for check in checks if check.runtime != "front end")


def test_a_failed_export_leaves_nothing(bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from genre_lib import export

    monkeypatch.setattr(export, "LOG_MEL_TOLERANCE_DB", -1.0)
    model = export.load_keras(bundle.folder / "model.keras")
    with pytest.raises(BundleError, match="was not written"):
        export.write_bundle(tmp_path / "new", model, bundle.card)
    assert list(tmp_path.iterdir()) == []


def test_a_model_with_code_of_its_own_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    from genre_lib.networks.keras_files import load_keras
    from genre_lib.networks.tensorflow_setup import keras

    inputs = keras.Input((None, 40), name="log_mel")
    outputs = keras.layers.Lambda(lambda x: x * 2, output_shape=(None, 40))(inputs)
    keras.Model(inputs, outputs).save(tmp_path / "unsafe.keras")
    with pytest.raises(BundleError, match="cannot be opened safely"):
        load_keras(tmp_path / "unsafe.keras")


def test_a_network_that_remembers_all_of_the_past_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    from genre_lib.export.write_bundle import write_bundle
    from genre_lib.networks import build

    network = build("deepsound2016", n_genres=3, n_mels=40, filters=8, lstm_units=8)
    with pytest.raises(BundleError, match="remembers all of the past"):
        write_bundle(tmp_path / "bundle", network, bundle.card)
    assert not (tmp_path / "bundle").exists()


def test_a_damaged_keras_file_is_refused(tmp_path: Path) -> None:
    from genre_lib.networks.keras_files import load_keras

    (tmp_path / "model.keras").write_bytes(b"PK not really")
    with pytest.raises(BundleError, match="cannot be opened safely"):
        load_keras(tmp_path / "model.keras")
