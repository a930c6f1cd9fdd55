"""Every figure of the notebooks, each a function from saved results to a Plotly figure.

All take `dark=True` for a dark page. Each is readable in black and white and by colour-blind people: series differ in
dash, symbol or hatching, heat maps print their numbers, intervals are drawn where they are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from genre_lib.evaluation.calibration_remarks import calibration_remarks
from genre_lib.evaluation.model_comparison import Comparison, LeakDemonstration
from genre_lib.evaluation.scores import Evaluation
from genre_lib.figures.files import save_figure, save_figures
from genre_lib.figures.palette import PALETTE, SILENCE, genre_colours
from genre_lib.figures.spectrograms import genre_curve, log_mel_examples
from genre_lib.figures.style import (
    HATCH,
    accents,
    add_band,
    bars_of,
    estimate_bars,
    finish,
    ink,
    nothing,
    part,
    percent,
    percent_axis,
    template,
)

__all__ = [
    "accuracy_by_gain",
    "accuracy_by_seconds",
    "accuracy_under_conditions",
    "confusion_matrix",
    "genre_colours",
    "genre_curve",
    "genre_scores",
    "leak_demonstration",
    "learning_curves",
    "log_mel_examples",
    "model_comparison",
    "reliability_diagram",
    "save_figure",
    "save_figures",
    "template",
]

_BLUES = ((0.0, "#f7f8fc"), (0.25, "#cdd3ee"), (0.6, "#7480cc"), (1.0, "#2b3590"))
_BLUES_DARK = ((0.0, "#181b22"), (0.25, "#2c356b"), (0.6, "#5a68c8"), (1.0, "#c4cbf5"))


def confusion_matrix(evaluation: Evaluation, *, dark: bool = False) -> go.Figure:
    """Rows: the right genre; columns: the genre named; the shade is the share of the row, the number the clips."""
    counts = np.asarray(evaluation.confusion)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = 460 + 34 * len(evaluation.genres)
    figure = go.Figure(
        go.Heatmap(
            z=share,
            x=evaluation.genres,
            y=evaluation.genres,
            text=np.where(counts > 0, counts, "").tolist(),
            texttemplate="%{text}",
            customdata=counts,
            hovertemplate="%{y}, named %{x}<br>%{customdata} clips, %{z:.0%} of the row<extra></extra>",
            colorscale=_BLUES_DARK if dark else _BLUES,
            zmin=0,
            zmax=1,
            xgap=2,
            ygap=2,
            colorbar={"title": "share of row", "tickformat": ".0%", "thickness": 12, "outlinewidth": 0},
        )
    )
    figure.update_xaxes(type="category")
    figure.update_yaxes(autorange="reversed", title="right genre", showgrid=False, type="category")
    figure.update_xaxes(title="genre named", showgrid=False, tickangle=-35)
    accuracy = percent(evaluation.accuracy)
    return finish(figure, f"Confusion: {accuracy} right", part(evaluation), dark, height=min(size, 900))


def genre_scores(evaluation: Evaluation, *, dark: bool = False) -> go.Figure:
    """Precision and recall of each genre, with intervals."""
    first, second = accents(dark)
    figure = go.Figure()
    for name, colour, pattern in (("recall", first, ""), ("precision", second, "/")):
        estimates = [getattr(score, name) for score in evaluation.per_genre]
        figure.add_bar(
            name=name,
            x=[f"{score.genre}<br>n = {score.n_clips}" for score in evaluation.per_genre],
            y=[None if estimate is None else estimate.value for estimate in estimates],
            error_y={**bars_of(estimates), "color": ink(dark), "thickness": 1.2, "width": 3},
            marker={"color": colour, "pattern": {"shape": pattern, **HATCH}},
            hovertemplate="%{x}<br>" + name + " %{y:.0%}<extra></extra>",
        )
    figure.update_layout(barmode="group", bargap=0.25)
    percent_axis(figure, "recall, precision")
    return finish(figure, "Recall and precision by genre", part(evaluation), dark)


def reliability_diagram(evaluation: Evaluation, *, dark: bool = False) -> go.Figure:
    """Reliability before and after its temperature, one panel a span; the dot's area is the share of answers."""
    first, second = accents(dark)
    if evaluation.calibration is None:
        return nothing("Does the confidence mean what it says?", "This model was not calibrated.", dark)
    spans = evaluation.calibration.spans
    figure = make_subplots(
        cols=len(spans),
        shared_yaxes=True,
        horizontal_spacing=0.04,
        subplot_titles=[
            f"{span.name}, {span.seconds:.2g} s<br>ECE {span.ece_before:.3f} → <b>{span.ece_after:.3f}</b>"
            f" (T = {span.temperature:.2f})"
            for span in spans
        ],
    )
    for column, span in enumerate(spans, start=1):
        figure.add_scatter(
            x=[0, 1],
            y=[0, 1],
            mode="lines",
            line={"color": SILENCE, "dash": "dot", "width": 1.5},
            name="as it should be",
            hoverinfo="skip",
            showlegend=column == 1,
            col=column,
            row=1,
        )
        for name, curve, colour, symbol, dash in (
            ("temperature 1", span.before, second, "diamond-open", "dash"),
            ("cross-fitted temperature", span.after, first, "circle", "solid"),
        ):
            counts = np.asarray(curve.counts)
            figure.add_scatter(
                x=curve.confidence,
                y=curve.accuracy,
                customdata=counts,
                mode="lines+markers",
                name=name,
                showlegend=column == 1,
                line={"color": colour, "dash": dash},
                marker={"symbol": symbol, "size": 5 + 14 * np.sqrt(counts / counts.sum())},
                hovertemplate="confidence %{x:.2f}<br>right %{y:.0%} of %{customdata}<extra></extra>",
                col=column,
                row=1,
            )
    figure.update_xaxes(range=[0, 1.02], title="confidence", tickformat=".0%")
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    figure.update_yaxes(title="share right", col=1)
    figure.update_annotations(font_size=13)
    n = spans[0].n_clips
    note = f"{spans[0].binning} bins, fitted on the other {spans[0].n_folds - 1} of {spans[0].n_folds} folds, {n} clips"
    note = ". ".join([note, *calibration_remarks(evaluation.calibration)])
    figure = finish(figure, "Does the confidence mean what it says?", note, dark, height=520)
    return figure.update_layout(margin_t=130)


def accuracy_by_seconds(evaluation: Evaluation, *, dark: bool = False) -> go.Figure:
    """Accuracy against seconds of sound heard."""
    first, _ = accents(dark)
    figure = go.Figure()
    add_band(figure, evaluation.by_seconds, "the first seconds, as heard live", first, "circle", "solid")
    ticks = [point.x for point in evaluation.by_seconds]
    figure.update_xaxes(type="log", tickvals=ticks, ticktext=[f"{tick:g} s" for tick in ticks], title="sound heard")
    percent_axis(figure)
    return finish(figure, "How soon can it be believed?", part(evaluation), dark)


def accuracy_by_gain(evaluation: Evaluation, *, dark: bool = False) -> go.Figure:
    """Accuracy against the recording's level."""
    first, _ = accents(dark)
    if not evaluation.by_gain:
        return nothing("Does loudness matter?", "This was not measured.", dark)
    figure = go.Figure()
    add_band(figure, evaluation.by_gain, "accuracy", first, "circle", "solid")
    gains = [point.x for point in evaluation.by_gain]
    figure.update_xaxes(title="gain", tickvals=gains, ticktext=[f"{gain:+g} dB" for gain in gains])
    figure.update_layout(showlegend=False)
    percent_axis(figure)
    return finish(figure, "Does loudness matter?", part(evaluation), dark)


def accuracy_under_conditions(evaluation: Evaluation, *, dark: bool = False) -> go.Figure:
    """Accuracy of treated recordings; the label gives the difference from untreated ones in points."""
    first, _ = accents(dark)
    title = "What a bad recording costs"
    gains = {point.x: point.accuracy for point in evaluation.by_gain}
    rows = [(f"{gain:+g} dB", accuracy) for gain, accuracy in gains.items() if gain != 0]
    # A gain may be among the conditions too, and two bars of one name would be drawn as one.
    named = {name for name, _ in rows}
    rows += [(item.name, item.accuracy) for item in evaluation.conditions[1:] if item.name not in named]
    if not rows:
        return nothing(title, "This was not measured.", dark)
    plain = evaluation.conditions[0].accuracy if evaluation.conditions else gains.get(0.0, evaluation.accuracy)
    labels = ["unchanged"]
    labels += [f"{name}  <b>{100 * (accuracy.value - plain.value):+.1f}</b>" for name, accuracy in rows]
    estimates = [plain, *(accuracy for _, accuracy in rows)]
    figure = go.Figure(
        go.Bar(
            y=labels,
            x=[estimate.value for estimate in estimates],
            orientation="h",
            error_x={**bars_of(estimates), "color": ink(dark), "thickness": 1.2},
            marker={
                "color": [SILENCE] + [first] * len(rows),
                "pattern": {"shape": [""] + ["/"] * len(rows), **HATCH},
            },
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )
    )
    figure.add_vline(plain.value, line={"color": SILENCE, "dash": "dot"})
    figure.update_xaxes(range=[0, 1], tickformat=".0%", title="clips named rightly; bold: points won or lost")
    figure.update_yaxes(autorange="reversed", type="category", title="what was done to the recording")
    return finish(figure, title, part(evaluation), dark, height=200 + 38 * len(labels))


def leak_demonstration(leak: LeakDemonstration | None, *, dark: bool = False) -> go.Figure:
    """The same training measured on a random and on an artist-aware split."""
    first, second = accents(dark)
    title = "What a random split hides"
    if leak is None:
        return nothing(title, "This was not measured: it was not asked for, or no artist is known.", dark)
    bars = [("random split", leak.random, second, "/"), ("split by artist", leak.artist_aware, first, "")]
    if leak.seen is not None and leak.unseen is not None:
        bars[1:1] = [
            ("random split:<br>artist also in training", leak.seen, second, "x"),
            ("random split:<br>artist new", leak.unseen, second, "."),
        ]
    figure = estimate_bars(bars, dark)
    subtitle = (
        f"{leak.shared_random:.0%} of the random split's test clips share their artist with the training part, "
        f"{leak.shared_artist_aware:.0%} of the other's"
    )
    return finish(figure, title, subtitle, dark)


def model_comparison(comparison: Comparison, *, dark: bool = False) -> go.Figure:
    """Two models on the same clips; the subtitle says what the paired interval allows to say."""
    first, second = accents(dark)
    bars = [(comparison.model_a, comparison.a, first, ""), (comparison.model_b, comparison.b, second, "/")]
    return finish(estimate_bars(bars, dark), "On the same clips", comparison.sentence(), dark)


def learning_curves(
    history: Sequence[Mapping[str, float]] | Mapping[str, Sequence[float]], *, dark: bool = False
) -> go.Figure:
    """Loss and accuracy by epoch, as `fit` records them.

    Parameters
    ----------
    history : sequence of mappings, or mapping of sequences
        One mapping an epoch, or one list a quantity. Quantities that name a loss go into the first panel, those that
        name an accuracy into the second; others are left out.
    """
    first, _ = accents(dark)
    if isinstance(history, Mapping):
        columns = {name: list(values) for name, values in history.items()}
    else:
        quantities = dict.fromkeys(name for row in history for name in row)
        columns = {name: [row.get(name, np.nan) for row in history] for name in quantities}
    panels = {kind: [name for name in columns if kind in name.lower()] for kind in ("loss", "accuracy")}
    panels = {kind: names for kind, names in panels.items() if names}
    figure = make_subplots(cols=max(1, len(panels)), subplot_titles=list(panels), horizontal_spacing=0.1)
    for column, (kind, names) in enumerate(panels.items(), start=1):
        for index, name in enumerate(names):
            held_out = name.startswith("val")
            values = columns[name]
            figure.add_scatter(
                x=list(range(1, len(values) + 1)),
                y=values,
                name=name.replace("_", " "),
                mode="lines+markers" if len(values) < 40 else "lines",
                line={
                    "color": first if held_out else list(PALETTE.values())[3 + index],
                    "dash": "solid" if held_out else "dash",
                },
                marker={"symbol": "circle" if held_out else "diamond-open", "size": 6},
                col=column,
                row=1,
            )
        figure.update_yaxes(title="share right" if kind == "accuracy" else "loss [nat]", col=column)
        if kind == "accuracy":
            figure.update_yaxes(tickformat=".0%", col=column)
    figure.update_xaxes(title="epoch")
    return finish(figure, "Learning", "solid: validation part, dashed: training part", dark).update_layout(margin_t=110)
