"""What the network sees: a log-mel spectrogram of one track of each genre."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from genre_lib.datasets import Features
from genre_lib.figure_style import finish

_COLUMNS = 5
_RANGE_DB = 70.0


def log_mel_figure(features: Features, *, seconds: float = 10.0, dark: bool = False) -> go.Figure:
    """One track of each genre, each relative to its own loudest point.

    Parameters
    ----------
    features : Features
    seconds : float > 0 [s]
        How much of each track is shown.
    """
    data_set = features.data_set
    front_end = data_set.front_end
    assert front_end is not None
    first = {genre: i for i, genre in reversed(list(enumerate(track.genre for track in features.tracks)))}
    genres = [genre for genre in data_set.genres if genre in first]
    n_rows = -(-len(genres) // _COLUMNS)
    figure = make_subplots(n_rows, _COLUMNS, subplot_titles=genres, shared_yaxes=True, vertical_spacing=0.12)
    n_frames = max(1, round(seconds / front_end.frame_period_s))
    for place, genre in enumerate(genres):
        log_mel = np.asarray(features.log_mels[first[genre]])[:n_frames]
        figure.add_heatmap(
            z=np.round((log_mel - log_mel.max()).T, 1),
            x=np.round(np.arange(len(log_mel)) * front_end.frame_period_s, 3),
            zmin=-_RANGE_DB,
            zmax=0,
            colorscale="Cividis",
            showscale=place == 0,
            colorbar={"title": "dB"},
            hovertemplate="%{x:.1f} s, band %{y}: %{z:.0f} dB<extra></extra>",
            row=place // _COLUMNS + 1,
            col=place % _COLUMNS + 1,
        )
    bands = f"{front_end.n_mels} mel bands from {front_end.f_min:g} to {front_end.f_max:g} Hz"
    subtitle = f"{bands}, the first {seconds:g} s of a track of each genre"
    return finish(figure, "What the network sees", subtitle, dark, height=160 + 220 * n_rows)
