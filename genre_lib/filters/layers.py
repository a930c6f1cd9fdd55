"""The neurons of a network: the channels of its convolutions, and the frames that each of their values depends on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genre_lib.bundle.timing import Timing
from genre_lib.errors import ParameterError
from genre_lib.networks.receptive_field import timing_of_tensor
from genre_lib.utils.options import unknown_name

if TYPE_CHECKING:
    import keras

_CONVOLUTIONS = {
    "Conv1D", "Conv2D", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D",
}  # fmt: skip
_POOLS = {"AveragePooling1D", "AveragePooling2D", "MaxPooling1D", "MaxPooling2D"}
_RECTIFIERS = {"ReLU", "LeakyReLU", "PReLU", "ELU", "Activation"}
_PASSED = {"BatchNormalization", "LayerNormalization", "Dropout", "SpatialDropout1D", "SpatialDropout2D"} | _POOLS


@dataclass(frozen=True)
class NeuronLayer:
    """A convolution and what its neurons (channels) hear.

    Attributes
    ----------
    name : str
        Of the convolution.
    n_neurons : int
    depth : int
        Convolutions before it, on the longest way from the input.
    timing : Timing
        Which frames each step of its activations depends on.
    rectified : bool
        Whether 0 means that a neuron does not fire.
    """

    name: str
    n_neurons: int
    depth: int
    timing: Timing
    rectified: bool

    @property
    def folder(self) -> str:
        """The name as a folder's name."""
        return re.sub(r"[^\w.-]+", "_", self.name)

    def count(self, count0: int) -> int:
        """Excerpts for each neuron: `count0` at the input, half as many at each depth, at least one."""
        return max(1, count0 >> self.depth)

    def frames(self, step: int) -> tuple[int, int]:
        """First frame and the one after the last that a step depends on."""
        start = step * self.timing.step_frames + self.timing.first_frame
        return start, start + self.timing.receptive_field_frames

    @property
    def first_whole_step(self) -> int:
        """The first step that hears nothing but the recording: what is padded before its start is no excerpt."""
        return max(0, -(self.timing.first_frame // self.timing.step_frames))


@dataclass(frozen=True)
class LayerOutput:
    """A layer together with the tensor that holds its activations."""

    layer: NeuronLayer
    tensor: Any


def find_layer_outputs(model: keras.Model) -> list[LayerOutput]:
    """Every convolution of a functional model with its neurons' activations, from the input on.

    A neuron's activation is what it hands on: the value after the norm, the pooling and the nonlinearity that follow
    its convolution alone. A convolution whose output is added to something else before any nonlinearity ends there.

    Raises
    ------
    ParameterError
        The model has no convolution, or the timing of one cannot be derived.
    """
    users = _users(model)
    depths: dict[int, int] = {}
    layer_outputs = []
    for layer in model.layers:
        if type(layer).__name__ not in _CONVOLUTIONS:
            continue
        tensor, rectified = _handed_on(layer.output, users, _has_activation(layer))
        described = NeuronLayer(
            name=layer.name,
            n_neurons=int(tensor.shape[-1]),
            depth=_depth(layer.output, depths) - 1,
            timing=timing_of_tensor(tensor),
            rectified=rectified,
        )
        layer_outputs.append(LayerOutput(described, tensor))
    if not layer_outputs:
        raise ParameterError(f"The network {model.name!r} has no convolution: there are no filters to hear.")
    return sorted(
        layer_outputs,
        key=lambda layer_output: (layer_output.layer.depth, layer_output.layer.timing.receptive_field_frames),
    )


def chosen_layers(known: Sequence[NeuronLayer], names: Iterable[str] | None) -> list[NeuronLayer]:
    """The layers of these names, or all; an unknown name is a ParameterError that suggests one."""
    if names is None:
        return list(known)
    by_name = {layer.name: layer for layer in known}
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        if name not in by_name:
            raise unknown_name("convolutional layer", name, by_name)
    return [layer for layer in known if layer.name in wanted]


def _users(model: keras.Model) -> dict[int, list[Any]]:
    """The layers that read each tensor of the model, by the tensor's id."""
    users: dict[int, list[Any]] = {}
    for layer in model.layers:
        for node in layer._inbound_nodes:
            for tensor in node.input_tensors:
                users.setdefault(id(tensor), []).append(layer)
    return users


def _handed_on(tensor: Any, users: dict[int, list[Any]], rectified: bool) -> tuple[Any, bool]:
    while not rectified:
        readers = users.get(id(tensor), [])
        kind = type(readers[0]).__name__ if len(readers) == 1 else ""
        if kind not in _PASSED | _RECTIFIERS:
            break
        tensor = readers[0].output
        rectified = kind in _RECTIFIERS
    return tensor, rectified


def _has_activation(layer: Any) -> bool:
    return getattr(layer.activation, "__name__", "linear") != "linear"


def _depth(tensor: Any, known: dict[int, int]) -> int:
    """Convolutions on the longest way to a tensor."""
    if id(tensor) not in known:
        layer, node_index, _ = tensor._keras_history
        sources = layer._inbound_nodes[node_index].input_tensors
        before = max((_depth(source, known) for source in sources), default=0)
        known[id(tensor)] = before + (type(layer).__name__ in _CONVOLUTIONS)
    return known[id(tensor)]
