"""A curve as a picture of a few lines in a notebook: the answer, the stacked belief, the genres by name."""

from __future__ import annotations

from html import escape

import numpy as np
from numpy.typing import NDArray

from genre_lib.figures.palette import SILENCE, genre_colours
from genre_lib.inference.curve import GenreCurve
from genre_lib.inference.segments import clock
from genre_lib.inference.words import spoken, whole_words
from genre_lib.report.chart import Chart, areas, binned

_STYLE = "font:14px system-ui,sans-serif;max-width:640px"
_CHIP = "display:inline-block;width:.7em;height:.7em;border-radius:2px;margin-right:.3em"


def curve_html(curve: GenreCurve) -> str:
    """HTML with an inline SVG; no script, no file beside it, readable without the colours."""
    belief = curve.belief
    bins, states = binned(belief, curve.duration_s)
    chart = Chart(curve.genres, bins, states, genre_colours(curve.genres))
    drawn = areas(chart) + _silences(states)
    words = escape(whole_words(curve.answer())) if len(belief.times) else "nothing heard"
    chips = " ".join(
        f'<span style="margin-right:.8em"><i style="{_CHIP};background:{chart.colours[genre]}"></i>'
        f"{escape(spoken(genre))}</span>"
        for genre in chart.prominent
    )
    model = escape(f"{curve.card.name} {curve.card.version}")
    return (
        f'<div style="{_STYLE}"><b>{words}</b>'
        f'<svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label="{words}" '
        f'style="display:block;width:100%;height:72px;margin:.3em 0">{drawn}</svg>'
        f'<div>{chips}</div><div style="opacity:.7">{clock(curve.duration_s)} heard by {model}</div></div>'
    )


def _silences(states: NDArray[np.str_]) -> str:
    """Silent stretches, covered."""
    width = 1000 / len(states)
    return "".join(
        f'<rect x="{i * width:.1f}" width="{width:.1f}" height="100" fill="{SILENCE}" opacity=".6"/>'
        for i, state in enumerate(states)
        if state == "silence"
    )
