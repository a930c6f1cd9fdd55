"""A file on the page: its curve, its picture, its playback, and files that are no music."""

from __future__ import annotations

import csv
import io
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Route, expect

import genre_lib
from genre_lib.audio.decoding import load_audio
from genre_lib.inference.curve import GenreCurve
from genre_lib.inference.model import GenreModel
from tests.page import serving
from tests.page.conftest import LATE_S, SONG_S
from tests.page.visitor import Visitor


@pytest.fixture(scope="module")
def model() -> GenreModel:
    return genre_lib.load_model(serving.bundle_folder())


def test_a_dropped_mp3_becomes_the_curve_that_python_computes(
    visitor: Visitor, sounds: Path, model: GenreModel
) -> None:
    visitor.drop(sounds / "song.mp3")
    visitor.wait_until_heard()
    page = visitor.save_json()
    python = model.curve(sounds / "song.mp3")

    n = min(len(page["times"]), len(python.times))
    assert abs(len(page["times"]) - len(python.times)) <= 1
    assert np.abs(np.array(page["times"][:n]) - python.times[:n]).max() < 0.010
    probabilities = np.array([page["raw_curve"][genre] for genre in python.genres]).T
    assert np.abs(probabilities[:n] - python.probabilities[:n]).max() < 0.02
    assert page["raw_state"][:n] == python.state[:n].tolist()
    assert page["state"] == python.answer().state
    assert page["genre"] == python.answer().genre


@pytest.mark.parametrize(
    "name",
    [
        "song.wav", "song.flac", "song.ogg", "song.m4a", "song.opus",
        "song-8k-mono.wav", "song-96k-surround.flac", "song-32k.mp3",
    ],
)  # fmt: skip
def test_every_format_rate_and_number_of_channels_is_heard_in_time(
    visitor: Visitor, sounds: Path, model: GenreModel, name: str
) -> None:
    page = visitor.hear(sounds / name)
    python = model.curve(sounds / name)
    n = min(len(page["times"]), len(python.times))
    assert abs(len(page["times"]) - len(python.times)) <= 1
    assert np.abs(np.array(page["times"][:n]) - python.times[:n]).max() < 0.010
    answers = np.array([page["raw_curve"][genre] for genre in python.genres])[:, :n].argmax(axis=0)
    assert (answers == python.probabilities[:n].argmax(axis=1)).mean() >= 0.97


def distance(page: dict[str, Any], python: GenreCurve) -> float:
    """Mean difference of the probabilities that page and Python give the same steps."""
    n = min(len(page["times"]), len(python.times))
    assert abs(len(page["times"]) - len(python.times)) <= 1
    probabilities = np.array([page["raw_curve"][genre] for genre in python.genres]).T
    return float(np.abs(probabilities[:n] - python.probabilities[:n]).mean())


@pytest.mark.parametrize("name", ["video.mp4", "video.webm"])
def test_the_sound_of_a_video_keeps_the_time_of_its_pictures(
    visitor: Visitor, sounds: Path, model: GenreModel, name: str
) -> None:
    page = visitor.hear(sounds / name)
    assert page["step_state"][:4] == ["silence"] * 4
    samples = load_audio(sounds / name, model.card.front_end.sample_rate)
    # That sound as Python hears it, and 20 ms earlier and later.
    shift = round(0.020 * model.card.front_end.sample_rate)
    earlier, there, later = (
        distance(page, model.curve(shifted, model.card.front_end.sample_rate))
        for shifted in (samples[shift:], samples, np.concatenate([np.zeros(shift, np.float32), samples]))
    )
    assert there < min(earlier, later), "the page's times are more than 10 ms off"
    assert page["duration_s"] == pytest.approx(SONG_S + LATE_S, abs=0.1)
    assert visitor.page.evaluate("document.querySelector('#audio').duration") == pytest.approx(
        page["duration_s"], abs=0.1
    )


def test_a_song_dropped_before_the_model_is_there_is_heard_once_it_is(
    arrive: Callable[..., Visitor], sounds: Path
) -> None:
    visitor = arrive()
    held: list[Route] = []
    visitor.page.route("**/mel.bin", lambda route: held.append(route))
    visitor.open(ready=False)
    expect(visitor["status"]).to_contain_text("Loading the model")
    visitor.drop(sounds / "song.mp3")
    expect(visitor["status"]).to_have_text("Loading the model, then song.mp3 is heard …")
    expect(visitor["welcome"]).to_be_visible()
    while not held:
        visitor.wait_a_moment()
    held[0].continue_()
    visitor.wait_until_heard()
    expect(visitor["title"]).to_have_text("song")


def test_a_press_before_the_page_can_answer_is_kept_for_it(arrive: Callable[..., Visitor], site: serving.Site) -> None:
    visitor = arrive(permissions=["microphone"])
    held: list[Route] = []
    visitor.page.route("**/assets/index-*.js", lambda route: held.append(route))
    visitor.page.goto(site.address, wait_until="commit")
    # The microphone needs no example to have been made.
    visitor.page.wait_for_function("() => performance.getEntriesByName(new URL('early.js', location.href).href).length")
    visitor["microphone"].click()
    expect(visitor["status"]).to_have_text("Loading the page …")
    held[0].continue_()
    expect(visitor["stop"]).to_be_visible()
    expect(visitor["overall"]).not_to_be_empty()


def test_a_model_that_could_not_be_had_is_asked_for_again(arrive: Callable[..., Visitor], sounds: Path) -> None:
    visitor = arrive()
    visitor.page.route("**/tfjs/*.bin", lambda route: route.abort())
    visitor.open(ready=False)
    expect(visitor["error"]).to_contain_text("could not be fetched")
    visitor.choose(sounds / "song.mp3")
    expect(visitor["status"]).to_be_empty()
    expect(visitor["error"]).to_contain_text("could not be fetched")
    visitor.page.unroute("**/tfjs/*.bin")
    visitor.choose(sounds / "song.mp3")
    visitor.wait_until_heard()
    expect(visitor["error"]).to_be_hidden()
    visitor.troubles.clear()


def test_of_several_files_one_is_heard_and_the_page_says_so(visitor: Visitor, sounds: Path) -> None:
    visitor.page.set_input_files("#file", [])
    visitor.page.evaluate("document.querySelector('#file').multiple = true")
    visitor.page.set_input_files("#file", [str(sounds / "song.mp3"), str(sounds / "song.wav")])
    visitor.wait_until_heard()
    expect(visitor["error"]).to_contain_text("Of these 2 files this one is heard")


def test_the_answer_is_said_once_and_is_that_of_the_file(visitor: Visitor, sounds: Path) -> None:
    heard = visitor.hear(sounds / "song.wav")
    best, p_best = max(heard["probabilities"].items(), key=lambda item: item[1])
    expect(visitor["now-when"]).to_have_text("The whole of it")
    if heard["state"] in ("music", "probable"):
        expect(visitor["now-genre"]).to_contain_text(best.replace("hiphop", "hip hop"))
    expect(visitor["overall"]).to_be_empty()
    expect(visitor["announcer"]).to_contain_text("The whole song: ")
    visitor["slider"].focus()
    visitor.page.keyboard.press("ArrowRight")
    expect(visitor["overall"]).to_contain_text(
        f"{best.replace('hiphop', 'hip hop')}\u00a0{round(p_best * 100)}".replace("\u00a0", " ")
    )
    expect(visitor["bars"].locator("li")).to_have_count(len(heard["probabilities"]))


def test_keys_move_through_the_song_and_read_out_each_moment(visitor: Visitor, sounds: Path) -> None:
    heard = visitor.hear(sounds / "song.mp3")
    visitor["slider"].focus()
    visitor.page.keyboard.press("ArrowRight")
    expect(visitor["slider"]).to_have_attribute("aria-valuenow", "5.0")
    expect(visitor["now-when"]).to_have_text("At 0:05")
    expect(visitor["readout"]).to_contain_text("0:05")
    step = int(np.abs(np.array(heard["times"]) - 5).argmin())
    assert heard["step_state"][step] in ("music", "probable", "unsure")
    visitor.page.keyboard.press("PageUp")
    visitor.page.keyboard.press("ArrowLeft")
    visitor.wait_a_moment()
    assert visitor.seconds_at_slider() == pytest.approx(heard["duration_s"] - 5, abs=0.2)
    visitor.page.keyboard.press("Home")
    expect(visitor["slider"]).to_have_attribute("aria-valuenow", "0.0")
    visitor.page.keyboard.press("Shift+ArrowRight")
    visitor.wait_a_moment()
    assert 0 < visitor.seconds_at_slider() < 1
    assert "%" in (visitor["slider"].get_attribute("aria-valuetext") or "")


def test_a_click_and_a_drag_on_the_stream_seek(visitor: Visitor, sounds: Path) -> None:
    heard = visitor.hear(sounds / "song.mp3")
    visitor.page.evaluate("window.scrollTo(0, 0)")
    box = visitor["slider"].bounding_box()
    assert box
    visitor.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 50)
    visitor.wait_a_moment()
    assert visitor.seconds_at_slider() == pytest.approx(heard["duration_s"] / 2, abs=0.3)
    visitor.page.mouse.down()
    visitor.page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 80, steps=4)
    visitor.page.mouse.up()
    visitor.wait_a_moment()
    assert visitor.seconds_at_slider() == pytest.approx(heard["duration_s"] / 4, abs=0.3)


def test_the_playhead_moves_in_step_with_the_music(visitor: Visitor, sounds: Path) -> None:
    heard = visitor.hear(sounds / "song.mp3")
    visitor["slider"].focus()
    visitor.page.keyboard.press("Space")
    expect(visitor["play"]).to_have_attribute("aria-label", "Pause")
    # Read in one go, right after a frame: a busy machine then widens nothing between player and playhead.
    played, x, width = visitor.page.evaluate(
        """() => new Promise(done => {
             const audio = document.querySelector('#audio'), playhead = document.querySelector('#playhead');
             const x = () => new DOMMatrix(getComputedStyle(playhead).transform).e;
             const tell = () => done([audio.currentTime, x(), playhead.parentElement.clientWidth]);
             const look = () => requestAnimationFrame(audio.currentTime < 1 ? look : () => setTimeout(tell));
             look();
           })"""
    )
    assert x / width * heard["duration_s"] == pytest.approx(played, abs=0.2)
    visitor["play"].click()
    expect(visitor["play"]).to_have_attribute("aria-label", "Play")


def test_pointing_at_a_moment_reads_it_out(visitor: Visitor, sounds: Path) -> None:
    visitor.hear(sounds / "song.mp3")
    visitor.page.evaluate("window.scrollTo(0, 0)")
    box = visitor["slider"].bounding_box()
    assert box
    visitor.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 100)
    expect(visitor["readout"]).to_be_visible()
    expect(visitor["readout"]).to_contain_text("0:12")
    visitor.page.mouse.move(box["x"] + 10, box["y"] - 40)
    expect(visitor["readout"]).to_be_hidden()


def test_steadiness_and_threshold_are_plain_controls(visitor: Visitor, sounds: Path) -> None:
    visitor.hear(sounds / "song.mp3")
    visitor["threshold"].fill("95")
    visitor["slider"].focus()
    visitor.page.keyboard.press("ArrowRight")
    expect(visitor["now-genre"]).not_to_have_attribute("data-state", "music")
    visitor["threshold"].fill("0")
    expect(visitor["now-genre"]).to_have_attribute("data-state", "music")
    visitor["steadiness"].fill("100")
    expect(visitor["steadiness-value"]).to_have_text("one genre a song")
    visitor["reset"].click()
    expect(visitor["steadiness-value"]).not_to_have_text("one genre a song")


def test_silence_is_called_silence(visitor: Visitor, sounds: Path) -> None:
    heard = visitor.hear(sounds / "silence.wav")
    assert heard["state"] == "silence"
    assert heard["genre"] is None
    assert set(heard["step_state"]) == {"silence"}
    expect(visitor["now-genre"]).to_have_text("silence")


def test_the_segments_can_be_read_walked_and_heard(visitor: Visitor, sounds: Path) -> None:
    heard = visitor.hear(sounds / "song.mp3")
    rows = visitor.page.locator("#table-body tr")
    cells = [row.locator("td").all_inner_texts() for row in rows.all()]
    assert len(cells) == len(heard["segments"])
    assert cells[0][0] == "0:00.0"
    assert [row[1] for row in cells[:-1]] == [row[0] for row in cells[1:]]
    assert cells[-1][1] == "0:24.0"
    buttons = visitor.page.locator("#strip button")
    assert buttons.count() == len(cells)
    buttons.first.focus()
    if len(cells) > 1:
        visitor.page.keyboard.press("End")
        expect(buttons.last).to_be_focused()
    visitor.page.keyboard.press("Enter")
    expect(visitor["play"]).to_have_attribute("aria-label", "Pause")
    expect(visitor.page.locator("#strip button[aria-current]")).to_have_count(1)
    played = visitor.page.evaluate("document.querySelector('#audio').currentTime")
    assert played >= heard["segments"][-1]["start_s"] - 0.1


def test_a_genre_can_be_lit_up_and_the_stream_zoomed(visitor: Visitor, sounds: Path) -> None:
    visitor.hear(sounds / "song.mp3")
    shot = visitor["stream"].screenshot
    before = shot()
    rock = visitor.page.locator("#bars button").last
    rock.click()
    expect(rock).to_have_attribute("aria-pressed", "true")
    lit = shot()
    assert lit != before
    rock.click()
    expect(rock).to_have_attribute("aria-pressed", "false")
    for _ in range(2):
        visitor["zoom-in"].click()
    visitor.wait_a_moment()
    assert shot() != before
    expect(visitor["zoom-in"]).to_be_disabled()
    for _ in range(2):
        visitor["zoom-out"].click()
    expect(visitor["zoom-out"]).to_be_disabled()


def test_closer_up_the_view_follows_the_keys_and_a_finger(visitor: Visitor, sounds: Path) -> None:
    visitor.hear(sounds / "song.mp3")
    visitor["zoom-in"].click()
    for key in ("End", "Home", "End"):
        visitor["slider"].press(key)
        expect(visitor["playhead"]).not_to_have_attribute("hidden", "")
    visitor.wait_a_moment()
    end = visitor.seconds_at_slider()
    box = visitor["stream"].bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    at_the_end = visitor["stream"].screenshot()
    devtools = visitor.context.new_cdp_session(visitor.page)

    def touch(*xs: float) -> None:
        for kind, x in zip(("touchStart", *["touchMove"] * (len(xs) - 1)), xs, strict=True):
            devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        visitor.wait_a_moment()

    touch(200, 300, 400, 500, 600)
    assert visitor.seconds_at_slider() == end
    assert visitor["stream"].screenshot() != at_the_end
    touch(300)
    assert visitor.seconds_at_slider() < end


def test_two_fingers_zoom_where_they_are(visitor: Visitor, sounds: Path) -> None:
    visitor.hear(sounds / "song.mp3")
    box = visitor["stream"].bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    devtools = visitor.context.new_cdp_session(visitor.page)
    centre = box["x"] + box["width"] / 4
    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80), ("touchEnd", None)):
        points = [] if apart is None else [{"x": centre + side * apart, "y": y, "id": side} for side in (-1, 1)]
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        visitor.wait_a_moment()
    expect(visitor["zoom-out"]).to_be_enabled()
    # What was between the fingers still is, twice as wide: a quarter of the way is six seconds.
    visitor.page.mouse.move(centre, y)
    expect(visitor["readout"]).to_contain_text("0:06")


def test_arrow_keys_seek_wherever_the_focus_is(visitor: Visitor, sounds: Path) -> None:
    visitor.hear(sounds / "song.mp3")
    visitor["save-csv"].focus()
    visitor.page.keyboard.press("ArrowRight")
    expect(visitor["clock"]).to_have_text("0:05")
    visitor.page.keyboard.press("ArrowLeft")
    expect(visitor["clock"]).to_have_text("0:00")


def test_plus_and_minus_zoom_at_the_playhead_wherever_the_focus_is(visitor: Visitor, sounds: Path) -> None:
    visitor.hear(sounds / "song.mp3")
    visitor.page.evaluate("window.scrollTo(0, 0)")
    box = visitor["slider"].bounding_box()
    assert box
    x = box["x"] + box["width"] / 8
    visitor.page.mouse.click(x, box["y"] + 50)
    expect(visitor["slider"]).to_be_focused()
    for _ in range(2):
        visitor.page.keyboard.press("+")
    expect(visitor["zoom-in"]).to_be_disabled()
    visitor.wait_a_moment()
    expect(visitor["playhead"]).not_to_have_attribute("hidden", "")
    assert visitor.playhead_x() == pytest.approx(x - box["x"], abs=2)
    for _ in range(2):
        visitor.page.keyboard.press("-")
    expect(visitor["zoom-out"]).to_be_disabled()


def test_space_plays_also_where_the_mouse_has_pressed_a_button(visitor: Visitor, sounds: Path) -> None:
    visitor.hear(sounds / "song.mp3")
    visitor.page.locator("#strip button").first.click()
    expect(visitor["play"]).to_have_attribute("aria-label", "Pause")
    visitor.page.keyboard.press("Space")
    expect(visitor["play"]).to_have_attribute("aria-label", "Play")
    # With the keyboard a button is what it always is.
    visitor["zoom-in"].click()
    visitor["save-csv"].focus()
    visitor["zoom-in"].focus()
    visitor.page.keyboard.press("Space")
    expect(visitor["zoom-in"]).to_be_disabled()
    expect(visitor["play"]).to_have_attribute("aria-label", "Play")


def test_the_curve_is_saved_as_csv_and_png(visitor: Visitor, sounds: Path) -> None:
    heard = visitor.hear(sounds / "song.mp3")
    name, contents = visitor.save("save-csv")
    rows = list(csv.DictReader(io.StringIO(contents.decode())))
    assert name == "song.csv"
    assert [float(row["time_s"]) for row in rows] == pytest.approx(heard["times"])
    genre = next(iter(heard["curve"]))
    assert [float(row[genre]) for row in rows] == pytest.approx(heard["curve"][genre])
    assert [row["state"] for row in rows] == heard["step_state"]
    name, picture = visitor.save("save-png")
    assert name == "song.png"
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", picture[16:24]) == (1600, 900)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("text.mp3", "text.mp3 is not a sound file that this browser can read"),
        ("empty.mp3", "empty.mp3 is empty (0 bytes)"),
        ("short.wav", "short.wav is too short"),
    ],
)
def test_what_cannot_be_heard_is_refused_with_a_sentence(
    visitor: Visitor, sounds: Path, name: str, sentence: str
) -> None:
    visitor.choose(sounds / name)
    expect(visitor["error"]).to_contain_text(sentence, timeout=10_000)
    expect(visitor["welcome"]).to_be_visible()
    expect(visitor["stage"]).to_be_hidden()
    visitor.hear(sounds / "song.wav")
    expect(visitor["error"]).to_be_hidden()


def test_a_truncated_mp3_is_heard_as_far_as_it_goes_and_says_so(visitor: Visitor, sounds: Path) -> None:
    heard = visitor.hear(sounds / "truncated.mp3")
    assert heard["duration_s"] == pytest.approx(12, abs=1)
    assert len(heard["times"]) > 30
    expect(visitor["status"]).to_contain_text("truncated.mp3 ends after 12.0 s of the 24.0 s it announces")


def test_another_file_replaces_the_one_that_is_being_heard(visitor: Visitor, sounds: Path) -> None:
    visitor.choose(sounds / "song.mp3")
    heard = visitor.hear(sounds / "silence.wav")
    assert heard["path"] == "silence.wav"
    assert heard["duration_s"] == pytest.approx(10, abs=0.1)


WITHOUT_WEBCODECS = "delete globalThis.AudioDecoder;"
HANGING_WEBCODECS = """self.AudioDecoder = class {
  static isConfigSupported(config) { return Promise.resolve({ supported: true, config }); }
  state = 'unconfigured';
  decodeQueueSize = 0;
  configure() { this.state = 'configured'; }
  close() { this.state = 'closed'; }
  flush() { return new Promise(() => {}); }
  decode() {} reset() {} addEventListener() {} removeEventListener() {}
};"""


@pytest.mark.parametrize("decoders", [WITHOUT_WEBCODECS, HANGING_WEBCODECS], ids=["without", "hanging"])
def test_a_browser_whose_decoders_are_missing_or_hang_hears_the_same(
    browser: Browser, site: serving.Site, sounds: Path, model: GenreModel, tmp_path: Path, decoders: str
) -> None:
    root = tmp_path / "root"
    shutil.copytree(site.root, root, ignore=shutil.ignore_patterns("some", "mine", "damaged", "demo"))
    (worker,) = (root / "assets").glob("decoding-*.js")
    worker.write_text(decoders + worker.read_text())
    with serving.nginx(root, tmp_path) as other:
        visitor = Visitor.arrive(browser, other.address)
        visitor.context.add_init_script(
            """window.whole = 0;
               const decode = BaseAudioContext.prototype.decodeAudioData;
               BaseAudioContext.prototype.decodeAudioData = function (...all) {
                 window.whole++;
                 return decode.apply(this, all);
               };"""
        )
        visitor.open()
        page = visitor.hear(sounds / "song.m4a")
        assert visitor.page.evaluate("window.whole") == 1, "the page did not decode it by itself"
        visitor.check()
        visitor.context.close()
    python = model.curve(sounds / "song.m4a")
    n = min(len(page["times"]), len(python.times))
    probabilities = np.array([page["raw_curve"][genre] for genre in python.genres]).T
    assert np.abs(np.array(page["times"][:n]) - python.times[:n]).max() < 0.010
    assert np.abs(probabilities[:n] - python.probabilities[:n]).max() < 0.02
