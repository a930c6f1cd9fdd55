"""Bundles in a zip, as the page and the dashboard save them: opened like their folder, or refused with a sentence."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import genre_lib
from genre_lib.bundle import zipped
from genre_lib.bundle.files import bundle_folder, open_bundle, open_to_change, read_card
from genre_lib.bundle.resources import pretrained_folder
from genre_lib.dashboard.bundle_zip import bundle_zip
from genre_lib.errors import BundleError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Nothing is left in the user's folder."""
    monkeypatch.setattr(zipped, "derived_folder", lambda: tmp_path / "derived")
    zipped._cache.cache_clear()
    yield tmp_path / "derived" / "bundles"
    zipped._cache.cache_clear()


@pytest.fixture(scope="module")
def content() -> bytes:
    return bundle_zip(pretrained_folder())[1]


@pytest.fixture
def archive(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "model.zip"
    path.write_bytes(content)
    return path


def rezipped(archive: Path, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> Path:
    """The zip with other members."""
    with zipfile.ZipFile(archive) as packed:
        members = [(name, packed.read(name)) for name in packed.namelist()]
    with zipfile.ZipFile(archive, "w") as packed:
        for changed in (change(*member) for member in members):
            if changed is not None:
                packed.writestr(*changed)
    return archive


def test_a_zip_is_the_model_that_is_in_it(archive: Path, cache: Path) -> None:
    card = open_bundle().card
    assert read_card(archive) == card
    model = genre_lib.load_model(archive)
    song = np.random.default_rng(0).normal(0, 0.1, 6 * 22050)
    np.testing.assert_array_equal(
        model.curve(song, 22050).step_logits, genre_lib.load_model().curve(song, 22050).step_logits
    )
    assert [path for path in cache.iterdir() if not path.name.startswith(".")] == [model.bundle.folder]
    # A second time it lies there already.
    before = (model.bundle.folder / "card.json").stat().st_ctime_ns
    assert open_bundle(archive).folder == model.bundle.folder
    assert (model.bundle.folder / "card.json").stat().st_ctime_ns == before


def test_a_zip_without_a_folder_and_with_what_systems_add_is_taken(archive: Path) -> None:
    rezipped(archive, lambda name, content: (name.split("/", 1)[1], content))
    with zipfile.ZipFile(archive, "a") as packed:
        packed.writestr("__MACOSX/._card.json", "")
        packed.writestr(".DS_Store", "")
        packed.writestr("tfjs/", "")
    assert open_bundle(archive).card == open_bundle().card


def test_what_was_unpacked_and_harmed_is_unpacked_anew(archive: Path) -> None:
    folder = bundle_folder(archive)
    (folder / "mel.bin").unlink()
    assert (bundle_folder(archive) / "mel.bin").exists()


def test_where_nothing_can_be_kept_it_is_opened_all_the_same(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(zipped, "derived_folder", lambda: tmp_path / "file")
    assert open_bundle(archive).folder.parent != tmp_path / "file" / "bundles"


@pytest.mark.parametrize("name", ["../out", "/out", "tfjs/../../out", "C:/out", "tfjs\\..\\..\\out", "tfjs/. /out"])
def test_what_leads_out_of_the_folder_is_refused_and_nothing_is_written(archive: Path, name: str, cache: Path) -> None:
    rezipped(archive, lambda name, content: (name.split("/", 1)[1], content))
    with zipfile.ZipFile(archive, "a") as packed:
        packed.writestr(zipfile.ZipInfo(name), "harm")
    with pytest.raises(BundleError, match="no name of a bundle's file"):
        open_bundle(archive)
    assert not cache.exists()


def test_other_zips_and_other_files_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "songs.zip", "w") as packed:
        packed.writestr("song.mp3", b"ID3")
    with pytest.raises(BundleError, match=r"songs\.zip is not a model: there is no card\.json in it"):
        open_bundle(tmp_path / "songs.zip")
    (tmp_path / "song.mp3").write_bytes(b"ID3 and more")
    with pytest.raises(BundleError, match=r"song\.mp3 is not a model: name a bundle's folder, or its zip"):
        open_bundle(tmp_path / "song.mp3")


def test_damaged_zips_are_refused(archive: Path) -> None:
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BundleError, match=r"model\.zip"):
        open_bundle(archive)
    changed = bytearray(whole)
    changed[len(whole) // 3] ^= 255
    archive.write_bytes(bytes(changed))
    with pytest.raises(BundleError, match=r"model\.zip"):
        open_bundle(archive)


def test_a_file_that_the_card_does_not_know_is_refused_as_in_a_folder(archive: Path) -> None:
    rezipped(archive, lambda name, content: (name, content + b" ") if name.endswith("golden.json") else (name, content))
    with pytest.raises(BundleError, match=r"golden\.json has changed"):
        open_bundle(archive)


def test_what_unpacks_to_too_much_is_refused(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped, "_LARGEST_BYTES", 1 << 20)
    with pytest.raises(BundleError, match="unpacks to more than 1 MB"):
        open_bundle(archive)


def test_a_zip_is_not_changed_in_place(archive: Path) -> None:
    before = archive.read_bytes()
    with pytest.raises(BundleError, match="unpack it"):
        open_to_change(archive)
    assert archive.read_bytes() == before


def test_a_folder_is_opened_where_it_is(tmp_path: Path, cache: Path) -> None:
    folder = shutil.copytree(pretrained_folder(), tmp_path / "model")
    assert open_bundle(folder).folder == folder
    assert not cache.exists()


def test_a_locked_zip_says_so(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        packed.writestr("card.json", "{}")
    locked = bytearray(content.getvalue())
    # The flag of an encrypted member, in its head and in the directory.
    for start in (locked.index(b"PK\x03\x04") + 6, locked.index(b"PK\x01\x02") + 8):
        locked[start] |= 1
    (tmp_path / "locked.zip").write_bytes(bytes(locked))
    with pytest.raises(BundleError, match=r"locked\.zip cannot be unpacked"):
        open_bundle(tmp_path / "locked.zip")


def test_sentences_name_the_zip_and_not_where_it_was_unpacked_to(archive: Path, cache: Path) -> None:
    rezipped(archive, lambda name, content: (name, content[:-1] if name.endswith("mel.bin") else content))
    with pytest.raises(BundleError, match=r"mel\.bin has changed") as caught:
        open_bundle(archive)
    assert str(archive) in str(caught.value)
    assert str(cache) not in str(caught.value)


def test_a_zip_that_was_cut_is_called_so(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:10_000])
    with pytest.raises(BundleError, match="ends too early"):
        open_bundle(archive)
