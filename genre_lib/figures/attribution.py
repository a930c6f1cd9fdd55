"""The picture of an attribution: what was heard, and over it what spoke for and against the genre."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from genre_lib.figures.style import finish

if TYPE_CHECKING:
    from genre_lib.attribution.integrated_gradients import Attribution

# Blue and orange differ for every kind of colour vision; the middle is the page's own colour.
_AGAINST, _FOR = "#2f6fb5", "#d9691e"
_FREQUENCIES = (200, 500, 1000, 2000, 5000, 10000)


def attribution_figure(attribution: Attribution, *, dark: bool = False) -> go.Figure:
    """What a step heard, and which regions of it spoke for (orange) and against (blue) the genre."""
    one = attribution
    start, stop = one.span_s
    period = one.front_end.frame_period_s
    heard = np.clip(one.log_mel - one.log_mel.max(), -80, 0)
    regions = one.regions()
    limit = float(np.quantile(np.abs(regions), 0.995)) or 1.0
    figure = make_subplots(
        cols=2,
        subplot_titles=("what it heard", "what spoke for and against"),
        shared_yaxes=True,
        horizontal_spacing=0.04,
    )
    time = {"x0": start + one.front_end.n_fft / 2 / one.front_end.sample_rate, "dx": period}
    figure.add_heatmap(
        z=heard.T.astype(np.int8),
        **time,
        colorscale="Cividis",
        zmin=-80,
        zmax=0,
        showscale=False,
        hovertemplate="%{x:.2f} s, band %{y}: %{z} dB<extra></extra>",
        row=1,
        col=1,
    )
    middle = "#14161c" if dark else "#ffffff"
    figure.add_heatmap(
        z=np.round(regions.T / limit, 3),
        **time,
        colorscale=[[0, _AGAINST], [0.5, middle], [1, _FOR]],
        zmin=-1,
        zmax=1,
        colorbar={"thickness": 12, "outlinewidth": 0, "tickvals": [-1, 0, 1], "ticktext": ["against", "", "for"]},
        hovertemplate="%{x:.2f} s, band %{y}: %{z:+.2f}<extra></extra>",
        row=1,
        col=2,
    )
    figure.update_xaxes(title="s")
    ticks = _bands_of(attribution)
    figure.update_yaxes(title="frequency of the mel band", col=1)
    figure.update_yaxes(tickvals=list(ticks), ticktext=[f"{hz / 1000:g} kHz" for hz in ticks.values()])
    subtitle = (
        f"belief {one.belief:.0%} at {start:.1f} to {stop:.1f} s; the shares sum up to the change of the log-odds "
        f"within {one.completeness_error:.1%}"
    )
    # The panels have titles of their own below the figure's.
    return finish(figure, f"Why {one.genre}?", subtitle, dark, height=480).update_layout(margin_t=112)


def _bands_of(attribution: Attribution) -> dict[int, int]:
    """The mel band nearest to each round frequency."""
    bank = attribution.front_end.filter_bank()
    hz_per_bin = attribution.front_end.sample_rate / attribution.front_end.n_fft
    centres = bank.argmax(axis=1) * hz_per_bin
    return {int(np.abs(centres - hz).argmin()): hz for hz in _FREQUENCIES if hz < centres.max()}
