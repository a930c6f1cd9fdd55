"""Songs on a plane, coloured by genre; on a page of its own a dot plays its song."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from genre_lib.figures.palette import UNSURE, genre_styles
from genre_lib.figures.style import finish
from genre_lib.inference.words import name_of, spoken

_DIV = "song_map"
_PLAYER = (
    '<p style="font: 16px system-ui, sans-serif; margin: 12px 24px" role="status" id="heard">'
    "Press a dot to hear its song.</p>"
    '<audio id="sound" controls style="margin: 0 24px; width: min(600px, 90%)"></audio>'
)
_ON_CLICK = """
const plot = document.getElementById("{plot_id}");
plot.insertAdjacentHTML("afterend", `PLAYER`);
plot.on("plotly_click", ({ points }) => {
  const [name, , , sound] = points[0].customdata;
  document.getElementById("heard").textContent = name;
  const audio = document.getElementById("sound");
  audio.src = sound;
  audio.play();
});
"""


def song_map(
    points: NDArray[np.float64],
    names: Sequence[str],
    genres: Sequence[str | None],
    states: Sequence[str],
    *,
    share: float,
    sounds: Sequence[str] | None = None,
    dark: bool = False,
) -> go.Figure:
    """Every song as a dot.

    Parameters
    ----------
    points : np.ndarray [shape=(n, 2)]
    names : sequence of str [length n]
    genres : sequence of str or None [length n]
        What is believed of each; of those that are unsure the nearest.
    states : sequence of str [length n]
        Only `music` and `probable` take a genre's colour.
    share : float [0 to 1]
        Of the differences between the songs that the plane shows.
    sounds : sequence of str, optional
        The address of each song's sound.
    dark : bool

    Returns
    -------
    plotly.graph_objects.Figure
        `customdata` of a dot: name, answer, index, address.
    """
    named = [genre if state in ("music", "probable") else None for genre, state in zip(genres, states, strict=True)]
    styles = genre_styles(sorted({genre for genre in named if genre is not None}))
    figure = go.Figure()
    for genre in [*styles, None]:
        chosen = [i for i, each in enumerate(named) if each == genre]
        if not chosen:
            continue
        style = styles.get(genre) if genre is not None else None
        figure.add_scatter(
            x=points[chosen, 0],
            y=points[chosen, 1],
            mode="markers",
            name=f"{spoken(genre) if genre else 'not named'} ({len(chosen)})",
            marker={
                "color": style.colour if style else UNSURE,
                "symbol": style.symbol if style else "circle-open",
                "size": 11 if len(points) < 300 else 8,
                "opacity": 0.85,
            },
            customdata=[[names[i], name_of(states[i], genres[i]), i, sounds[i] if sounds else ""] for i in chosen],
            hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>",
        )
    hidden = {"showticklabels": False, "zeroline": False}
    figure.update_xaxes(title="where the songs differ most", **hidden)
    figure.update_yaxes(title="and second most", **hidden)
    subtitle = (
        f"{len(points)} songs; near each other sound alike to the network. The plane keeps {share:.0%} of their "
        "differences: songs that are far apart in truth may meet here."
    )
    return finish(figure, "Which songs sound alike?", subtitle, dark, height=640)


def save_song_map(figure: go.Figure, folder: str | Path, name: str = "map") -> Path:
    """Write a map as `folder/NAME.html`, where a dot that is pressed plays its song; no network is asked."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.html"
    figure.write_html(
        path,
        include_plotlyjs="directory",
        config={"displaylogo": False},
        div_id=_DIV,
        post_script=_ON_CLICK.replace("PLAYER", _PLAYER),
    )
    return path


def addresses(paths: Sequence[str | Path]) -> list[str]:
    """Of sound files, for a page on the same machine."""
    return [f"file://{quote(Path(path).absolute().as_posix())}" for path in paths]
