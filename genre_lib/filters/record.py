"""What was found, as typed values and as filters.json."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from genre_lib.audio.front_end import FrontEnd
from genre_lib.errors import RunError
from genre_lib.filters.layers import NeuronLayer
from genre_lib.utils.atomic import write_text
from genre_lib.utils.json_files import read_json, to_json
from genre_lib.utils.serialization import StructureError, plain, structured

RECORD = "filters.json"
EXTRACTOR = "activations.tflite"
GALLERY = "index.html"


@dataclass(frozen=True)
class Excerpt:
    """A moment of a track that excites a neuron.

    Attributes
    ----------
    track : str
    genre : str or None
    start, stop : int [samples]
        At the front end's rate; what the neuron heard, to the sample.
    start_s, stop_s : float [s]
    activation : float
    at_s : float or None [s]
        Where the excerpt begins in the neuron's sound; None without sound.
    """

    track: str
    genre: str | None
    start: int
    stop: int
    start_s: float
    stop_s: float
    activation: float
    at_s: float | None = None


@dataclass(frozen=True)
class Neuron:
    """One neuron and what excites it.

    Attributes
    ----------
    layer : str
    neuron : int
    activation : float or None
        At its best excerpt; None where nothing excites it.
    excerpts : tuple of Excerpt
        Strongest first.
    genres : dict of str to int
        Genres of the tracks that excite it most (`Filters.n_ranked` of them).
    entropy_bits : float or None
        Of the histogram, each genre weighed by its number of tracks: 0 for a neuron that answers to one genre,
        log2(genres) for one that answers to all alike.
    specialisation : float or None
        1 - entropy / log2(genres): from 0 (a generalist) to 1 (a specialist).
    sound, picture : str or None
        Files, relative to the folder of filters.json.
    """

    layer: str
    neuron: int
    activation: float | None = None
    excerpts: tuple[Excerpt, ...] = ()
    genres: dict[str, int] = field(default_factory=dict)
    entropy_bits: float | None = None
    specialisation: float | None = None
    sound: str | None = None
    picture: str | None = None

    @property
    def genre(self) -> str | None:
        """The genre that excites it most often."""
        return max(self.genres, key=lambda genre: self.genres[genre]) if self.genres else None


@dataclass(frozen=True)
class Filters:
    """Everything that was found, in order of layer and neuron.

    Attributes
    ----------
    model : str
        Name of the network.
    data_set : str
    genres : tuple of str
    tracks_by_genre : dict of str to int
    front_end : FrontEnd
    count0 : int
        Excerpts for each neuron of the first layer.
    n_ranked : int
        Tracks that each neuron's histogram counts.
    layers : tuple of NeuronLayer
    neurons : tuple of Neuron
    skipped : dict of str to str
        Tracks that were left out, each with one sentence why.
    notes : tuple of str
        What a reader must know, such as why there is no sound.
    network : str
        Digest of the network, see `IntermediateOutputs`.
    """

    model: str
    data_set: str
    genres: tuple[str, ...]
    tracks_by_genre: dict[str, int]
    front_end: FrontEnd
    count0: int
    n_ranked: int
    layers: tuple[NeuronLayer, ...]
    neurons: tuple[Neuron, ...]
    skipped: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    network: str = ""

    @property
    def dead(self) -> tuple[Neuron, ...]:
        """Neurons that nothing in the data set excites."""
        return tuple(neuron for neuron in self.neurons if not neuron.excerpts)

    def neuron(self, layer: str, number: int) -> Neuron:
        """One neuron; RunError if it was not asked for."""
        for neuron in self.neurons:
            if (neuron.layer, neuron.neuron) == (layer, number):
                return neuron
        raise RunError(f"Neuron {number} of {layer} is not among these filters: find them again with it.")

    def seconds(self, layer: NeuronLayer) -> float:
        """Length of the receptive field of a layer's neurons [s]."""
        return self.front_end.n_samples(layer.timing.receptive_field_frames) / self.front_end.sample_rate

    def to_dict(self) -> dict[str, Any]:
        """filters.json's content."""
        layers = [
            plain(layer) | {"seconds": round(self.seconds(layer), 6), "excerpts": layer.count(self.count0)}
            for layer in self.layers
        ]
        # `asdict` would copy every value of every excerpt.
        neurons = [{**vars(one), "excerpts": [vars(excerpt) for excerpt in one.excerpts]} for one in self.neurons]
        front_end = self.front_end.to_dict()
        return {"schema_version": 1, **vars(self), "front_end": front_end, "layers": layers, "neurons": neurons}

    def save(self, folder: Path) -> None:
        """Write filters.json."""
        write_text(folder / RECORD, to_json(self.to_dict()) + "\n")

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read filters.json; RunError if it is missing or damaged."""
        path = Path(folder) / RECORD
        try:
            return structured(read_json(path), cls)
        except StructureError as error:
            raise RunError(f"{path} is not a list of filters ({error}): find the filters again.") from error


def genre_statistics(counts: dict[str, int], tracks_by_genre: dict[str, int]) -> tuple[float | None, float | None]:
    """Entropy [bits] and specialisation of a histogram whose genres have different numbers of tracks."""
    known = {genre: n for genre, n in tracks_by_genre.items() if n}
    rates = [counts.get(genre, 0) / n for genre, n in known.items()]
    total = sum(rates)
    if len(known) < 2 or total == 0:
        return None, None
    entropy = -sum(rate / total * math.log2(rate / total) for rate in rates if rate)
    return round(entropy, 4), round(1 - entropy / math.log2(len(known)), 4)
