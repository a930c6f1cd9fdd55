"""A network cut open: what its neurons are, and the file in which they can be heard.

A bundle says it in neurons.json: which inner tensors of its LiteRT network are the neurons' activations. So its filters
are found without TensorFlow, which takes seconds to import and 700 MB.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from genre_lib.bundle.files import KERAS, LITERT, NEURONS, Bundle
from genre_lib.errors import BundleError, ParameterError
from genre_lib.filters.extractor_file import converted, find_tensors, with_outputs
from genre_lib.filters.layers import NeuronLayer, find_layer_outputs
from genre_lib.utils.serialization import plain, structured

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class IntermediateOutputs:
    """A network whose neurons can be heard.

    Attributes
    ----------
    name : str
    digest : str
        Of its weights; of a bundle's LiteRT file.
    layers : tuple of NeuronLayer
        All of them.
    extractor_of : callable
        Given some of the layers, the content of a LiteRT file with their activations; see `ActivationExtractor`.
    """

    name: str
    digest: str
    layers: tuple[NeuronLayer, ...]
    extractor_of: Callable[[Sequence[NeuronLayer]], bytes]

    @classmethod
    def of_keras(cls, network: keras.Model) -> Self:
        """A functional Keras network; asking for its extractor converts it, which takes some seconds.

        Raises
        ------
        ParameterError
            It has no convolution, or the timing of one cannot be derived.
        """
        layer_outputs = find_layer_outputs(network)

        def extractor_of(layers: Sequence[NeuronLayer]) -> bytes:
            return converted(network, [layer_output for layer_output in layer_outputs if layer_output.layer in layers])

        weights = hashlib.sha256()
        for value in network.get_weights():
            weights.update(np.ascontiguousarray(value).tobytes())
        return cls(
            network.name, weights.hexdigest(), tuple(layer_output.layer for layer_output in layer_outputs), extractor_of
        )

    @classmethod
    def of_bundle(cls, bundle: Bundle) -> Self:
        """A bundle's network: by its neurons.json, or, where it has none, by Keras.

        Raises
        ------
        BundleError
            Its neurons.json describes no network; or, once an extractor is asked for, another one than its LiteRT file.
        """
        digest = bundle.card.files[LITERT].sha256
        if NEURONS not in bundle.card.files:
            from genre_lib.networks.keras_files import load_keras

            return replace(cls.of_keras(load_keras(bundle.folder / KERAS)), digest=digest)
        path = bundle.folder / NEURONS
        try:
            values = json.loads(path.read_text("utf-8"))
            tensors = {entry["layer"]["name"]: int(entry["tensor"]) for entry in values["layers"]}
            layers = tuple(structured(entry["layer"], NeuronLayer) for entry in values["layers"])
            name = str(values["network"])
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise BundleError(f"{path} does not describe a network's neurons: get or make the bundle again.") from error
        extractor_of = partial(_opened, bundle.folder / LITERT, tensors)
        return cls(name, digest, layers, extractor_of)


def neurons_json(network: keras.Model, litert: Path) -> str | None:
    """The content of a bundle's neurons.json.

    None where there is nothing to say: a network without convolutions, or one that was fused in its conversion so that
    a layer's activations are nowhere in it.

    Parameters
    ----------
    network : keras.Model
    litert : Path
        The same network as LiteRT.
    """
    try:
        layer_outputs = find_layer_outputs(network)
    except ParameterError:
        return None
    tensors = find_tensors(network, layer_outputs, litert)
    if tensors is None:
        return None
    layers = [{"layer": plain(v.layer), "tensor": place} for v, place in zip(layer_outputs, tensors, strict=True)]
    return json.dumps({"network": network.name, "layers": layers}, indent=1) + "\n"


def _opened(litert: Path, tensors: dict[str, int], layers: Sequence[NeuronLayer]) -> bytes:
    try:
        return with_outputs(
            litert.read_bytes(), {layer.folder: (tensors[layer.name], layer.n_neurons) for layer in layers}
        )
    except ValueError as error:
        raise BundleError(
            f"{litert.parent / NEURONS} describes another network than {LITERT} ({error}): "
            "get or make the bundle again."
        ) from error
