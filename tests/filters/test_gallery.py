"""The gallery in a browser: offline, lazy, audible, and by keyboard alone."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from genre_lib.bundle.timing import Timing
from genre_lib.filters import Excerpt, Filters, Neuron, find_filters
from genre_lib.filters.gallery import write_gallery
from genre_lib.filters.layers import NeuronLayer
from tests.conftest import until_true
from tests.filters.conftest import FRONT_END


@pytest.fixture(scope="module")
def folder(onset, clicks, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("gallery") / "filters"
    find_filters(onset, clicks[0], folder, name="a <b>bold</b> model")
    return folder


def many(n: int) -> Filters:
    layers = tuple(NeuronLayer(f"layer{i}", n // 4, i, Timing(4, -36, 40, 4), True) for i in range(4))
    neurons = tuple(
        Neuron(
            layer.name,
            number,
            1 + number / 10,
            (Excerpt("</script><script>alert(1)</script>", "rock", 0, 68_000, 0.0, 3.1, 1 + number / 10),),
            {"rock": number % 5, "jazz": 4 - number % 5},
            None,
            (number % 5) / 5,
        )
        for layer in layers
        for number in range(layer.n_neurons)
    )
    return Filters("m", "d", ("jazz", "rock"), {"jazz": 5, "rock": 5}, FRONT_END, 8, 4, layers, neurons)


def test_names_cannot_become_markup(folder):
    text = (folder / "index.html").read_text()
    assert "a &lt;b&gt;bold&lt;/b&gt; model" in text
    assert "<b>bold" not in text


def test_names_cannot_end_the_data(tmp_path):
    text = write_gallery(many(8), tmp_path / "index.html").read_text()
    assert text.count("</script>") == 2


def test_it_names_no_other_host(folder):
    assert not re.search(r"(?:https?:)?//[\w.-]+\.\w+/", (folder / "index.html").read_text())


@pytest.mark.slow
def test_hovering_plays_the_neuron_and_shows_its_moments(page, folder):
    page.goto((folder / "index.html").as_uri())
    assert page.locator(".tile").count() == 5
    assert page.locator(".tile.dead").count() == 1
    page.locator(".tile").nth(1).hover()
    until_true(page, "!player.paused && player.currentTime > 0.1")
    assert page.evaluate("player.src").endswith("onset/0001.wav")
    assert page.locator("aside .excerpts button").count() == 4
    assert page.locator("aside img").evaluate("image => image.decode().then(() => image.naturalHeight)") == 48
    page.mouse.move(5, 5)
    until_true(page, "player.paused")


@pytest.mark.slow
def test_keys_alone_walk_play_and_stop(page, folder):
    page.goto((folder / "index.html").as_uri())
    page.locator(".tile").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("aside h2").inner_text() == "onset 1"
    page.keyboard.press("Enter")
    until_true(page, "!player.paused && player.currentTime > 0")
    page.keyboard.press("Escape")
    until_true(page, "player.paused")


@pytest.mark.slow
def test_one_moment_of_several_plays_alone(page, folder):
    page.goto((folder / "index.html").as_uri())
    page.locator("aside .excerpts button").nth(2).click()
    begin = page.evaluate("neurons[0].excerpts[2][4]")
    until_true(page, f"player.currentTime > {begin}")
    until_true(page, "player.paused")
    length = page.evaluate("data.layers[0].seconds")
    assert begin + length - 0.05 <= page.evaluate("player.currentTime") < begin + length + 0.5


@pytest.mark.slow
def test_thousands_of_neurons_come_as_one_scrolls(page, tmp_path):
    # Without sounds and pictures: what is not shown is not asked for either.
    page.goto(write_gallery(many(4000), tmp_path / "index.html").as_uri())
    assert 0 < page.locator(".tile").count() <= 400
    assert page.locator("#count").inner_text() == "4000 neurons"
    before = page.locator(".tile").count()
    page.mouse.move(400, 600)
    page.mouse.wheel(0, 20_000)
    until_true(page, f"document.querySelectorAll('.tile').length > {before}")


@pytest.mark.slow
def test_it_sorts_and_filters(page, tmp_path):
    page.goto(write_gallery(many(400), tmp_path / "index.html").as_uri())
    page.select_option("#sort", "activation")
    assert page.locator(".tile .name b").first.inner_text() == "99"
    page.select_option("#genre", "0")
    page.select_option("#layer", "2")
    # Jazz leads where a neuron counts rock in at most two of its four tracks: a tie goes to the first genre.
    assert page.locator("#count").inner_text() == "60 neurons"
    page.select_option("#sort", "specialisation")
    assert page.evaluate("shown.every((n, i) => !i || n.specialisation <= shown[i - 1].specialisation)")
    # The choice is in the address: it can be kept as a bookmark.
    page.reload()
    assert page.locator("#count").inner_text() == "60 neurons"


def test_a_gallery_without_genres_or_sound_is_written(tmp_path):
    filters = replace(many(8), genres=(), tracks_by_genre={})
    neurons = tuple(replace(neuron, genres={}, specialisation=None) for neuron in filters.neurons)
    assert "Arrow keys walk." in write_gallery(replace(filters, neurons=neurons), tmp_path / "index.html").read_text()
