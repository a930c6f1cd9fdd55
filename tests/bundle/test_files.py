"""Bundles: what is refused, and that writing leaves all or nothing."""

import json
import shutil
from pathlib import Path

import pytest

import genre_lib
from genre_lib.bundle.files import open_bundle, replaced_bundle, seal
from genre_lib.bundle.resources import pretrained_folder
from genre_lib.errors import BundleError
from genre_lib.runs.comparison.best import export_best
from genre_lib.utils.atomic import replaced_folder


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Path(shutil.copytree(pretrained_folder(), tmp_path / "model"))


def test_the_pretrained_bundle_is_small_and_whole() -> None:
    bundle = open_bundle()
    sizes = {name: entry.size for name, entry in bundle.card.files.items()}
    assert sum(sizes.values()) <= 8e6
    assert sum(size for name, size in sizes.items() if name.startswith("tfjs/")) <= 1.1e6


@pytest.mark.parametrize(
    "name", ["model.tflite", "model.keras", "mel.bin", "golden.json", "neurons.json", "tfjs/model.json"]
)
def test_one_flipped_byte_is_refused(bundle: Path, name: str) -> None:
    content = bytearray((bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / name).write_bytes(content)
    with pytest.raises(BundleError, match=f"damaged: {name} has changed"):
        open_bundle(bundle)


def test_a_missing_and_an_unlisted_file_are_refused(bundle: Path) -> None:
    (bundle / "extra.txt").write_text("who put this here?")
    with pytest.raises(BundleError, match=r"extra\.txt, which its card does not list"):
        open_bundle(bundle)
    (bundle / "extra.txt").unlink()
    (bundle / "mel.bin").unlink()
    with pytest.raises(BundleError, match=r"mel\.bin is missing"):
        open_bundle(bundle)


def test_a_newer_schema_is_refused(bundle: Path) -> None:
    card = json.loads((bundle / "card.json").read_text())
    (bundle / "card.json").write_text(json.dumps(card | {"schema_version": 99}))
    with pytest.raises(BundleError, match="schema version 99, newer than 2"):
        open_bundle(bundle)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema_version": "one"}'])
def test_a_broken_card_is_refused_with_a_sentence(bundle: Path, content: str) -> None:
    (bundle / "card.json").write_text(content)
    with pytest.raises(BundleError, match=r"card\.json"):
        open_bundle(bundle)


def test_a_folder_without_card_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is not a model bundle"):
        open_bundle(tmp_path)


def test_a_network_with_other_outputs_is_refused(bundle: Path) -> None:
    from genre_lib.inference.model import GenreModel

    card = open_bundle(bundle).card
    (bundle / "model.tflite").write_bytes(b"TFL3 but nothing else")
    with pytest.raises(BundleError, match="not a genre network"):
        GenreModel(seal(bundle, card))


def test_a_failed_write_leaves_the_previous_bundle(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "old").write_text("old")

    def fail() -> None:
        with replaced_folder(folder) as draft:
            (draft / "new").write_text("half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert (folder / "old").read_text() == "old"


def test_a_finished_write_replaces_everything(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "old").write_text("old")
    with replaced_folder(folder) as draft:
        (draft / "new").write_text("new")
    assert [path.name for path in folder.iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_bundle_takes_the_place_of_nothing_else(tmp_path: Path) -> None:
    songs = tmp_path / "Dances"
    (songs / "salsa").mkdir(parents=True)
    (songs / "salsa" / "only copy.mp3").write_bytes(b"ID3")
    (tmp_path / "song.mp3").write_bytes(b"ID3")
    mixed = Path(shutil.copytree(pretrained_folder(), tmp_path / "mixed"))
    (mixed / "notes.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    for place, named in ((songs, "only copy"), (tmp_path / "song.mp3", "is a file"), (mixed, "notes.txt")):
        with pytest.raises(BundleError, match=named), replaced_bundle(place):
            pass
    assert sorted(tmp_path.rglob("*")) == before
    # Nothing is learnt, copied or converted before that.
    with pytest.raises(BundleError, match="only copy"):
        genre_lib.teach(songs, songs)
    with pytest.raises(BundleError, match=r"notes\.txt"):
        export_best(tmp_path / "no runs", out=mixed)


@pytest.mark.parametrize("there", ["nothing", "an empty folder", "a bundle", "a link"])
def test_a_bundle_takes_the_place_of_a_bundle(tmp_path: Path, there: str) -> None:
    place = tmp_path / "bundle"
    if there == "an empty folder":
        place.mkdir()
    elif there != "nothing":
        target = tmp_path / "target" if there == "a link" else place
        shutil.copytree(pretrained_folder(), target)
        (target / ".DS_Store").write_bytes(b"")
        if there == "a link":
            place.symlink_to(target)
    with replaced_bundle(place) as draft:
        (draft / "new").write_text("new")
    assert [path.name for path in place.iterdir()] == ["new"]
    assert place.is_symlink() == (there == "a link")
