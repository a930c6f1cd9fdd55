"""What a notebook user finds: short reprs, tables, figures, and the functions of the top."""

import doctest
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import genre_lib
from genre_lib.errors import GenreLibError


@pytest.fixture(scope="module")
def curve(pretrained):
    rng = np.random.default_rng(0)
    silence = np.zeros(10 * 22050)
    return pretrained.curve(np.concatenate([rng.normal(0, 0.1, 12 * 22050), silence]), 22050)


def test_everything_prints_as_a_line(pretrained, curve) -> None:
    for thing in (pretrained, pretrained.card, pretrained.bundle, curve, curve.belief, curve.answer()):
        text = repr(thing)
        assert "\n" not in text
        assert len(text) < 320, text
    assert "22.0 s" in repr(curve)


def test_a_curve_is_a_picture_with_its_answer_in_a_notebook(curve) -> None:
    html = curve._repr_html_()
    assert "<svg" in html
    assert "0:22 heard by" in html
    assert "<script" not in html
    # The silent end is veiled.
    assert html.count("<rect") > 10


def test_the_table_of_a_curve_says_what_is_shown(curve) -> None:
    frame = curve.to_frame()
    assert len(frame) == len(curve.times)
    np.testing.assert_allclose(frame[list(curve.genres)].to_numpy(), curve.belief.probabilities)
    assert frame["state"].iloc[-1] == "silence"
    assert frame["genre"].iloc[-1] is None


def test_a_curve_plots_itself(curve) -> None:
    figure = curve.plot()
    assert [trace.name for trace in figure.data] == list(curve.genres)


def test_segments_cover_the_recording(curve) -> None:
    found = curve.segments()
    assert found[0].start_s == 0
    assert found[-1].stop_s == pytest.approx(curve.duration_s)
    assert found[-1].state == "silence"


def test_a_folder_becomes_a_table_with_a_column_a_genre(pretrained, song: Path) -> None:
    (song.parent / "broken.mp3").write_bytes(b"no music")
    frame = pretrained.predict(song.parent)
    rows = {Path(row["path"]).name: row for _, row in frame.iterrows()}
    heard, broken = rows["song.wav"], rows["broken.mp3"]
    assert sum(heard[genre] for genre in pretrained.card.genres) == pytest.approx(1, abs=1e-4)
    assert "broken.mp3" in broken["error"]


def test_all_of_the_top_is_there_with_an_example() -> None:
    finder = doctest.DocTestFinder(recurse=False)
    for name in genre_lib.__all__:
        thing = getattr(genre_lib, name)
        if name == "__version__" or (issubclass(type(thing), type) and issubclass(thing, GenreLibError)):
            continue
        assert any(test.examples for test in finder.find(thing, name)), name
    with pytest.raises(AttributeError, match="nonsense"):
        genre_lib.nonsense  # noqa: B018


def test_listening_loads_no_table_no_figure_and_no_training() -> None:
    code = (
        "import sys, numpy as np, genre_lib; c = genre_lib.load_model().curve(np.ones(22050 * 4), 22050); repr(c);"
        "c._repr_html_(); c.segments(); print([m for m in ('pandas', 'plotly', 'tensorflow') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
