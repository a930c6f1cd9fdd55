"""Every figure of a bundle's evaluation on labelled music, by name."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from genre_lib.evaluation.of_bundle import BundleEvaluation
from genre_lib.figures.evaluation import accuracy_by_seconds, confusion_matrix, genre_scores
from genre_lib.figures.palette import SILENCE
from genre_lib.figures.style import accents, finish, part


def bundle_evaluation_figures(found: BundleEvaluation, *, dark: bool = False) -> dict[str, go.Figure]:
    """Confusion, recall and precision by genre, accuracy by seconds heard, and reliability of what is shown."""
    return {
        "confusion": confusion_matrix(found.evaluation, dark=dark),
        "by_genre": genre_scores(found.evaluation, dark=dark),
        "by_seconds": accuracy_by_seconds(found.evaluation, dark=dark),
        "reliability": shown_reliability(found, dark=dark),
    }


def shown_reliability(found: BundleEvaluation, *, dark: bool = False) -> go.Figure:
    """The belief in whole recordings against the share that is right; the dot's area is the share of recordings."""
    curve, (first, _) = found.reliability, accents(dark)
    counts = np.asarray(curve.counts)
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": SILENCE, "dash": "dot"}, name="as it should be",
        hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=curve.confidence,
        y=curve.accuracy,
        customdata=counts,
        mode="lines+markers",
        name="as it is",
        line={"color": first},
        marker={"size": 6 + 16 * np.sqrt(counts / counts.sum())},
        hovertemplate="believed %{x:.2f}<br>right %{y:.0%} of %{customdata}<extra></extra>",
    )
    figure.update_xaxes(range=[0, 1.02], title="belief in the genre that leads", tickformat=".0%")
    figure.update_yaxes(range=[0, 1.02], title="share right", tickformat=".0%")
    title = f"Does the belief mean what it says? ECE {curve.ece:.3f} ({curve.ece_by_chance:.3f} is chance)"
    return finish(figure, title, part(found.evaluation), dark, height=520)
