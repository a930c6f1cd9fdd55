"""`genre filters`, from the command line to the gallery."""

import json

import pytest

from genre_lib import cli
from genre_lib.datasets import open_data_set
from genre_lib.datasets.gtzan import EXCLUDED, gtzan_facts
from genre_lib.filters.of_bundle import filters_of_bundle
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


def test_tracks_that_an_evaluation_leaves_out_are_heard_and_it_says_so(pretrained, tmp_path):
    facts = gtzan_facts()
    faulty = next(name for name, fact in facts.items() if fact.split == EXCLUDED)
    sound = next(name for name, fact in facts.items() if fact.split == "train")
    for seed, name in enumerate((faulty, sound)):
        (tmp_path / "music").mkdir(exist_ok=True)
        write_song(tmp_path / "music" / f"{name}.wav", seed=seed)
    found = filters_of_bundle(None, tmp_path / "music", tmp_path / "out", layers=["front1_conv"], neurons=range(4))
    assert {e.track for neuron in found.neurons for e in neuron.excerpts} == {faulty, sound}
    assert any("1 of the 2 tracks of music are known to be faulty" in note for note in found.notes)
    assert [track.name for track in open_data_set(tmp_path / "music").tracks] == [sound]
