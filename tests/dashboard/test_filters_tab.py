"""The Filters tab: what fires now, to see and to hear, and everything else to browse."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from genre_lib.dashboard.models import Models
from genre_lib.dashboard.places import Places
from genre_lib.dashboard.settings import Settings
from genre_lib.filters import Filters, open_ear, strongest
from genre_lib.filters import dashboard as filters_dashboard
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
    from genre_lib.audio import load_audio

    log_mel = record.front_end.log_mel(load_audio(shelf / "mixed" / "live" / "c.ogg", record.front_end.sample_rate))
    firing = strongest(open_ear(filters, record), record, log_mel, 6.0, n=filters_dashboard.N_FIRING)
    assert shown == {f"{one.neuron.layer} {one.neuron.neuron}" for one in firing}
    # The song goes on, and with it the neurons.
    visitor.page.get_by_role("button", name="Play the song").click()
    visitor.until("audio => audio.currentTime > 8")
    visitor.page.get_by_text(re.compile("Firing now, at 0:0[89]")).wait_for()
    visitor.page.get_by_role("button", name="Pause the song").click()


@pytest.mark.slow
def test_a_model_without_filters_says_how_to_make_them(visitor: Visitor, pretrained) -> None:
    visitor.tab("Filters")
    visitor.page.locator(".gf-grid .gf-tile").first.wait_for()
    visitor.choose_model(f"{pretrained.card.name} {pretrained.card.version}")
    visitor.page.get_by_text("This model has no filters yet").wait_for()
    assert visitor.page.locator(".gf-grid .gf-tile").count() == 0


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


def test_without_filters_there_is_no_tab(other_model: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(filters_dashboard, "derived_folder", lambda: tmp_path)
    monkeypatch.setattr(filters_dashboard, "RECORD", "nothing.json")
    models = Models(Places.of(Settings(model=str(other_model))))
    assert filters_dashboard.filters_tab(models, lambda: None) is None


def test_a_record_cannot_lead_out_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "filters").mkdir()
    (tmp_path / "secret.flac").write_bytes(b"secret")
    (tmp_path / "filters" / "link.flac").symlink_to(tmp_path / "secret.flac")
    (tmp_path / "filters" / "own.flac").write_bytes(b"own")
    names = ("../secret.flac", str(tmp_path / "secret.flac"), "link.flac", "missing.flac", None, "own.flac")
    assert [filters_dashboard._file((tmp_path / "filters").resolve(), name) for name in names] == [None] * 5 + [b"own"]


def test_the_tab_needs_no_tensorflow() -> None:
    code = "import sys, genre_lib.filters.dashboard; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
