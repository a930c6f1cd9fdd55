"""A bundle that was taught is a bundle: every runtime agrees, and everything that takes one takes it."""

from pathlib import Path

import numpy as np
import pytest

import genre_lib
from genre_lib.cli.main import main
from genre_lib.datasets import DataSet, Track
from genre_lib.errors import DataSetError
from genre_lib.export.runtime_checks import check_bundle
from genre_lib.export.taught_bundle import NONE, hear_songs, learn
from genre_lib.training.teaching.background import Background
from genre_lib.training.teaching.head import Head
from tests.conftest import write_drone, write_song


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("dances")
    for genre, make in (("beat", write_song), ("drone", write_drone)):
        (root / genre).mkdir()
        for number in range(3):
            make(root / genre / f"{number}.wav", seed=number)
    return root


def test_songs_that_were_left_out_are_named_and_noise_is_none(folder: Path, pretrained) -> None:
    songs = hear_songs(folder, pretrained)
    taught = learn(songs, Background.of_bundle(pretrained.bundle), pretrained.card)
    assert taught.evaluation is not None
    assert taught.evaluation.genres == ("beat", "drone", NONE)
    assert taught.evaluation.accuracy.n == 6
    assert taught.evaluation.accuracy.value >= 5 / 6
    assert 0 < taught.evaluation.accuracy.low < taught.evaluation.accuracy.value
    noise = np.random.default_rng(9).normal(0, 0.1, 10 * 22050)
    features = pretrained.embed(noise, 22050).song
    assert taught.head(features).argmax() == 2


def test_one_song_a_genre_says_that_nothing_was_measured(folder: Path, pretrained) -> None:
    tracks = tuple(Track(genre, folder / genre / "0.wav", genre) for genre in ("beat", "drone"))
    songs = hear_songs(DataSet("two", tracks, ("beat", "drone")), pretrained)
    taught = learn(songs, Background.of_bundle(pretrained.bundle), pretrained.card)
    assert taught.evaluation is None
    assert "guess" in taught.temperature.sentence


def test_what_cannot_be_taught_is_said(folder: Path, tmp_path: Path, pretrained) -> None:
    with pytest.raises(DataSetError, match="broken"):
        hear_songs(_broken(tmp_path), pretrained)
    with pytest.raises(DataSetError, match="no song of a new genre"):
        genre_lib.teach(_named_rock(folder), tmp_path / "out", add=True)


def test_songs_that_were_not_heard_whole_are_named(folder: Path, tmp_path: Path, pretrained) -> None:
    whole = (folder / "beat" / "0.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "words.mp3").write_text("these are words")
    paths = {"whole": folder / "beat" / "1.wav", "cut": tmp_path / "cut.wav", "words": tmp_path / "words.mp3"}
    tracks = tuple(Track(name, path, "beat") for name, path in paths.items())
    songs = hear_songs(DataSet("beats", tracks, ("beat",)), pretrained)
    assert [track.name for track in songs.data_set.tracks] == ["whole", "cut"]
    assert [sentence.split(" ")[:2] for sentence in songs.skipped] == [["cut", "ends"], ["words", "is"]]


def test_a_song_of_a_known_genre_is_left_to_it(folder: Path, pretrained) -> None:
    known, background = pretrained.card.genres, Background.of_bundle(pretrained.bundle)
    beats = tuple(Track(f"beat {i}", folder / "beat" / f"{i}.wav", "beat") for i in range(3))
    # Said to be rock, whatever it is: the next one of its kind is not to be taken for a beat.
    rock = Track("rock", folder / "beat" / "2.wav", "Rock")
    old = Head(np.zeros((pretrained.n_features, len(known))), np.zeros(len(known)))
    margins = []
    for tracks in (beats[:2], (*beats[:2], rock)):
        genres = tuple(dict.fromkeys(str(track.genre) for track in tracks))
        songs = hear_songs(DataSet("beats", tracks, genres), pretrained, known=known)
        assert songs.genres == ("beat",)
        assert songs.labels.tolist() == [0, 0, *[2 + known.index("rock")] * (len(tracks) - 2)]
        taught = learn(songs, background, pretrained.card, known=known, old=old)
        if taught.evaluation is not None:
            assert taught.evaluation.genres == (*known, "beat", NONE)
        heard = pretrained.embed(beats[2].path).step_features
        margins.append(float(taught.head(heard).mean(axis=0)[0]))
    assert margins[1] < margins[0]


def _broken(root: Path) -> Path:
    for genre in ("good", "broken"):
        (root / "broken set" / genre).mkdir(parents=True)
    write_song(root / "broken set" / "good" / "a.wav")
    (root / "broken set" / "broken" / "b.wav").write_bytes(b"no music")
    return root / "broken set"


def _named_rock(folder: Path) -> DataSet:
    return DataSet("rock", (Track("a", folder / "beat" / "0.wav", "Rock"),), ("Rock",))


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--add",)], ids=["instead", "added"])
def test_a_taught_bundle_is_an_ordinary_one(options: tuple[str, ...], folder: Path, tmp_path: Path, pretrained) -> None:
    out = tmp_path / "bundle"
    assert main(["teach", str(folder), "--out", str(out), *options]) == 0
    model = genre_lib.load_model(out)
    old = pretrained.card.genres if options else ()
    assert model.card.genres == (*old, "beat", "drone", NONE)
    # Logits that are so many times too sure are believed live as the base's would be.
    belief, base, times = model.card.belief, pretrained.card.belief, model.card.training["temperature"]
    assert belief.newest.weight == base.newest.weight
    assert belief.newest.least_size == pytest.approx(base.newest.least_size * times)
    assert belief.evidence_weight.live == pytest.approx(base.evidence_weight.live / times)
    checks = check_bundle(model.bundle)
    assert all(check.ok for check in checks)
    assert {"Keras", "LiteRT", "ONNX"} <= {check.runtime for check in checks if check.error is not None}
    song = folder / "beat" / "1.wav"
    heard = model.curve(song)
    if options:
        # What was known is read as before, to the rounding of the conversion.
        np.testing.assert_allclose(heard.step_logits[:, : len(old)], pretrained.curve(song).step_logits, atol=5e-3)
    else:
        assert heard.answer().genre == "beat"
    assert main(["predict", str(song), "--model", str(out)]) == 0
    assert main(["model", "info", str(out)]) == 0
    assert Background.of_bundle(model.bundle).about
    filters = ["filters", "--data", str(folder), "--out", str(tmp_path / "filters"), "--model", str(out)]
    assert main([*filters, "--layers", "residual2_conv", "--neurons", "0", "1", "--no-sound"]) == 0
    assert (tmp_path / "filters" / "index.html").exists()
