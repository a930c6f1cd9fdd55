"""The gallery: every neuron to see and to hear in one page that needs no server and no network.

Sounds and pictures stay in files beside the page and are fetched when they come into view or are played, so that
thousands of neurons open as fast as ten.
"""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from genre_lib.figures.palette import genre_colours
from genre_lib.filters.record import Filters
from genre_lib.utils.atomic import write_text
from genre_lib.utils.templates import templates_beside

template = templates_beside(__file__)


def write_gallery(filters: Filters, path: str | Path) -> Path:
    """Write the gallery's page beside the files of the filters."""
    script = template("element.js") + template("filters.js")
    page = Template(template("filters.html")).substitute(
        title=escape(filters.model),
        model=escape(filters.model),
        data_set=escape(filters.data_set),
        headline=escape(_headline(filters)),
        how_to=_how_to(filters),
        notes="".join(f'<p class="note" role="note">{escape(note)}</p>' for note in _notes(filters)),
        css=template("filters.css"),
        script=script,
        script_hash=f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}",
        data=_json(gallery_data(filters)),
    )
    write_text(Path(path), page)
    return Path(path)


def _headline(filters: Filters) -> str:
    neurons, layers = len(filters.neurons), len(filters.layers)
    tracks = sum(filters.tracks_by_genre.values())
    heard = f", {tracks} tracks" if tracks else ""
    return f"{neurons:,} neuron{'s' * (neurons != 1)}, {layers} layer{'s' * (layers != 1)}{heard}"


def _how_to(filters: Filters) -> str:
    if any(neuron.sound for neuron in filters.neurons):
        return "Hover or press <kbd>Enter</kbd> to hear them; arrow keys walk, <kbd>Esc</kbd> stops."
    return "Arrow keys walk."


def _notes(filters: Filters) -> list[str]:
    notes = list(filters.notes)
    if filters.skipped:
        name, reason = next(iter(filters.skipped.items()))
        one = len(filters.skipped) == 1
        notes.append(
            f"{len(filters.skipped)} track{'' if one else 's'} could not be used, "
            f"{'namely' if one else 'such as'} {name}: {Path(reason.split(' ')[0]).name} {reason.partition(' ')[2]}"
        )
    return notes


def gallery_data(filters: Filters) -> dict[str, Any]:
    """What a gallery's script needs to know, as plain JSON values; neurons in the order of the record."""
    layers = {layer.name: i for i, layer in enumerate(filters.layers)}
    genres = {genre: i for i, genre in enumerate(filters.genres)}
    tracks: dict[tuple[str, int], int] = {}
    neurons: list[list[Any]] = []
    for neuron in filters.neurons:
        excerpts = []
        for one in neuron.excerpts:
            key = (one.track, genres.get(one.genre or "", -1))
            place = tracks.setdefault(key, len(tracks))
            excerpts.append([place, round(one.start_s, 3), round(one.stop_s, 3), round(one.activation, 4), one.at_s])
        counts = [neuron.genres.get(genre, 0) for genre in filters.genres] if neuron.genres else []
        neurons.append(
            [
                layers[neuron.layer],
                neuron.neuron,
                neuron.activation,
                counts,
                neuron.specialisation,
                int(neuron.picture is not None),
                int(neuron.sound is not None),
                excerpts,
            ]
        )
    colours = genre_colours(filters.genres)
    return {
        "genres": list(filters.genres),
        "colours": [colours[genre] for genre in filters.genres],
        "layers": [
            {
                "name": layer.name,
                "folder": layer.folder,
                "seconds": filters.seconds(layer),
                "excerpts": layer.count(filters.count0),
            }
            for layer in filters.layers
        ],
        "tracks": list(tracks),
        "neurons": neurons,
    }


def _json(values: dict[str, Any]) -> str:
    # A track called "</script>" must not end the element.
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
