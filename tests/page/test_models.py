"""A model of one's own on the page, and models that are refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

import genre_lib
from tests.conftest import write_drone, write_song
from tests.page import serving
from tests.page.visitor import Visitor


def pack(folder: Path, target: Path) -> Path:
    """A zip of a bundle, in a folder as file managers make it."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, Path("my model") / file.relative_to(folder))
    return target


@pytest.fixture(scope="module")
def many_kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with 25 genres and a front end that has nothing in common with the built-in one's."""
    folder = tmp_path_factory.mktemp("models") / "many-kinds"
    done = subprocess.run(
        [sys.executable, "-m", "tests.page.many_kinds", str(folder)],
        cwd=serving.REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.fixture(scope="module", params=[(), ("--add",)], ids=["instead", "added"])
def taught(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pretrained model, taught two genres of three songs each."""
    folder = tmp_path_factory.mktemp("taught")
    for genre, make in (("pulse", write_song), ("drone", write_drone)):
        (folder / "songs" / genre).mkdir(parents=True)
        for seed in range(3):
            make(folder / "songs" / genre / f"{seed}.wav", seed=seed)
    command = [sys.executable, "-m", "genre_lib.cli", "teach", str(folder / "songs"), "--out", str(folder / "bundle")]
    done = subprocess.run([*command, *request.param], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder / "bundle"


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


def test_a_model_of_other_genres_and_another_front_end_hears_what_python_hears(
    visitor: Visitor, many_kinds: Path, tmp_path: Path, sounds: Path
) -> None:
    visitor.drop(pack(many_kinds, tmp_path / "many-kinds.zip"))
    expect(visitor["status"]).to_contain_text("many-kinds 0.1.0: it passed its check", timeout=20_000)
    expect(visitor["bars"].locator("li")).to_have_count(25)
    page = visitor.hear(sounds / "song.mp3")
    python = genre_lib.load_model(many_kinds).curve(sounds / "song.mp3")
    assert list(page["curve"]) == list(python.genres)
    n = min(len(page["times"]), len(python.times))
    assert abs(len(page["times"]) - len(python.times)) <= 1
    assert np.abs(np.array(page["times"][:n]) - python.times[:n]).max() < 0.010
    probabilities = np.array([page["raw_curve"][genre] for genre in python.genres]).T
    assert np.abs(probabilities[:n] - python.probabilities[:n]).max() < 0.02
    assert not visitor.violations()


def test_a_taught_model_hears_what_python_hears(visitor: Visitor, taught: Path, tmp_path: Path) -> None:
    song = write_song(tmp_path / "pulse.wav", seed=4)
    visitor.drop(pack(taught, tmp_path / "taught.zip"))
    expect(visitor["status"]).to_contain_text("it passed its check", timeout=60_000)
    page, python = visitor.hear(song), genre_lib.load_model(taught).curve(song)
    assert list(page["curve"]) == list(python.genres)
    probabilities = np.array([page["raw_curve"][genre] for genre in python.genres]).T
    np.testing.assert_allclose(probabilities, python.probabilities, rtol=0, atol=0.002)


def test_a_folder_from_the_file_manager_is_a_model_too(visitor: Visitor, own: Path) -> None:
    session = visitor.context.new_cdp_session(visitor.page)
    data = {"items": [], "files": [str(own)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 300, "data": data})
    expect(visitor["model-line"]).to_contain_text("own-model", timeout=20_000)
    expect(visitor["dropzone"]).to_be_hidden()


def test_a_chosen_folder_is_a_model_too(visitor: Visitor, own: Path) -> None:
    visitor["open-about"].click()
    visitor.page.set_input_files("#folder", str(own))
    expect(visitor["model-line"]).to_contain_text("own-model", timeout=20_000)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("damaged", "This model is damaged: mel.bin"),
        ("https://elsewhere.example/model", "does not lie beside this page"),
    ],
)
def test_a_model_beside_the_page_that_is_refused_leaves_the_built_in_one(
    arrive: Callable[..., Visitor], sounds: Path, address: str, sentence: str
) -> None:
    visitor = arrive().open(f"?model={address}")
    expect(visitor["error"]).to_contain_text(sentence)
    expect(visitor["status"]).to_contain_text("Listening with the built-in model")
    assert visitor.hear(sounds / "song.wav")["times"]


def test_a_model_that_is_not_there_is_named(visitor: Visitor, site: serving.Site) -> None:
    # Not through `arrive`: the browser itself notes a missing file on the console.
    stranger = Visitor.arrive(visitor.context.browser, site.address).open("?model=nowhere")  # type: ignore[arg-type]
    expect(stranger["error"]).to_contain_text("There is no model file card.json at /nowhere/ (status 404)")
    stranger.context.close()


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


def test_a_zip_of_songs_leaves_the_song_that_was_heard(visitor: Visitor, tmp_path: Path, sounds: Path) -> None:
    heard = visitor.hear(sounds / "song.wav")
    with zipfile.ZipFile(tmp_path / "album.zip", "w") as archive:
        archive.write(sounds / "song.mp3", "album/one.mp3")
        archive.write(sounds / "song.mp3", "album/two.mp3")
    visitor.drop(tmp_path / "album.zip")
    expect(visitor["error"]).to_contain_text("There are 2 sound files in it and no model")
    expect(visitor["title"]).to_have_text("song")
    assert visitor.save_json()["times"] == heard["times"]


def test_a_zip_that_is_no_zip_is_refused(visitor: Visitor, tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 and no more")
    visitor.drop(broken)
    expect(visitor["error"]).to_contain_text("damaged and could not be unpacked")
