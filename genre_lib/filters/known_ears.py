"""Ears made before, by bundle: with one at hand the filters of a bundle are found without TensorFlow.

Cutting a network open needs TensorFlow (seconds to import, 700 MB); what comes of it is a megabyte that depends on the
bundle alone.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from genre_lib.bundle import KERAS, LITERT, Bundle
from genre_lib.datasets.places import derived_folder
from genre_lib.errors import GenreLibError
from genre_lib.filters.ear_file import ear_of_layers, make_ear
from genre_lib.filters.layers import NeuronLayer, find_voices
from genre_lib.runs import read_json

# Counts changes in what an ear's file holds.
_VERSION = 1


@dataclass(frozen=True)
class KnownEar:
    """A network cut open.

    Attributes
    ----------
    name : str
    digest : str
        Of the network's weights.
    layers : tuple of NeuronLayer
        All of them.
    content : bytes
        The LiteRT file with their activations.
    """

    name: str
    digest: str
    layers: tuple[NeuronLayer, ...]
    content: bytes

    @classmethod
    def of(cls, network: Any, litert: str | Path | None = None) -> Self:
        """Cut a Keras network open; see `make_ear`."""
        voices = find_voices(network)
        layers = tuple(voice.layer for voice in voices)
        return cls(network.name, weights_digest(network), layers, make_ear(network, voices, litert))

    def of_layers(self, layers: Sequence[NeuronLayer]) -> bytes:
        """The LiteRT file for some of the layers."""
        if len(layers) == len(self.layers):
            return self.content
        return ear_of_layers(self.content, [layer.folder for layer in layers])


def ear_of_bundle(bundle: Bundle) -> KnownEar:
    """The ear of a bundle's network, from the cache where it was made before."""
    files = [bundle.card.files[name].sha256 for name in (KERAS, LITERT)]
    key = hashlib.sha256(json.dumps([_VERSION, *files]).encode()).hexdigest()[:32]
    folder = derived_folder() / "ears"
    if (known := _load(folder, key)) is not None:
        return known
    from genre_lib.export import load_keras

    made = KnownEar.of(load_keras(bundle.folder / KERAS), bundle.folder / LITERT)
    _save(made, folder, key)
    return made


def weights_digest(network: Any) -> str:
    """A hash of a Keras network's weights."""
    weights = hashlib.sha256()
    for value in network.get_weights():
        weights.update(np.ascontiguousarray(value).tobytes())
    return weights.hexdigest()


def _load(folder: Path, key: str) -> KnownEar | None:
    try:
        values = read_json(folder / f"{key}.json")
        content = (folder / f"{key}.tflite").read_bytes()
        if hashlib.sha256(content).hexdigest() != values["sha256"]:
            return None
        layers = tuple(map(NeuronLayer.from_dict, values["layers"]))
        return KnownEar(values["name"], values["digest"], layers, content)
    except (OSError, GenreLibError, KeyError, TypeError, AttributeError):
        # What cannot be used is made again.
        return None


def _save(ear: KnownEar, folder: Path, key: str) -> None:
    values = {
        "name": ear.name,
        "digest": ear.digest,
        "sha256": hashlib.sha256(ear.content).hexdigest(),
        "layers": [layer.to_dict() for layer in ear.layers],
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for suffix, content in ((".tflite", ear.content), (".json", json.dumps(values).encode())):
            draft = folder / f".{key}{suffix}.{os.getpid()}"
            draft.write_bytes(content)
            draft.replace(folder / f"{key}{suffix}")
    except OSError:
        # A cache that cannot be written costs time, nothing else.
        return
