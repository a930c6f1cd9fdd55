"""A model taught on the page: by songs and corrections, kept and forgotten, saved, and heard by Python the same."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

import genre_lib
from genre_lib.cli.main import main
from genre_lib.export.taught_bundle import NONE, hear_songs, learn
from genre_lib.training.non_music import noise, voice
from genre_lib.training.teaching.background import Background
from tests.page.serving import Site
from tests.page.visitor import HEARD, Visitor

# Named otherwise than the clips are labelled: nothing may come from what the model knows by itself.
GENRES = {"Chamber": "classical", "Loud": "metal"}
RATE = 22050


@pytest.fixture(scope="module")
def lessons(real_clips: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three real clips for each of two genres, in a folder per genre."""
    folder = tmp_path_factory.mktemp("lessons")
    for name, label in GENRES.items():
        (folder / name).mkdir()
        # By another name: Python knows who plays in a file that is called as in GTZAN, and leaves artists out together.
        for i, clip in enumerate(clips_of(real_clips, label)[:3]):
            shutil.copy(clip, folder / name / f"song {i}.flac")
    return folder


@pytest.fixture(scope="module")
def sounds_of_nothing(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A voice and noise, of other seeds than the background's; with espeak-ng also a voice that reads."""
    folder = tmp_path_factory.mktemp("nothing")
    rng = np.random.default_rng(2018)
    found = []
    for make in (voice, noise):
        found.append(folder / f"{make.__name__}.wav")
        soundfile.write(found[-1], make(10 * RATE, RATE, rng), RATE)
    if speaker := shutil.which("espeak-ng"):
        found.append(folder / "reading.wav")
        text = "This is a voice that reads something aloud, for some seconds, with no music at all behind it. " * 2
        subprocess.run([speaker, "-v", "en", "-w", str(found[-1]), text], check=True)
    return found


def clips_of(clips: list[Path], label: str) -> list[Path]:
    return [clip for clip in clips if clip.parent.name == label]


def name_genre(visitor: Visitor, name: str) -> None:
    if visitor["teach"].is_hidden():
        visitor["open-teach"].click()
    visitor["teach-name"].fill(name)
    visitor.page.keyboard.press("Enter")
    expect(lesson(visitor, name)).to_be_visible()


def lesson(visitor: Visitor, name: str) -> Any:
    return visitor["lessons"].locator(".lesson", has=visitor.page.get_by_role("heading", name=name, exact=True))


def give(visitor: Visitor, name: str, files: list[Path]) -> None:
    with visitor.page.expect_file_chooser() as chooser:
        lesson(visitor, name).get_by_role("button", name="Choose songs").click()
    chooser.value.set_files(files)


def teach(visitor: Visitor, folder: Path) -> None:
    for genre in sorted(folder.iterdir()):
        files = sorted(genre.iterdir())
        name_genre(visitor, genre.name)
        give(visitor, genre.name, files)
        expect(lesson(visitor, genre.name).locator(".songs li")).to_have_count(len(files), timeout=HEARD)
    visitor["learn"].click()
    expect(visitor["teach-result"]).to_contain_text("left out", timeout=HEARD)


def exported(visitor: Visitor, folder: Path) -> Path:
    """The bundle that the page saves, unpacked."""
    name, contents = visitor.save("save-taught")
    zipfile.ZipFile(io.BytesIO(contents)).extractall(folder)
    (folder / name).write_bytes(contents)
    return folder / Path(name).stem


def test_two_genres_are_learnt_heard_saved_and_the_same_in_python(
    visitor: Visitor,
    arrive: Callable[..., Visitor],
    site: Site,
    lessons: Path,
    real_clips: list[Path],
    sounds_of_nothing: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    teach(visitor, lessons)
    assert visitor.violations() == []
    bundle = exported(visitor, tmp_path)
    archive = next(tmp_path.glob("*.zip"))
    assert main(["model", "check", str(archive)]) == 0
    model = genre_lib.load_model(archive)
    assert model.card.genres == (*GENRES, NONE)
    for name, label in GENRES.items():
        clip = clips_of(real_clips, label)[4]
        page = visitor.hear(clip)
        assert (page["genre"], page["state"]) == (name, "music")
        capsys.readouterr()
        assert main(["predict", str(clip), "--model", str(archive), "--format", "json", "--curve"]) == 0
        python = json.loads(capsys.readouterr().out)
        assert python["genre"] == name
        for genre, probability in python["probabilities"].items():
            assert abs(page["probabilities"][genre] - probability) <= 1e-4, genre
        for key in ("curve", "raw_curve"):
            theirs = np.array([python[key][genre] for genre in model.card.genres])
            ours = np.array([page[key][genre] for genre in model.card.genres])
            assert np.abs(ours - theirs).max() <= 1e-4, key
    for sound in sounds_of_nothing:
        assert visitor.hear(sound)["genre"] == NONE, sound.name
    visitor.drop(archive)
    expect(visitor["status"]).to_contain_text("it passed its check", timeout=HEARD)
    assert visitor.hear(clip)["probabilities"] == pytest.approx(page["probabilities"], abs=1e-4)
    shutil.copytree(bundle, site.root / "taught")
    another = arrive().open("?model=taught")
    expect(another["model-line"]).to_contain_text("3 genres")
    assert another.hear(clip)["genre"] == page["genre"]


def test_the_page_learns_what_genre_teach_learns(
    visitor: Visitor, lessons: Path, tmp_path: Path, pretrained: Any
) -> None:
    teach(visitor, lessons)
    model = genre_lib.load_model(exported(visitor, tmp_path))
    songs = hear_songs(lessons, pretrained)
    taught = learn(songs, Background.of_bundle(pretrained.bundle), pretrained.card)
    assert model.card.training["temperature"] == pytest.approx(taught.temperature.value, abs=2e-3)
    for steps, track in zip(songs.steps, songs.data_set.tracks, strict=True):
        ours = model.curve(track.path).step_logits
        assert np.abs(ours[: len(steps)] - taught.head(steps)).max() < 0.02


def test_genres_beside_its_own_and_a_correction(
    visitor: Visitor, lessons: Path, real_clips: list[Path], pretrained: Any
) -> None:
    clip = clips_of(real_clips, "metal")[0]
    before = visitor.hear(clip)
    name_genre(visitor, "Chamber")
    give(visitor, "Chamber", sorted((lessons / "Chamber").iterdir()))
    expect(lesson(visitor, "Chamber").locator(".songs li")).to_have_count(3, timeout=HEARD)
    visitor.page.get_by_label("stay beside yours").check()
    visitor["learn"].click()
    expect(visitor["teach-status"]).to_contain_text("Learnt in", timeout=HEARD)
    after = visitor.save_json()
    assert set(after["probabilities"]) == {*pretrained.card.genres, "Chamber", NONE}
    # What was known is read anew without being heard again, and is much as it was.
    assert after["genre"] == before["genre"]
    assert after["times"] == before["times"]
    visitor["correct-genre"].select_option("Chamber")
    visitor["correct"].get_by_role("button").click()
    expect(lesson(visitor, "Chamber").locator(".songs li")).to_have_count(4)
    expect(visitor["teach-status"]).to_contain_text("Learnt in", timeout=HEARD)
    corrected = visitor.save_json()
    assert corrected["probabilities"]["Chamber"] > after["probabilities"]["Chamber"]
    # Said to be something else, it moves there: to one of its own genres, which the new one then leaves it to.
    visitor["correct-genre"].select_option("metal")
    visitor["correct"].get_by_role("button").click()
    expect(lesson(visitor, "metal").locator(".songs li")).to_have_count(1)
    expect(lesson(visitor, "metal")).to_contain_text("One of its own genres")
    expect(lesson(visitor, "Chamber").locator(".songs li")).to_have_count(3)
    expect(visitor["learn"]).to_have_attribute("aria-busy", "false", timeout=HEARD)
    left = visitor.save_json()
    assert left["probabilities"]["Chamber"] < corrected["probabilities"]["Chamber"]
    assert set(left["probabilities"]) == {*pretrained.card.genres, "Chamber", NONE}
    visitor["correct-genre"].select_option(NONE)
    visitor["correct"].get_by_role("button").click()
    expect(lesson(visitor, NONE).locator(".songs li")).to_have_count(1)
    expect(lesson(visitor, "metal")).to_have_count(0)


def test_bad_files_among_songs_are_named_and_the_rest_is_learnt(visitor: Visitor, lessons: Path, sounds: Path) -> None:
    name_genre(visitor, "Loud")
    good = sorted((lessons / "Loud").iterdir())[:1]
    give(visitor, "Loud", [sounds / "text.mp3", *good, sounds / "silence.wav", sounds / "short.wav"])
    expect(visitor["teach-error"]).to_contain_text("silence.wav is silent", timeout=HEARD)
    expect(visitor["teach-error"]).to_contain_text("text.mp3")
    expect(visitor["teach-error"]).to_contain_text("short.wav is too short")
    expect(lesson(visitor, "Loud").locator(".songs li")).to_have_count(1)
    expect(lesson(visitor, "Loud")).to_contain_text("learns this song rather than its genre")
    visitor["learn"].click()
    expect(visitor["teach-result"]).to_contain_text("nothing was measured", timeout=HEARD)


def test_what_was_taught_is_kept_only_if_wanted_and_forgotten_again(
    visitor: Visitor, lessons: Path, real_clips: list[Path]
) -> None:
    stored = "async () => (await indexedDB.databases()).length"
    clip = clips_of(real_clips, "metal")[5]
    teach(visitor, lessons)
    assert visitor.page.evaluate(stored) <= 1
    visitor.page.reload()
    visitor.page.wait_for_selector("html[data-model=ready]", state="attached")
    visitor.hear(clip)
    expect(visitor["model-line"]).to_contain_text("10 genres")
    teach(visitor, lessons)
    visitor["keep-taught"].check()
    visitor.wait_a_moment()
    visitor.page.reload()
    expect(visitor["model-line"]).to_contain_text("3 genres", timeout=HEARD)
    assert visitor.hear(clip)["genre"] == "Loud"
    visitor["open-teach"].click()
    expect(lesson(visitor, "Loud").locator(".songs li")).to_have_count(3)
    visitor["forget-taught"].click()
    expect(visitor["model-line"]).to_contain_text("10 genres", timeout=HEARD)
    assert "Loud" not in visitor.save_json()["probabilities"]
    visitor.page.reload()
    visitor.page.wait_for_selector("html[data-model=ready]", state="attached")
    expect(visitor["model-line"]).to_contain_text("10 genres")


def test_a_song_is_recorded(arrive: Callable[..., Visitor]) -> None:
    visitor = arrive(permissions=["microphone"], reduced_motion="reduce").open()
    visitor.page.set_default_timeout(HEARD)
    name_genre(visitor, "Mine")
    lesson(visitor, "Mine").get_by_role("button", name="Record").click()
    expect(visitor["overall"]).to_contain_text("So far", timeout=HEARD)
    lesson(visitor, "Mine").get_by_role("button", name="Stop").click()
    expect(lesson(visitor, "Mine").locator(".songs li")).to_have_count(1, timeout=HEARD)
    visitor["learn"].click()
    expect(visitor["teach-result"]).to_contain_text("a guess", timeout=HEARD)
