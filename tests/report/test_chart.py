"""The chart as the page draws it: the card's order, bright where a genre is named, pale where it is not."""

import re

import numpy as np
import pytest

from genre_lib.report.chart import PALE, Chart, areas, labels, silences

GENRES = ("blues", "hiphop", "rock")
COLOURS = {"blues": "#112233", "hiphop": "#aabbcc", "rock": "#ffeedd"}


@pytest.fixture
def chart() -> Chart:
    """Forty bins: hip hop named, then probable, then nothing clear, then silence."""
    bins = np.tile([0.1, 0.7, 0.2], (40, 1))
    bins[20:30] = [0.35, 0.35, 0.3]
    return Chart(GENRES, bins, np.repeat(["music", "probable", "unsure", "silence"], 10), COLOURS)


def test_layers_stand_in_the_cards_order_and_fill_the_height(chart: Chart) -> None:
    pale = re.findall(rf'<path fill="(#\w+)" fill-opacity="{PALE}" d="M([^"]+)Z"/>', areas(chart))
    assert [colour for colour, _ in pale] == list(COLOURS.values())
    heights = [[float(point.split()[1]) for point in outline.split("L")] for _, outline in pale]
    assert min(heights[0]) == 0
    assert max(heights[-1]) == 100
    assert heights[1][0] == pytest.approx(10)


def test_only_what_is_named_is_bright(chart: Chart) -> None:
    bright = re.findall(r'<path fill="(#\w+)" d="M([^"]+)Z"/>', areas(chart))
    assert [colour for colour, _ in bright] == [COLOURS["hiphop"]]
    x = [float(point.split()[0]) for point in bright[0][1].split("L")]
    assert (min(x), max(x)) == (0, 250)


def test_names_are_peoples_and_say_how_sure(chart: Chart) -> None:
    found = " ".join(labels(chart))
    assert re.search(r'class="label named"[^>]*>hip hop<', found)
    assert re.search(r'class="label probable"[^>]*>probably hip hop<', found)
    assert "hiphop" not in found


def test_silence_is_left_blank(chart: Chart) -> None:
    assert silences(chart.states)[0] == '<span class="silent" style="left:75.00%;width:25.00%"></span>'
