"""The HTML report: complete in itself, readable without script, playable and steerable in a real browser."""

import base64
import io
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile

from genre_lib.audio.front_end import FrontEnd
from genre_lib.bundle.card import BySpan, Card
from genre_lib.bundle.timing import Timing
from genre_lib.errors import AudioError, ParameterError
from genre_lib.inference.curve import GenreCurve, step_levels, step_times
from genre_lib.report.page import write_report
from tests.conftest import until_true

GENRES = ("blues", "jazz", "rock")
CARD = Card(
    name="hand",
    version="1.2.3",
    description="",
    genres=GENRES,
    front_end=FrontEnd(),
    timing=Timing(step_frames=4, first_frame=-8, receptive_field_frames=12, minimum_frames=4),
    smoothing_s=1.0,
    temperatures=BySpan(1.0, 1.0, 1.0),
    unsure_below=BySpan(0.5, 0.5, 0.5),
    silence_dbfs=-60.0,
    limits=("It knows three genres.",),
    licence="MIT",
    metrics=(
        {"name": "accuracy", "value": 0.7, "interval": [0.6, 0.8], "n": 100, "data_set": "hand", "split": "test"},
    ),
)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 s of tone, 6 s of silence, 12 s of noise."""
    rng = np.random.default_rng(0)
    rate = CARD.front_end.sample_rate
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(12 * rate) / rate)
    path = tmp_path_factory.mktemp("song") / "Two & a <half> songs.wav"
    soundfile.write(path, np.concatenate([tone, np.zeros(6 * rate), 0.2 * rng.standard_normal(12 * rate)]), rate)
    return path


@pytest.fixture(scope="module")
def curve(recording: Path) -> GenreCurve:
    """Blues, then silence, then rock, then unsure."""
    front_end = CARD.front_end
    samples, _ = soundfile.read(recording, dtype="float32")
    times = step_times(CARD, front_end.n_frames(len(samples)))
    logits = np.zeros((len(times), 3), np.float32)
    logits[times < 15, 0] = 4
    logits[(times >= 15) & (times < 24), 2] = 4
    level = step_levels(CARD, front_end.frame_power(samples))
    return GenreCurve(CARD, times, logits, level, len(samples) / front_end.sample_rate)


@pytest.fixture(scope="module")
def report(curve: GenreCurve, recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(curve, recording, tmp_path_factory.mktemp("report") / "deep" / "report.html")


class Reader(HTMLParser):
    """Visible text, attributes that point somewhere, and whether every element was closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.links, self.open = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "path", "br", "link", "img"):
            self.open.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag):
        if tag != "path":
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)


def test_it_reads_without_script(report: Path) -> None:
    reader = Reader(report.read_text())
    assert not reader.open
    text = " ".join(" ".join(reader.text).split())
    assert "Two & a <half> songs" in text
    assert "heard by hand 1.2.3" in text
    assert "names 70 % (95 % interval 60 to 80 %) of 100 clips of hand (test) rightly" in text
    assert "It knows three genres." in text
    for row in ("0:00 0:12 blues", "silence", "rock", "unsure perhaps"):
        assert row in text


def test_segments_are_in_the_table(report: Path) -> None:
    states = re.findall(r'<span class="name"><i class="swatch ?(\w*)"', report.read_text())
    assert states == ["", "silence", "", "unsure"]


def test_nothing_is_fetched(report: Path) -> None:
    page = report.read_text()
    assert [link[:15] for link in Reader(page).links] == ["data:audio/mpeg"]
    assert "http" not in re.sub(r"base64,[^\"]*", "", page).replace("http-equiv", "")


def test_the_recording_is_embedded_whole_and_small(report: Path, recording: Path) -> None:
    encoded = re.search(r"data:audio/mpeg;base64,([^\"]+)", report.read_text()).group(1)
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(encoded)))
    assert len(samples) / rate == pytest.approx(30, abs=0.1)
    assert np.abs(samples[: 12 * rate]).mean() > 100 * np.abs(samples[13 * rate : 17 * rate]).mean()
    assert report.stat().st_size < 0.4 * recording.stat().st_size


def test_a_page_without_its_recording_is_small(curve: GenreCurve, tmp_path: Path) -> None:
    assert write_report(curve, None, tmp_path / "r.html", title="t").stat().st_size < 60_000


def test_a_long_recording_is_linked(curve: GenreCurve, recording: Path, tmp_path: Path) -> None:
    song = tmp_path / "music" / "so ng#1.wav"
    song.parent.mkdir()
    shutil.copy(recording, song)
    hour = replace(curve, duration_s=3600.0)
    page = write_report(hour, song, tmp_path / "reports" / "r.html").read_text()
    assert Reader(page).links == ["../music/so%20ng%231.wav"]
    assert "1:00:00" in page


def test_a_name_cannot_break_out(curve: GenreCurve, tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script>"
    genres = ("blues", evil, "rock")
    logits = curve.step_logits.copy()
    logits[:, 1] += 6
    odd = replace(curve, card=replace(CARD, genres=genres), step_logits=logits, warning=evil)
    page = write_report(odd, None, tmp_path / "r.html", title=evil).read_text()
    assert page.count("<script") == 2
    assert "<script>alert" not in page


def test_silence_is_called_silence(curve: GenreCurve, tmp_path: Path) -> None:
    mute = replace(curve, level=np.full(len(curve.level), -120.0))
    page = write_report(mute, None, tmp_path / "r.html").read_text()
    assert "There is nothing to hear." in page
    assert "blues" not in re.search(r'<section class="answer".*?</section>', page).group()
    assert 'class="label' not in page.replace("label quiet", "")


def test_a_curve_without_steps_still_gives_a_page(curve: GenreCurve, tmp_path: Path) -> None:
    empty = replace(curve, times=np.zeros(0), step_logits=np.zeros((0, 3), np.float32), level=np.zeros(0))
    assert "silence" in write_report(empty, None, tmp_path / "r.html").read_text()


def test_wrong_calls_are_refused(curve: GenreCurve, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="auto, embed, link or none"):
        write_report(curve, None, tmp_path / "r.html", audio="stream")
    broken = tmp_path / "song.mp3"
    broken.write_text("not music")
    with pytest.raises(AudioError):
        write_report(curve, broken, tmp_path / "r.html")
    assert not (tmp_path / "r.html").exists()


@pytest.fixture
def page(page, report: Path):
    """The open report."""
    page.goto(report.as_uri())
    until_true(page, "document.querySelector('audio').readyState >= 1")
    return page


def test_a_click_seeks(page) -> None:
    box = page.locator("#chart").bounding_box()
    page.mouse.click(box["x"] + 0.7 * box["width"], box["y"] + 100)
    until_true(page, "Math.abs(document.querySelector('audio').currentTime - 21) < 0.2")
    assert page.locator("#chart").get_attribute("aria-valuetext").startswith("0:21, rock")
    assert "rock" in page.locator("#now").inner_text()
    assert page.locator("tr.here").count() == 1
    assert "rock" in page.locator("tr.here").inner_text()


def test_the_playhead_follows_the_sound(page) -> None:
    page.click("#play")
    until_true(page, "parseFloat(document.querySelector('#head').style.left) > 1")
    assert page.locator("#play").get_attribute("aria-label") == "Pause"
    page.click("#play")
    at = page.evaluate("document.querySelector('audio').currentTime")
    share = page.evaluate("parseFloat(document.querySelector('#head').style.left)") / 100
    assert share * 30 == pytest.approx(at, abs=0.5)


def test_the_keyboard_is_enough(page) -> None:
    chart = page.locator("#chart")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "chart"
    page.keyboard.press("End")
    assert chart.get_attribute("aria-valuenow") == "30.0"
    page.keyboard.press("ArrowLeft")
    assert chart.get_attribute("aria-valuetext").startswith("0:25, unsure, perhaps")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert chart.get_attribute("aria-valuetext").startswith("0:05, blues")
    page.keyboard.press("Space")
    until_true(page, "!document.querySelector('audio').paused")


def test_a_segment_is_one_press_away(page) -> None:
    page.locator("tbody button").nth(1).press("Enter")
    assert page.locator("#chart").get_attribute("aria-valuetext").endswith("silence")


def test_the_pointer_tells_what_is_there(page) -> None:
    box = page.locator("#chart").bounding_box()
    page.mouse.move(box["x"] + 0.11 * box["width"], box["y"] + 100)
    tip = page.locator("#tip")
    assert tip.is_visible()
    assert "0:03" in tip.inner_text()
    assert "blues" in tip.inner_text()
    page.mouse.move(box["x"] + 0.999 * box["width"], box["y"] + 100)
    inside = tip.bounding_box()
    assert inside["x"] + inside["width"] <= box["x"] + box["width"] + 1


@pytest.mark.parametrize("width", [320, 390, 820, 1600])
def test_no_width_needs_sideways_scrolling(page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_dark_and_light_differ(page) -> None:
    colours = set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        colours.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(colours) == 2
