"""A model of one's own on the page, and models that are refused."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.page import serving
from tests.page.visitor import Visitor


def pack(folder: Path, target: Path) -> Path:
    """A zip of a bundle, in a folder as file managers make it."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, Path("my model") / file.relative_to(folder))
    return target


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A bundle with a name and genres of its own."""
    folder = tmp_path / "own"
    shutil.copytree(serving.bundle_folder(), folder)
    rewrite(
        folder, lambda card: card.update(name="own-model", genres=[f"kind {i}" for i in range(len(card["genres"]))])
    )
    return folder


def rewrite(folder: Path, change: Callable[[dict], None]) -> None:  # type: ignore[type-arg]
    """Change a bundle's card."""
    path = folder / "card.json"
    card = json.loads(path.read_text())
    change(card)
    path.write_text(json.dumps(card))


def test_a_model_beside_the_page_is_loaded_and_checked(arrive: Callable[..., Visitor], sounds: Path) -> None:
    visitor = arrive().open("?model=mine")
    expect(visitor["status"]).to_contain_text("it passed its check")
    assert visitor.hear(sounds / "song.wav")["times"]
    assert any(url.endswith("mine/golden.json") for url in visitor.requested)


def test_a_dropped_zip_brings_its_own_genres(visitor: Visitor, own: Path, tmp_path: Path, sounds: Path) -> None:
    visitor.drop(pack(own, tmp_path / "own.zip"))
    expect(visitor["model-line"]).to_contain_text("own-model", timeout=20_000)
    expect(visitor["bars"].locator("li .name").first).to_have_text("kind 0")
    assert set(visitor.hear(sounds / "song.wav")["probabilities"]) == {
        f"kind {i}" for i in range(visitor["bars"].locator("li").count())
    }
    visitor["open-about"].click()
    visitor["built-in"].click()
    expect(visitor["model-line"]).not_to_contain_text("own-model")


def test_a_chosen_folder_is_a_model_too(visitor: Visitor, own: Path) -> None:
    visitor["open-about"].click()
    visitor.page.set_input_files("#folder", str(own))
    expect(visitor["model-line"]).to_contain_text("own-model", timeout=20_000)


def test_a_damaged_model_beside_the_page_is_refused(arrive: Callable[..., Visitor]) -> None:
    visitor = arrive().open("?model=damaged", ready=False)
    expect(visitor["error"]).to_contain_text("This model is damaged: mel.bin", timeout=20_000)
    expect(visitor["choose-file"]).to_be_disabled()


def test_a_model_on_another_host_is_refused(arrive: Callable[..., Visitor]) -> None:
    visitor = arrive().open("?model=https://elsewhere.example/model", ready=False)
    expect(visitor["error"]).to_contain_text("does not lie beside this page", timeout=20_000)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("card", "breaks the card's schema"),
        ("hash", "is damaged: tfjs/"),
        ("golden", "front end differs from its golden.json"),
        ("missing", "has no mel.bin"),
        ("no card", "no card.json"),
    ],
)
def test_a_dropped_model_that_is_not_whole_is_refused_and_the_old_one_stays(
    visitor: Visitor, own: Path, tmp_path: Path, sounds: Path, damage: str, sentence: str
) -> None:
    if damage == "card":
        rewrite(own, lambda card: card.pop("timing"))
    elif damage == "hash":
        shard = next((own / "tfjs").glob("*.bin"))
        shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    elif damage == "golden":
        bank = own / "mel.bin"
        bank.write_bytes(bytes(len(bank.read_bytes()) // 2) + bank.read_bytes()[len(bank.read_bytes()) // 2 :])
        digest = sha256(bank.read_bytes()).hexdigest()
        rewrite(own, lambda card: card["files"]["mel.bin"].update(sha256=digest))
    elif damage == "missing":
        (own / "mel.bin").unlink()
    else:
        (own / "card.json").unlink()
    visitor.drop(pack(own, tmp_path / "own.zip"))
    expect(visitor["error"]).to_contain_text(sentence, timeout=20_000)
    expect(visitor["status"]).to_contain_text("Still listening with")
    assert visitor.hear(sounds / "song.wav")["times"]


def test_a_zip_that_is_no_zip_is_refused(visitor: Visitor, tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 and no more")
    visitor.drop(broken)
    expect(visitor["error"]).to_contain_text("damaged and could not be unpacked")
