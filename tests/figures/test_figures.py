"""Figures that say what the results say, in colour and without, and reach the disk."""

import base64
import itertools
import json
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from genre_lib.audio.front_end import FrontEnd
from genre_lib.datasets import DataSet, Features, Track
from genre_lib.evaluation.accuracy_by_seconds import Point
from genre_lib.evaluation.calibration import calibrate
from genre_lib.evaluation.calibration_remarks import calibration_remarks
from genre_lib.evaluation.intervals import wilson
from genre_lib.evaluation.model_comparison import compare, leak_demonstration
from genre_lib.evaluation.scores import Condition, Evaluation, evaluate
from genre_lib.figures import evaluation as figures
from genre_lib.figures import files as figure_files
from genre_lib.figures.alternative_text import alternative_text
from genre_lib.figures.notebook_display import figure_output
from genre_lib.figures.palette import PALETTE, genre_colours, genre_slots, genre_styles

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
GENRES = ("blues", "jazz", "rock")


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 60)
    logits = [rng.standard_normal((100, 3)) + 1.5 * np.eye(3)[label] for label in labels]
    groups = [str(i // 3) for i in range(60)]
    result = evaluate(
        logits,
        labels,
        genres=GENRES,
        data_set="hand",
        split="valid",
        model="small",
        step_period_s=0.31,
        first_step_s=0.4,
        groups=groups,
        calibration=calibrate(logits, labels, step_period_s=0.31, smoothing_s=3.0, groups=groups),
    )
    return replace(
        result,
        by_gain=(Point(-40.0, wilson(40, 60)), Point(0.0, wilson(50, 60))),
        conditions=(
            Condition("unchanged", wilson(50, 60), wilson(0, 60)),
            Condition("white noise", wilson(44, 60), wilson(6, 60)),
        ),
    )


@pytest.fixture(scope="module")
def everything(evaluation: Evaluation) -> dict:
    answers = evaluation.answers
    leak = leak_demonstration(
        answers, answers, train_groups_random=range(10), train_groups_artist_aware=["someone else"]
    )
    tracks = tuple(Track(name=f"{genre}.0", path=None, genre=genre) for genre in GENRES)
    features = Features(
        DataSet("hand", tracks, GENRES, front_end=FrontEnd()), [np.zeros((50, 128), np.float32) - 30.0] * 3
    )
    belief = np.array([[0.6, 0.3, 0.1]] * 20)
    return {
        "confusion": lambda dark: figures.confusion_matrix(evaluation, dark=dark),
        "scores": lambda dark: figures.genre_scores(evaluation, dark=dark),
        "reliability": lambda dark: figures.reliability_diagram(evaluation, dark=dark),
        "seconds": lambda dark: figures.accuracy_by_seconds(evaluation, dark=dark),
        "gain": lambda dark: figures.accuracy_by_gain(evaluation, dark=dark),
        "conditions": lambda dark: figures.accuracy_under_conditions(evaluation, dark=dark),
        "leak": lambda dark: figures.leak_demonstration(leak, dark=dark),
        "comparison": lambda dark: figures.model_comparison(compare(evaluation, evaluation), dark=dark),
        "learning": lambda dark: figures.learning_curves([{"loss": 1.0, "valid_loss": 1.2}] * 3, dark=dark),
        "examples": lambda dark: figures.log_mel_examples(features, dark=dark),
        "curve": lambda dark: figures.genre_curve(
            np.arange(20) * 0.3,
            belief,
            GENRES,
            state=["silence"] * 5 + ["music"] * 10 + ["unsure"] * 5,
            waveform=np.zeros(6 * 22050),
            dark=dark,
        ),
    }


@pytest.mark.parametrize("dark", [False, True])
def test_every_figure_has_a_title_and_its_background(everything: dict, dark: bool) -> None:
    for name, make in everything.items():
        figure = make(dark)
        assert figure.layout.title.text, name
        assert figure.layout.template.layout.paper_bgcolor == ("#14161c" if dark else "#ffffff"), name
        assert figure.data, name


def test_every_axis_that_is_seen_says_what_it_is(everything: dict) -> None:
    for name, make in everything.items():
        layout = make(False).layout
        # In a grid the first column speaks for its row, and the last row for its column.
        titles = {letter: [axis for axis in axes_of(layout, letter) if axis.title.text] for letter in "xy"}
        assert titles["y"], name
        assert titles["x"] or name in CATEGORIES, name
        firsts = [axis for axis in axes_of(layout, "y") if axis.matches is None and axis.visible is not False]
        assert all(axis.title.text for axis in firsts if not axis.matches), name


CATEGORIES = ("scores", "leak", "comparison")


def axes_of(layout: go.Layout, letter: str) -> list:
    return [layout[name] for name in layout if name.startswith(f"{letter}axis")]


def test_words_say_what_a_figure_shows(everything: dict) -> None:
    for name, make in everything.items():
        figure = make(False)
        words = alternative_text(figure)
        assert words.startswith(figure.layout.title.text), name
        assert "<" not in words, name
    assert "Vertical: right genre" in alternative_text(everything["confusion"](False))


def test_smoothing_that_hurts_is_said(evaluation: Evaluation) -> None:
    assert evaluation.calibration is not None
    step, smoothed, clip = evaluation.calibration.spans
    worse = replace(smoothed.after, ece=step.after.ece + 0.2, accuracy=(0.9,), confidence=(0.5,), counts=(60,))
    better = replace(smoothed.after, ece=0.0)
    fine = replace(evaluation.calibration, spans=(step, replace(smoothed, after=better), replace(clip, after=better)))
    hurt = replace(fine, spans=(step, replace(smoothed, before=better, after=worse), replace(clip, after=better)))
    assert not [remark for remark in calibration_remarks(fine) if "Averaging" in remark]
    said = figures.reliability_diagram(replace(evaluation, calibration=hurt)).layout.title.subtitle.text
    said = said.replace("<br>", " ")
    assert "Averaging over 3.1 s moves answers away from their confidence" in said
    assert "right more often than they claim" in said
    assert "The temperature of smoothed" in said


def test_an_output_has_a_picture_with_words_beside_plotlys_own_type() -> None:
    if figure_files.find_browser() is None:
        pytest.skip("no Chromium-like browser is installed to draw images")
    figure = go.Figure(go.Bar(x=[1], y=[2])).update_layout(title_text="Two", height=300)
    bundle, metadata = figure_output(figure.to_dict())
    assert set(bundle) == {"application/vnd.plotly.v1+json", "image/png", "text/plain"}
    assert base64.b64decode(bundle["image/png"])[:4] == b"\x89PNG"
    assert metadata["image/png"] == {"alt": "Two.", "width": 900, "height": 300}


def test_without_a_browser_an_output_still_has_figure_and_words(monkeypatch) -> None:
    monkeypatch.setattr(figure_files, "find_browser", lambda: None)
    bundle, metadata = figure_output(go.Figure(layout_title_text="Two").to_dict())
    assert set(bundle) == {"application/vnd.plotly.v1+json", "text/plain"}
    assert bundle["text/plain"] == "Two."
    assert metadata == {}


def test_numbers_shown_are_the_results(evaluation: Evaluation) -> None:
    heat = figures.confusion_matrix(evaluation).data[0]
    np.testing.assert_array_equal(heat.customdata, evaluation.confusion)
    np.testing.assert_allclose(np.asarray(heat.z).sum(axis=1), 1)
    _, line = figures.accuracy_by_seconds(evaluation).data
    assert list(line.y) == [point.accuracy.value for point in evaluation.by_seconds]
    recall, precision = figures.genre_scores(evaluation).data
    assert list(recall.y) == [score.recall.value for score in evaluation.per_genre]
    assert precision.error_y.array[0] == pytest.approx(
        evaluation.per_genre[0].precision.high - evaluation.per_genre[0].precision.value
    )


def test_conditions_say_the_points_lost(evaluation: Evaluation) -> None:
    labels = figures.accuracy_under_conditions(evaluation).data[0].y
    assert labels == ("unchanged", "-40 dB  <b>-16.7</b>", "white noise  <b>-10.0</b>")


def test_series_differ_without_colour(everything: dict) -> None:
    for name in ("scores", "leak", "comparison"):
        figure = everything[name](False)
        shapes = [shape for bar in figure.data for shape in np.atleast_1d(bar.marker.pattern.shape)]
        assert len(set(shapes)) > 1, name
    curve = everything["curve"](False)
    assert len({area.fillpattern.shape for area in curve.data if area.stackgroup}) == 3
    reliability = everything["reliability"](False)
    assert {"dot", "dash", "solid"} <= {line.line.dash for line in reliability.data}


def test_silence_and_unsure_are_marked_in_the_curve(everything: dict) -> None:
    spans = everything["curve"](False).layout.shapes
    assert [(round(shape.x0, 2), round(shape.x1, 2)) for shape in spans] == [(-0.15, 1.35), (4.35, 5.85)]


def test_what_was_not_measured_is_said_so(evaluation: Evaluation) -> None:
    bare = replace(evaluation, by_gain=(), conditions=(), calibration=None)
    for figure in (
        figures.leak_demonstration(None),
        figures.accuracy_by_gain(bare),
        figures.accuracy_under_conditions(bare),
        figures.reliability_diagram(bare),
    ):
        assert "not" in figure.layout.annotations[0].text


def test_learning_curves_take_both_shapes() -> None:
    rows = figures.learning_curves([{"loss": 2.0}, {"loss": 1.0, "valid_accuracy": 0.5}])
    columns = figures.learning_curves({"loss": [2.0, 1.0], "valid_accuracy": [np.nan, 0.5]})
    assert [trace.name for trace in rows.data] == [trace.name for trace in columns.data] == ["loss", "valid accuracy"]


@pytest.mark.parametrize("n", [1, 10, 37])
def test_any_number_of_genres_can_be_told_apart(n: int) -> None:
    styles = genre_styles([f"genre{i}" for i in range(n)])
    assert len(styles) == n
    assert len({(style.colour, style.pattern) for style in styles.values()}) == n
    assert len({(style.colour, style.dash, style.symbol) for style in styles.values()}) == n


# Machado, Oliveira, Fernandes: A physiologically-based model for simulation of color vision deficiency, 2009.
PROTANOPIA = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
DEUTERANOPIA = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
TRITANOPIA = [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]


def oklab(linear: np.ndarray) -> np.ndarray:
    lms = linear @ np.array(
        [[0.41222, 0.53633, 0.05145], [0.21190, 0.68070, 0.10740], [0.08830, 0.28172, 0.62998]]
    ).T  # fmt: skip
    return np.cbrt(lms) @ np.array(
        [[0.21045, 0.79362, -0.00407], [1.97800, -2.42859, 0.45059], [0.02590, 0.78277, -0.80868]]
    ).T  # fmt: skip


@pytest.mark.parametrize(
    "vision",
    [np.eye(3), PROTANOPIA, DEUTERANOPIA, TRITANOPIA],
    ids=["full", "protanopia", "deuteranopia", "tritanopia"],
)
def test_no_two_colours_look_alike(vision) -> None:
    rgb = np.array([[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in PALETTE.values()])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = oklab(np.clip(linear @ np.asarray(vision).T, 0, 1))
    # 0.02 is about where two patches side by side can just be told apart.
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 0.05


def test_figures_are_saved_and_ask_no_network(tmp_path: Path) -> None:
    if figure_files.find_browser() is None:
        pytest.skip("no Chromium-like browser is installed to draw images")
    figure = go.Figure(go.Bar(x=[1], y=[2]))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        written = figures.save_figures({"one": figure, "two": figure}, tmp_path / "new")
        written += figures.save_figure(figure, tmp_path / "new", "three", formats=("png",))
    assert [path.name for path in written] == [
        "one.html", "two.html", "one.png", "one.svg", "two.png", "two.svg", "three.png",
    ]  # fmt: skip
    assert (tmp_path / "new" / "one.png").read_bytes()[:4] == b"\x89PNG"
    assert "<svg" in (tmp_path / "new" / "two.svg").read_text()
    page = (tmp_path / "new" / "one.html").read_text()
    assert 'src="plotly.min.js"' in page
    assert "https://" not in page
    assert (tmp_path / "new" / "plotly.min.js").stat().st_size > 1e6


def test_without_a_browser_there_is_html_and_one_sentence(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(figure_files, "find_browser", lambda: None)
    with pytest.warns(UserWarning, match="HTML only") as caught:
        written = figures.save_figure(go.Figure(), tmp_path, "empty")
    assert len(caught) == 1
    assert [path.name for path in written] == ["empty.html"]


def test_a_browser_that_fails_leaves_html_and_one_sentence(tmp_path: Path, monkeypatch) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(figure_files, "find_browser", lambda: str(broken))
    with pytest.warns(UserWarning, match="HTML only"):
        written = figures.save_figure(go.Figure(), tmp_path / "out", "empty")
    assert [path.name for path in written] == ["empty.html"]


@pytest.mark.parametrize(
    "given", json.loads((FIXTURES / "colours.json").read_text()), ids=lambda given: given["genres"][0]
)
def test_colours_are_those_of_the_fixture_that_the_page_is_held_to(given: dict) -> None:
    assert list(genre_slots(given["genres"]).values()) == given["slots"]
    assert list(genre_colours(given["genres"]).values()) == given["colours"]
