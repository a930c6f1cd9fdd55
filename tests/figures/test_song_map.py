"""The map as a figure, and as a page on which a dot plays its song."""

from pathlib import Path

import numpy as np
import pytest

from genre_lib.figures.palette import genre_colours
from genre_lib.figures.song_map import addresses, save_song_map, song_map
from tests.conftest import write_song

POINTS = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def test_only_what_is_named_has_a_genres_colour() -> None:
    figure = song_map(POINTS, ["a", "b", "c"], ["jazz", "hiphop", "rock"], ["music", "probable", "unsure"], share=0.5)
    assert [trace.name for trace in figure.data] == ["hip hop (1)", "jazz (1)", "not named (1)"]
    assert figure.data[1].marker.color == genre_colours(["jazz"])["jazz"]
    assert figure.data[2].marker.color not in genre_colours(["jazz", "hiphop", "rock"]).values()
    assert list(figure.data[0].customdata[0][:3]) == ["b", "probably hip hop", 1]


@pytest.mark.slow
def test_a_dot_that_is_pressed_plays_its_song(browser, tmp_path: Path) -> None:
    songs = [
        write_song(tmp_path / name, seconds=4 + seed, seed=seed) for seed, name in enumerate(("a b.wav", "ü#.wav"))
    ]
    points, genres = POINTS[:2], ["jazz", "rock"]
    names = [song.name for song in songs]
    figure = song_map(points, names, genres, ["music", "music"], share=1.0, sounds=addresses(songs))
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(save_song_map(figure, tmp_path / "figures").as_uri())
    dots = page.locator(".scatterlayer .points path")
    assert dots.count() == 2
    dots.nth(1).click(force=True)
    page.wait_for_function("document.getElementById('sound').duration > 0")
    assert page.evaluate("document.getElementById('sound').duration") == pytest.approx(5, abs=0.1)
    assert page.locator("#heard").inner_text() == "ü#.wav"
    assert all(url.startswith(("file:", "blob:", "data:")) for url in asked)
    page.close()
