"""Teaching as visitors do it: real songs dropped in a real browser, learnt by a real process."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from genre_lib.cli.main import main
from genre_lib.dashboard.server import Serving
from genre_lib.dashboard.visitor_folder import is_of_visitor
from tests.conftest import write_drone, write_song
from tests.dashboard.test_dashboard import until
from tests.dashboard.visitor import Visitor

pytestmark = pytest.mark.slow

NONE = "none of these"
# Learning converts a network for four runtimes; on a machine that does much else that takes minutes.
LEARNT_WITHIN_MS = 600_000


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Three songs of two genres, one that was not taught of the first, and what is no song."""
    folder = tmp_path_factory.mktemp("dances")
    (folder / "text.mp3").write_text("This is not music. " * 200)
    made = {}
    for genre, make in (("pulse", write_song), ("drone", write_drone)):
        made[genre] = [folder / f"{genre}-{number}.wav" for number in range(4)]
        for number, path in enumerate(made[genre]):
            make(path, seed=number)
    return {"pulse": [*made["pulse"][:3], folder / "text.mp3"], "drone": made["drone"][:3], "asked": [made["pulse"][3]]}


def drop(visitor: Visitor, number: int, name: str, paths: list[Path]) -> None:
    visitor.page.get_by_label(f"Genre {number}", exact=True).fill(name)
    box = visitor.page.locator(".genre-box").nth(number - 1)
    box.locator("input[type=file]").set_input_files(paths)
    box.get_by_text(f"{len(paths)} song").wait_for()


def teach(visitor: Visitor, version: str) -> str:
    """Press the button; what is said of what was learnt."""
    visitor.page.get_by_role("button", name="Teach it").click()
    learnt = visitor.page.locator(".genre-learnt")
    learnt.get_by_role("heading", name=f"my-genres {version}").wait_for(timeout=LEARNT_WITHIN_MS)
    return learnt.inner_text()


def test_genres_are_taught_heard_corrected_and_taken_home(
    arrive: Callable[..., Visitor],
    songs: dict[str, list[Path]],
    dashboard: Serving,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    visitor = arrive()
    visitor.tab("Teach")
    drop(visitor, 1, "pulse", songs["pulse"])
    drop(visitor, 2, "drone", songs["drone"])
    said = teach(visitor, "1.0.1")
    assert f"drone, pulse, {NONE}" in said
    assert "of 6 songs named rightly" in said
    assert "95 % interval" in said
    assert "half a guess" in said
    assert "text.mp3" in said
    assert "/" not in said.split("text.mp3")[0].splitlines()[-1], "the server's folders are nobody's business"

    visitor.page.get_by_role("button", name="Listen with it").click()
    visitor.upload(songs["asked"][0])
    visitor.hears("pulse-3")
    assert "my-genres 1.0.1" in visitor.page.locator(".meta").inner_text()
    shown = visitor.curve()
    assert shown["genre"] == "pulse"

    visitor.tab("Teach")
    with visitor.page.expect_download() as found:
        visitor.page.get_by_role("button", name="Download the model").click()
    assert found.value.suggested_filename == "my-genres-1.0.1.zip"
    bundle = str(tmp_path / found.value.suggested_filename)
    found.value.save_as(bundle)
    assert main(["model", "check", bundle]) == 0
    capsys.readouterr()
    assert main(["predict", str(songs["asked"][0]), "--model", bundle, "--format", "json", "--curve"]) == 0
    told = json.loads(capsys.readouterr().out)
    for genre, values in told["curve"].items():
        np.testing.assert_allclose(shown["curve"][genre], values, rtol=0, atol=3e-6)

    assert "my-genres" not in arrive().page.locator(".genre-models").inner_text(), "it is this visitor's alone"

    visitor.page.get_by_label("The song you hear was").select_option("pulse")
    visitor.page.get_by_role("button", name="Correct it").click()
    learnt = visitor.page.locator(".genre-learnt")
    learnt.get_by_role("heading", name="my-genres 1.0.2").wait_for(timeout=LEARNT_WITHIN_MS)
    assert "of 7 songs named rightly" in learnt.inner_text()

    made = [path for path in dashboard.sessions.rglob("card.json") if "teach" in path.parts]
    assert len(made) == 2
    assert all(is_of_visitor(path) for path in made)
    visitor.page.goto("about:blank")
    until(lambda: not any(path.exists() for path in made))


def test_a_folder_of_the_server_is_taught_beside_the_models_genres(visitor: Visitor, pretrained) -> None:
    visitor.tab("Teach")
    visitor.page.get_by_label("Learn from").select_option("shelf/dances")
    # The third drone is a link to a file outside, which no visitor may hear.
    visitor.page.get_by_text("4 songs of beat, drone.").wait_for()
    visitor.page.get_by_label("Put them").select_option("beside the model's genres")
    said = teach(visitor, "1.0.1")
    assert ", ".join([*pretrained.card.genres, "beat", "drone", NONE]) in said
    assert "of 4 songs named rightly" in said
    # What is heard may be one of those that stay.
    offered = visitor.page.get_by_label("The song you hear was").locator("option").all_inner_texts()
    assert offered[:2] == ["beat", "drone"]
    assert set(offered) == {"beat", "drone", *pretrained.card.genres}


def test_what_is_missing_is_said_and_a_lesson_can_be_stopped(visitor: Visitor, songs: dict[str, list[Path]]) -> None:
    visitor.tab("Teach")
    start = visitor.page.get_by_role("button", name="Teach it")
    start.click()
    visitor.page.get_by_text("There is nothing to learn yet").wait_for()
    visitor.page.get_by_label("Genre 1", exact=True).fill("pulse")
    start.click()
    visitor.page.get_by_text("pulse has no song yet").wait_for()
    visitor.page.get_by_label("Genre 1", exact=True).fill("")
    visitor.page.locator(".genre-box input[type=file]").first.set_input_files(songs["pulse"][3])
    visitor.page.locator(".genre-box").first.get_by_text("1 song").wait_for()
    start.click()
    visitor.page.get_by_text("Genre 1 has songs but no name").wait_for()
    visitor.page.get_by_label("Genre 1", exact=True).fill("pulse")
    start.click()
    visitor.page.get_by_text("No song of pulse can be used: text.mp3").wait_for(timeout=LEARNT_WITHIN_MS)
    start.click()
    visitor.page.locator(".genre-teach-bar").get_by_role("button", name="Stop").click()
    visitor.page.get_by_text("Stopped: nothing was learnt.").wait_for()
