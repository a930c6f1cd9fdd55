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
    # Norms and biases as a training leaves them: fresh ones change nothing, and any mistake in them neither.
    rng = np.random.default_rng(5)
    for weight in model.weights:
        if len(weight.shape) == 1:
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
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
    from genre_lib.export.runtime_checks import check_bundle

    everything = check_bundle(bundle)
    assert all(check.ok for check in everything), everything
    checks = {check.runtime: check for check in everything}
    assert {check.runtime for check in everything if check.unit == "feature"} == {"Keras", "LiteRT", "TF.js", "ONNX"}
    assert checks["Keras"].error is not None
    assert checks["LiteRT"].error is not None
    assert checks["TF.js"].error is not None, "TF.js in Node was not asked: run make test, which installs it"
    assert checks["ONNX"].error is not None


def test_all_runtimes_have_the_weights_that_the_page_stores(bundle: Bundle) -> None:
    from genre_lib.export.runtime_checks import check_bundle
    from genre_lib.export.stored_weights import take_stored_weights
    from genre_lib.networks.keras_files import load_keras

    # In 16 bits of their own they would differ by some 1e-5.
    assert max(check.error or 0.0 for check in check_bundle(bundle) if check.unit == "probability") < 2e-6
    model = load_keras(bundle.folder / "model.keras")
    before = model.get_weights()
    n_statistics = 2 * sum(type(layer).__name__ == "BatchNormalization" for layer in model.layers)
    assert take_stored_weights(model, bundle.folder / "tfjs") == len(before) - n_statistics
    for now, then in zip(model.get_weights(), before, strict=True):
        assert now == pytest.approx(then, abs=1e-6)


def test_coarse_weights_stay_the_pages_own(bundle: Bundle, tmp_path: Path) -> None:
    from genre_lib.export.write_bundle import write_bundle
    from genre_lib.networks.keras_files import load_keras

    model = load_keras(bundle.folder / "model.keras")
    coarse = write_bundle(tmp_path / "coarse", model, replace(bundle.card, files={}), tfjs_weights="uint8")
    kept = load_keras(coarse.folder / "model.keras")
    for now, then in zip(kept.get_weights(), model.get_weights(), strict=True):
        assert np.array_equal(now, then)


def test_the_pretrained_bundle_reproduces_its_golden_values() -> None:
    from genre_lib.export.runtime_checks import check_bundle

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
    from genre_lib.export.runtime_checks import check_bundle

    copy = Path(shutil.copytree(bundle.folder, tmp_path / "copy"))
    golden = Golden.load(copy / "golden.json")
    wrong = replace(golden, step_logits=golden.step_logits + np.float32([1, 0, 0]), log_mel=golden.log_mel)
    (copy / "golden.json").write_text(wrong.to_json())
    checks = check_bundle(seal(copy, bundle.card))
    assert not any(check.ok for check in checks if check.unit == "probability")


def test_features_that_differ_from_the_golden_ones_are_told(bundle: Bundle, tmp_path: Path) -> None:
    from genre_lib.bundle.golden import Golden
    from genre_lib.export.runtime_checks import check_bundle

    copy = Path(shutil.copytree(bundle.folder, tmp_path / "copy"))
    golden = Golden.load(copy / "golden.json")
    assert golden.step_features is not None
    (copy / "golden.json").write_text(replace(golden, step_features=golden.step_features + np.float32(0.01)).to_json())
    checks = check_bundle(seal(copy, bundle.card))
    assert [check.ok for check in checks] == [check.unit != "feature" for check in checks]


@pytest.fixture
def earlier(bundle: Bundle, tmp_path: Path) -> Bundle:
    """The same bundle as an earlier version wrote it: no ONNX, two outputs, nothing about features."""
    from genre_lib.bundle.golden import Golden
    from genre_lib.export.conversion import write_litert, write_tfjs
    from genre_lib.networks.keras_files import load_keras
    from genre_lib.networks.tensorflow_setup import keras

    copy = Path(shutil.copytree(bundle.folder, tmp_path / "earlier"))
    model = load_keras(copy / "model.keras")
    outputs = {name: model.output[name] for name in ("step_logits", "clip_logits")}
    model = keras.Model(model.input, outputs, name=model.name)
    model.save(copy / "model.keras")
    model.export(tmp_path / "saved_model", verbose=False)
    write_litert(str(tmp_path / "saved_model"), copy / "model.tflite")
    write_tfjs(str(tmp_path / "saved_model"), copy / "tfjs" / "model.json", "uint16")
    (copy / "golden.json").write_text(replace(Golden.load(copy / "golden.json"), step_features=None).to_json())
    (copy / "model.onnx").unlink()
    (copy / "neurons.json").unlink()
    (copy / "recipe.yaml").write_text("network: residual\n")
    return seal(copy, bundle.card)


def test_a_bundle_of_an_earlier_version_still_answers_and_gains_what_it_lacks(
    bundle: Bundle, earlier: Bundle, song: Path
) -> None:
    from genre_lib.export.runtime_checks import check_bundle
    from genre_lib.export.write_bundle import rebuild_bundle

    expected, features = load_model(bundle.folder).curve_and_embedding(song)
    old = load_model(earlier.folder)
    np.testing.assert_allclose(old.curve(song).step_logits, expected.step_logits, atol=1e-4)
    with pytest.raises(BundleError, match="genre model rebuild"):
        old.embed(song)
    checks = check_bundle(earlier)
    assert all(check.ok for check in checks), checks
    assert {check.unit for check in checks} == {"dB", "probability"}
    assert [check.error for check in checks if check.runtime == "ONNX"] == [None]

    rebuilt = rebuild_bundle(earlier.folder)
    assert set(rebuilt.card.files) == {*bundle.card.files, "recipe.yaml"}
    assert replace(rebuilt.card, files={}) == replace(earlier.card, files={})
    np.testing.assert_allclose(load_model(rebuilt.folder).embed(song).song, features.song, atol=1e-4)


def test_a_network_that_does_not_fit_the_card_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    from genre_lib.export.write_bundle import rebuild_bundle
    from genre_lib.networks import build

    build("residual", n_genres=4, n_mels=FRONT_END.n_mels).save(tmp_path / "four.keras")
    before = (bundle.folder / "card.json").read_bytes()
    with pytest.raises(BundleError, match="4 genres"):
        rebuild_bundle(bundle.folder, network=tmp_path / "four.keras")
    assert (bundle.folder / "card.json").read_bytes() == before


def test_the_network_of_2018_becomes_onnx_too(tmp_path: Path, rng: np.random.Generator) -> None:
    import onnxruntime

    from genre_lib.export.onnx import write_onnx
    from genre_lib.networks import build
    from genre_lib.networks.keras_files import keras_outputs, with_step_features

    model = with_step_features(build("deepsound2018", n_genres=3, n_mels=40, filters=8))
    write_onnx(tmp_path / "model.onnx", model, FRONT_END, FRONT_END.filter_bank(), GENRES)
    samples = rng.normal(0, 0.1, 5 * 16000).astype(np.float32)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    names = ["log_mel", "step_logits", "clip_logits", "step_features"]
    log_mel, *values = session.run(names, {"samples": samples[None]})
    expected = keras_outputs(model, log_mel[0])
    for name, value in zip(names[1:], values, strict=True):
        np.testing.assert_allclose(value[0], expected[name], atol=1e-4)


def test_a_failed_export_leaves_nothing(bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from genre_lib.export import runtime_checks
    from genre_lib.export.write_bundle import write_bundle
    from genre_lib.networks.keras_files import load_keras

    monkeypatch.setattr(runtime_checks, "LOG_MEL_TOLERANCE_DB", -1.0)
    model = load_keras(bundle.folder / "model.keras")
    with pytest.raises(BundleError, match="was not written"):
        write_bundle(tmp_path / "new", model, bundle.card)
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
