"""`genre filters`, from the command line to the gallery."""

import json

import pytest

from genre_lib import cli
from tests.conftest import write_song


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    folder = tmp_path_factory.mktemp("music")
    for i, genre in enumerate(("one", "one", "two")):
        (folder / genre).mkdir(exist_ok=True)
        write_song(folder / genre / f"{i}.wav", seed=i)
    return folder


@pytest.mark.slow
def test_the_pretrained_model_and_a_folder(pretrained, music, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ["filters", "--data", str(music), "--out", str(out), "--count0", "2", "--neurons", "0", "1"]
    assert cli.main(arguments) == 0
    assert capsys.readouterr().out.strip() == str(out / "index.html")
    record = json.loads((out / "filters.json").read_text())
    assert record["model"] == f"{pretrained.card.name} {pretrained.card.version}"
    assert {neuron["neuron"] for neuron in record["neurons"]} == {0, 1}
    assert all((out / neuron["sound"]).exists() for neuron in record["neurons"] if neuron["excerpts"])


@pytest.mark.slow
def test_a_broken_file_is_told_and_the_rest_is_done(pretrained, music, tmp_path, capsys):
    (music / "two" / "broken.flac").write_bytes(b"nothing")
    out = tmp_path / "out"
    arguments = ["filters", "--data", str(music), "--out", str(out), "--neurons", "0", "--no-sound"]
    try:
        assert cli.main(arguments) == 1
    finally:
        (music / "two" / "broken.flac").unlink()
    assert "broken.flac is left out" in capsys.readouterr().err
    assert (out / "index.html").exists()


@pytest.mark.slow
def test_a_layer_that_does_not_exist(pretrained, music, tmp_path, capsys):
    assert cli.main(["filters", "--data", str(music), "--out", str(tmp_path / "x"), "--layers", "front1"]) == 2
    assert "Unknown convolutional layer 'front1'" in capsys.readouterr().err
