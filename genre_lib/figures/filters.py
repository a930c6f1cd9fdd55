"""Filters at a glance, for notebooks: how much of a layer is specialised, and in what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from genre_lib.figures.palette import genre_styles
from genre_lib.figures.style import finish, nothing

if TYPE_CHECKING:
    import pandas as pd

    from genre_lib.filters.record import Filters


def specialisation_figure(filters: Filters, *, dark: bool = False) -> go.Figure:
    """Every neuron as a point, by layer: from a generalist (0) to a specialist (1), in its leading genre's colour."""
    title = "Specialists and generalists"
    if not any(neuron.specialisation is not None for neuron in filters.neurons):
        return nothing(title, "The data set names no genres, or no neuron answers to any.", dark)
    styles = genre_styles(filters.genres)
    place = {layer.name: i for i, layer in enumerate(filters.layers)}
    figure = go.Figure()
    for genre in filters.genres:
        members = [n for n in filters.neurons if n.genre == genre and n.specialisation is not None]
        figure.add_scatter(
            # Spread evenly by the golden ratio, so that neurons of equal value lie side by side.
            x=[place[neuron.layer] + 0.7 * (neuron.neuron * 0.618034 % 1 - 0.5) for neuron in members],
            y=[neuron.specialisation for neuron in members],
            text=[f"{neuron.layer} {neuron.neuron}" for neuron in members],
            name=genre,
            mode="markers",
            marker={"color": styles[genre].colour, "symbol": styles[genre].symbol, "size": 6},
            hovertemplate="%{text}: %{y:.2f}<extra>" + genre + "</extra>",
        )
    figure.update_xaxes(
        title="layer", tickvals=list(place.values()), ticktext=list(place), range=[-0.6, len(place) - 0.4]
    )
    figure.update_yaxes(title="specialisation", range=[-0.04, 1.06])
    subtitle = (
        f"genres of the {filters.n_ranked} tracks that excite each neuron most; {len(filters.dead)} of "
        f"{len(filters.neurons)} neurons never fire"
    )
    return finish(figure, title, subtitle, dark, height=560).update_layout(margin_b=170)


def filters_by_layer(filters: Filters) -> pd.DataFrame:
    """One row a layer: neurons, how many never fire, what they hear, and their mean specialisation."""
    import pandas as pd

    rows = []
    for layer in filters.layers:
        neurons = [neuron for neuron in filters.neurons if neuron.layer == layer.name]
        known = [neuron.specialisation for neuron in neurons if neuron.specialisation is not None]
        rows.append(
            {
                "layer": layer.name,
                "neurons": len(neurons),
                "never fire": sum(not neuron.excerpts for neuron in neurons),
                "receptive field [s]": round(filters.seconds(layer), 2),
                "excerpts each": layer.count(filters.count0),
                "specialisation": round(sum(known) / len(known), 2) if known else None,
            }
        )
    return pd.DataFrame(rows).set_index("layer")


def specialists(filters: Filters, n: int = 10) -> pd.DataFrame:
    """The neurons that answer most to one genre, the strongest of each layer and genre first."""
    import pandas as pd

    known = [neuron for neuron in filters.neurons if neuron.specialisation is not None]
    best = sorted(known, key=lambda neuron: (-(neuron.specialisation or 0), -(neuron.activation or 0)))[:n]
    rows = [(one.layer, one.neuron, one.genre, one.specialisation, one.excerpts[0].track) for one in best]
    return pd.DataFrame(rows, columns=["layer", "neuron", "genre", "specialisation", "strongest track"])
