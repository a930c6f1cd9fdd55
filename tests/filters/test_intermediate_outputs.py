"""A bundle says where its neurons are; one that does not is opened by Keras."""

import json
import shutil
import subprocess
import sys

import pytest

from genre_lib.bundle.files import LITERT, NEURONS, open_bundle, seal
from genre_lib.bundle.resources import pretrained_folder
from genre_lib.errors import BundleError
from genre_lib.filters.intermediate_outputs import IntermediateOutputs, neurons_json
from genre_lib.filters.layers import find_layer_outputs
from genre_lib.filters.of_bundle import filters_of_bundle
from tests.conftest import write_song


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    folder = tmp_path_factory.mktemp("opened") / "music"
    for i, genre in enumerate(("calm", "loud")):
        (folder / genre).mkdir(parents=True)
        write_song(folder / genre / f"{i}.wav", seed=i)
    return folder


@pytest.fixture
def copy(tmp_path):
    folder = tmp_path / "bundle"
    shutil.copytree(pretrained_folder(), folder)
    return folder


def test_the_pretrained_bundle_says_where_its_neurons_are():
    from genre_lib.networks.keras_files import load_keras

    bundle = open_bundle()
    network = load_keras(bundle.folder / "model.keras")
    assert (bundle.folder / NEURONS).read_text() == neurons_json(network, bundle.folder / LITERT)
    opened = IntermediateOutputs.of_bundle(bundle)
    assert opened.layers == tuple(layer_output.layer for layer_output in find_layer_outputs(network))
    assert opened.name == network.name


@pytest.mark.slow
def test_without_it_the_same_is_found_by_keras(music, copy, tmp_path):
    (copy / NEURONS).unlink()
    seal(copy, open_bundle().card)
    choice = {"layers": ["front1_conv", "residual1_mix"], "neurons": range(3)}
    filters_of_bundle(None, music, tmp_path / "told", **choice)
    filters_of_bundle(copy, music, tmp_path / "asked", **choice)
    told, asked = (json.loads((tmp_path / name / "filters.json").read_text())["neurons"] for name in ("told", "asked"))
    for one, other in zip(told, asked, strict=True):
        assert one["activation"] == pytest.approx(other["activation"], abs=1e-4)
        assert [(e["track"], e["start"]) for e in one["excerpts"]] == [
            (e["track"], e["start"]) for e in other["excerpts"]
        ]


def test_no_tensorflow_is_imported(music, tmp_path):
    code = (
        "import sys; from genre_lib.filters.of_bundle import filters_of_bundle as find; "
        "find(None, sys.argv[1], sys.argv[2], layers=['front1_conv'], neurons=[0]); "
        "sys.exit('tensorflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(music), str(tmp_path / "filters")], check=True)
    assert (tmp_path / "filters" / "front1_conv" / "0000.wav").exists()


@pytest.mark.parametrize("content", ["{", "{}", '{"network": "x", "layers": [{"layer": {"name": "y"}, "tensor": 1}]}'])
def test_a_file_that_describes_nothing_is_refused(copy, content):
    (copy / NEURONS).write_text(content)
    seal(copy, open_bundle().card)
    with pytest.raises(BundleError, match=r"neurons\.json.*make the bundle again"):
        IntermediateOutputs.of_bundle(open_bundle(copy))


@pytest.mark.parametrize(("key", "value"), [("tensor", -5), ("tensor", 99_999), ("n_neurons", 5000)])
def test_a_file_that_describes_another_network_is_refused(copy, key, value):
    values = json.loads((copy / NEURONS).read_text())
    entry = values["layers"][3]
    (entry if key in entry else entry["layer"])[key] = value
    (copy / NEURONS).write_text(json.dumps(values))
    seal(copy, open_bundle().card)
    opened = IntermediateOutputs.of_bundle(open_bundle(copy))
    with pytest.raises(BundleError, match=r"neurons\.json describes another network than model\.tflite"):
        opened.extractor_of(opened.layers)


def test_a_network_without_convolutions_has_nothing_to_say(tmp_path):
    from genre_lib.networks.tensorflow_setup import keras

    log_mel = keras.Input((None, 8), name="log_mel")
    model = keras.Model(log_mel, keras.layers.Dense(2)(log_mel))
    assert neurons_json(model, pretrained_folder() / LITERT) is None
