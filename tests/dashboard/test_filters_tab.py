"""The Filters tab: what fires now, to see and to hear, and everything else to browse."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from genre_lib.dashboard import filter_search
from genre_lib.dashboard import filters_tab as filters_dashboard
from genre_lib.dashboard.filter_search import Finding
from genre_lib.dashboard.filters_tab import filters_of, folder_to_find_in
from genre_lib.dashboard.paths import NamedPath
from genre_lib.dashboard.server import serving
from genre_lib.dashboard.settings import Settings
from genre_lib.filters import Filters, open_extractor, strongest
from tests.conftest import write_song
from tests.dashboard.conftest import NEURONS
from tests.dashboard.visitor import Visitor

Arrive = Callable[..., Visitor]


@pytest.mark.slow
def test_all_neurons_are_shown_and_played(visitor: Visitor, filters: Path) -> None:
    visitor.tab("Filters")
    visitor.page.get_by_text("Listen to a song in the first tab").wait_for()
    grid = visitor.page.locator(".gf-grid")
    grid.locator(".gf-tile").nth(2 * NEURONS - 1).wait_for()
    assert grid.locator(".gf-tile").count() == 2 * NEURONS
    record = Filters.load(filters)
    fires = next(neuron for neuron in record.neurons if neuron.sound)
    tile = grid.get_by_role("button", name=re.compile(f"^{fires.layer} {fires.neuron},"))
    visitor.page.wait_for_function("tile => tile.querySelector('img').naturalWidth > 0", arg=tile.element_handle())
    tile.click()
    grid.locator(".gf-tile.sounds").wait_for()
    visitor.page.locator(".gf-bar select").first.select_option(label="residual2_conv")
    assert grid.locator(".gf-tile").count() == NEURONS


@pytest.mark.slow
def test_what_fires_at_the_moment_of_the_song(visitor: Visitor, filters: Path, shelf: Path) -> None:
    visitor.choose_song("mixed/live/c.ogg")
    visitor.hears("mixed/live/c.ogg")
    visitor.sound()
    visitor.audio("audio => { audio.currentTime = 6; }")
    visitor.tab("Filters")
    visitor.page.get_by_text("Firing now, at 0:06 of mixed/live/c.ogg").wait_for()
    cards = visitor.page.locator(".gf-cards .gf-tile")
    shown = {card.get_attribute("aria-label").split(",")[0] for card in cards.all()}
    record = Filters.load(filters)
    from genre_lib.audio.decoding import load_audio

    log_mel = record.front_end.log_mel(load_audio(shelf / "mixed" / "live" / "c.ogg", record.front_end.sample_rate))
    active = strongest(open_extractor(filters, record), record, log_mel, 6.0, n=filters_dashboard.N_ACTIVE)
    assert shown == {f"{one.neuron.layer} {one.neuron.neuron}" for one in active}
    # The song goes on, and with it the neurons.
    visitor.page.get_by_role("button", name="Play the song").click()
    visitor.until("audio => audio.currentTime > 8")
    visitor.page.get_by_text(re.compile("Firing now, at 0:0[89]")).wait_for()
    visitor.page.get_by_role("button", name="Pause the song").click()


def write_songs_of_genres(folder: Path, genres: tuple[str, ...] = ("calm", "loud")) -> None:
    for genre in genres:
        (folder / genre).mkdir(parents=True)
        write_song(folder / genre / "song.wav", seconds=6, seed=len(genre))


@pytest.fixture
def bare_model(pretrained, tmp_path: Path) -> Iterator[Path]:
    """A bundle without filters, in a folder of its own name; what is found for it is removed."""
    folder = tmp_path / "models" / f"bare-{os.getpid()}"
    shutil.copytree(pretrained.bundle.folder, folder)
    yield folder
    shutil.rmtree(folder_to_find_in(folder), ignore_errors=True)


@pytest.mark.slow
def test_a_model_without_filters_has_them_found(browser, bare_model: Path, tmp_path: Path) -> None:
    # A data set, and folders that are none.
    write_songs_of_genres(tmp_path / "genres")
    write_songs_of_genres(tmp_path / "genres" / "more", ("one", "two"))
    with serving(Settings(folder=str(tmp_path / "genres"), model=str(bare_model)), port=0) as running:
        visitor = Visitor(browser, running.url, "")
        visitor.tab("Filters")
        visitor.page.get_by_text("This model has no filters yet").wait_for()
        choice = visitor.page.get_by_label("Music to find them in")
        labels = choice.locator("option").all_inner_texts()
        choice.select_option("genres/calm")
        visitor.page.get_by_role("button", name="Find them").click()
        visitor.page.get_by_text("genres/calm holds no data set").wait_for()
        choice.select_option(labels[0])
        visitor.page.get_by_role("button", name="Find them").click()
        visitor.page.locator(".gf-grid .gf-tile").first.wait_for()
        visitor.page.get_by_role("button", name="Find", exact=True).wait_for()
        # A search that fails leaves what is there, and its reason stays to be read.
        choice.select_option("genres/calm")
        visitor.page.get_by_role("button", name="Find", exact=True).click()
        visitor.page.get_by_text("genres/calm holds no data set").wait_for()
        visitor.page.wait_for_timeout(1000)
        assert visitor.page.get_by_text("genres/calm holds no data set").is_visible()
        # Another visitor finds them in other music: old pictures are not mixed with new ones.
        other = Visitor(browser, running.url, "")
        other.tab("Filters")
        other.page.get_by_text("All neurons, and what they heard in genres").wait_for()
        other.page.get_by_label("Music to find them in").select_option("genres/more")
        other.page.get_by_role("button", name="Find", exact=True).click()
        other.page.get_by_text("All neurons, and what they heard in more").wait_for()
        visitor.page.locator(".gf-bar select").last.select_option(label="by activation")
        visitor.page.locator(".gf-grid .gf-tile img").first.evaluate("image => image.closest('button').click()")
        visitor.page.get_by_text("All neurons, and what they heard in more").wait_for()
        other.leave()
        found = filters_of(bare_model)
        assert found is not None
        assert {e.track for neuron in Filters.load(found).neurons for e in neuron.excerpts} <= {
            "calm/song.wav",
            "loud/song.wav",
        }
        visitor.leave()
        assert visitor.trouble == []


def test_a_search_that_is_stopped_leaves_what_was_there(pretrained, tmp_path: Path) -> None:
    write_songs_of_genres(tmp_path / "music")
    out = tmp_path / "filters"
    out.mkdir()
    (out / "filters.json").write_text("of before")
    ended: list[str] = []
    search = Finding(
        pretrained.bundle.folder, NamedPath("music", tmp_path / "music"), out, lambda _: search.stop(), ended.append
    )
    search.run()
    assert ended == ["The search for filters was stopped."]
    assert [path.name for path in tmp_path.iterdir() if path.name != "music"] == ["filters"]
    assert (out / "filters.json").read_text() == "of before"


def test_a_full_disk_is_told(pretrained, tmp_path: Path, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(filter_search, "replaced_folder", full)
    ended: list[str] = []
    Finding(
        pretrained.bundle.folder, NamedPath("music", tmp_path), tmp_path / "filters", lambda _: None, ended.append
    ).run()
    assert "No space left on device" in ended[0]


def test_filters_of_another_bundle_in_a_folder_of_the_same_name_are_not_shown(
    pretrained, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(filters_dashboard, "derived_folder", lambda: tmp_path)
    music, bundle = tmp_path / "music", pretrained.bundle.folder
    write_songs_of_genres(music)
    out = folder_to_find_in(bundle)
    assert filters_of(bundle) is None
    Finding(bundle, NamedPath("music", music), out, lambda _: None, lambda _: None).run()
    assert filters_of(bundle) == out.resolve()
    record = out / "filters.json"
    record.write_text(record.read_text().replace(pretrained.card.files["model.tflite"].sha256, "of another network"))
    assert filters_of(bundle) is None


def test_what_a_notebook_has_found_is_not_replaced(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(filters_dashboard, "derived_folder", lambda: tmp_path / "derived")
    bundle = tmp_path / "myrun" / "bundle"
    (tmp_path / "myrun" / "filters").mkdir(parents=True)
    (tmp_path / "myrun" / "filters" / "filters.json").write_text("{}")
    assert filters_of(bundle) == tmp_path / "myrun" / "filters"
    assert folder_to_find_in(bundle) == tmp_path / "derived" / "filters" / "myrun"


def test_damaged_filters_are_found_again(pretrained, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(filters_dashboard, "derived_folder", lambda: tmp_path)
    folder = folder_to_find_in(pretrained.bundle.folder)
    folder.mkdir(parents=True)
    (folder / "filters.json").write_text("{")
    assert filters_of(pretrained.bundle.folder) is None


def test_what_goes_wrong_is_always_said(pretrained, tmp_path: Path, monkeypatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(filter_search, "replaced_folder", broken)
    ended: list[str] = []
    Finding(pretrained.bundle.folder, NamedPath("music", tmp_path), tmp_path / "x", lambda _: None, ended.append).run()
    assert "ZeroDivisionError: of all things" in ended[0]


@pytest.mark.slow
def test_the_kernel_stays_small_with_the_tab_open(visitor: Visitor, dashboard) -> None:
    before = {process.pid for process in psutil.Process(dashboard.process.pid).children(recursive=True)}
    visitor.choose_song("mixed/live/c.ogg")
    visitor.hears("mixed/live/c.ogg")
    visitor.tab("Filters")
    visitor.page.locator(".gf-cards .gf-tile").first.wait_for()
    kernels = [psutil.Process(pid) for pid in before if psutil.pid_exists(pid)]
    sizes = [process.memory_info().rss / 1e6 for process in kernels if "ipykernel" in " ".join(process.cmdline())]
    assert sizes
    assert max(sizes) < 200


def test_a_record_cannot_lead_out_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "filters").mkdir()
    (tmp_path / "secret.flac").write_bytes(b"secret")
    (tmp_path / "filters" / "link.flac").symlink_to(tmp_path / "secret.flac")
    (tmp_path / "filters" / "own.flac").write_bytes(b"own")
    names = ("../secret.flac", str(tmp_path / "secret.flac"), "link.flac", "missing.flac", None, "own.flac")
    assert [filters_dashboard._file((tmp_path / "filters").resolve(), name) for name in names] == [None] * 5 + [b"own"]


def test_the_tab_needs_no_tensorflow() -> None:
    code = (
        "import sys, genre_lib.dashboard.filters_tab; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
