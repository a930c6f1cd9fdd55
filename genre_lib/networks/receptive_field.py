"""The receptive field of a network, derived from its layers: never typed in twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genre_lib.bundle.timing import Timing
from genre_lib.errors import ParameterError

if TYPE_CHECKING:
    import keras

# Layers that work on each frame alone, as long as their own axis is not time.
_FRAME_BY_FRAME = {
    "Activation", "BatchNormalization", "Dense", "Dropout", "ELU", "GaussianDropout", "GaussianNoise", "InputLayer",
    "LeakyReLU", "PReLU", "ReLU", "Rescaling", "SpatialDropout1D", "SpatialDropout2D",
}  # fmt: skip
_MERGES = {"Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract"}
_CONVOLUTIONS = {
    "Conv1D", "Conv2D", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D",
}  # fmt: skip
# They remember all of the past: what they add to a receptive field has no end, see `is_recurrent`.
_RECURRENT = {"GRU", "LSTM", "SimpleRNN"}
_POOLS = {"AveragePooling1D", "AveragePooling2D", "MaxPooling1D", "MaxPooling2D"}


def timing_of(model: keras.Model, output: str = "step_logits") -> Timing:
    """Walk the layers of a functional model back from one of its outputs.

    Parameters
    ----------
    model : keras.Model
        Time is axis 1 everywhere; the output is named by the model's dictionary of outputs.

    Raises
    ------
    ParameterError
        For a layer whose reach in time cannot be derived, such as a strided one with padding "same".
    """
    outputs = model.output
    if not isinstance(outputs, dict) or output not in outputs:
        raise ParameterError(f"The model {model.name!r} has no output named {output!r}: name it in a dictionary.")
    reach = _reach(outputs[output], {})
    if reach.needed != reach.end:
        raise ParameterError(
            f"The model {model.name!r} pads or cuts its time axis at the end: pad at the start only, so that a "
            "step depends on the past alone."
        )
    return _timing(reach)


def is_recurrent(model: keras.Model) -> bool:
    """Whether a step also depends on everything before what `timing_of` calls its receptive field."""
    return any(type(layer).__name__ in _RECURRENT for layer in model.layers)


def timing_of_tensor(tensor: keras.KerasTensor) -> Timing:
    """Timing of any tensor inside a functional model, such as a layer's output.

    Where the network cuts off the end on the way to it, `n_steps` still counts the steps that are cut.

    Raises
    ------
    ParameterError
        As for `timing_of`.
    """
    return _timing(_reach(tensor, {}))


def _timing(reach: _Reach) -> Timing:
    return Timing(
        step_frames=reach.stride,
        first_frame=reach.first,
        receptive_field_frames=reach.end - reach.first,
        minimum_frames=max(1, reach.needed),
    )


@dataclass(frozen=True)
class _Reach:
    """Element i of a time axis depends on frames [i*stride + first, i*stride + end).

    Of n frames there are (n - needed) // stride + 1 elements; `needed` differs from `end` by what was padded or cut
    at the end.
    """

    stride: int = 1
    first: int = 0
    end: int = 1
    needed: int = 1

    def padded(self, before: int, after: int) -> _Reach:
        """Zeros before and after; negative counts cut instead."""
        shift = before * self.stride
        return _Reach(self.stride, self.first - shift, self.end - shift, self.needed - shift - after * self.stride)

    def window(self, size: int, stride: int) -> _Reach:
        """An unpadded window of `size` elements, moved by `stride`."""
        grown = (size - 1) * self.stride
        return _Reach(self.stride * stride, self.first, self.end + grown, self.needed + grown)


def _reach(tensor: Any, known: dict[int, _Reach]) -> _Reach:
    if id(tensor) not in known:
        layer, node_index, _ = tensor._keras_history
        inputs = layer._inbound_nodes[node_index].input_tensors
        known[id(tensor)] = _through(layer, inputs, [_reach(source, known) for source in inputs])
    return known[id(tensor)]


def _through(layer: Any, inputs: list[Any], reaches: list[_Reach]) -> _Reach:
    kind = type(layer).__name__
    if kind == "InputLayer":
        return _Reach()
    if kind in _MERGES:
        return _merged(layer, inputs, reaches)
    if len(reaches) != 1:
        raise _underivable(layer, "it has several inputs")
    if kind in _CONVOLUTIONS or kind in _POOLS:
        return _windowed(layer, reaches[0], is_pool=kind in _POOLS)
    if kind in {"ZeroPadding1D", "ZeroPadding2D"}:
        return reaches[0].padded(*_before_and_after(layer.padding))
    if kind in {"Cropping1D", "Cropping2D"}:
        before, after = _before_and_after(layer.cropping)
        return reaches[0].padded(-before, -after)
    if kind == "Reshape" and layer.target_shape[0] == -1 and _size_of_frame(inputs[0]) == _size_of(layer.target_shape):
        return reaches[0]
    if kind in {"LayerNormalization", "Softmax", "UnitNormalization"} and not _touches_time(layer, inputs[0]):
        return reaches[0]
    if kind in _FRAME_BY_FRAME:
        if kind == "BatchNormalization" and _touches_time(layer, inputs[0]):
            raise _underivable(layer, "it normalises along time")
        return reaches[0]
    if kind in _RECURRENT and layer.return_sequences and not layer.go_backwards:
        return reaches[0]
    raise _underivable(layer, "it may mix any frames")


def _windowed(layer: Any, reach: _Reach, is_pool: bool) -> _Reach:
    size = _time_of(layer.pool_size if is_pool else layer.kernel_size)
    stride = _time_of(layer.strides)
    dilation = 1 if is_pool else _time_of(layer.dilation_rate)
    extent = (size - 1) * dilation + 1
    if layer.data_format != "channels_last":
        raise _underivable(layer, "its channels come first")
    if layer.padding == "same" and extent > 1:
        if stride > 1:
            raise _underivable(layer, "where a strided layer with padding 'same' begins depends on the input's length")
        if is_pool:
            raise _underivable(layer, "it pads with 'same'")
        reach = reach.padded((extent - 1) // 2, extent - 1 - (extent - 1) // 2)
    elif layer.padding == "causal":
        reach = reach.padded(extent - 1, 0)
    elif layer.padding == "same" and stride > 1:
        raise _underivable(layer, "where a strided layer with padding 'same' begins depends on the input's length")
    return reach.window(extent, stride)


def _merged(layer: Any, inputs: list[Any], reaches: list[_Reach]) -> _Reach:
    if type(layer).__name__ == "Concatenate" and layer.axis in (1, 1 - len(inputs[0].shape)):
        raise _underivable(layer, "it joins along time")
    first = reaches[0]
    if any((reach.stride, reach.needed) != (first.stride, first.needed) for reach in reaches):
        raise _underivable(layer, "its inputs do not have the same steps")
    return _Reach(
        first.stride,
        min(reach.first for reach in reaches),
        max(reach.end for reach in reaches),
        first.needed,
    )


def _touches_time(layer: Any, tensor: Any) -> bool:
    axes = layer.axis if isinstance(layer.axis, (list, tuple)) else [layer.axis]
    return any(axis % len(tensor.shape) == 1 for axis in axes)


def _time_of(size: Any) -> int:
    return int(size[0]) if isinstance(size, (list, tuple)) else int(size)


def _before_and_after(amount: Any) -> tuple[int, int]:
    """Amounts on the time axis; pictures hold one pair an axis."""
    first = amount[0]
    pair = first if isinstance(first, (list, tuple)) else amount
    return int(pair[0]), int(pair[1])


def _size_of_frame(tensor: Any) -> int:
    return _size_of(tensor.shape[1:]) if None not in tensor.shape[2:] else 0


def _size_of(shape: Any) -> int:
    """Values a frame, of a shape (time, ...)."""
    size = 1
    for length in shape[1:]:
        size *= length if length is not None else 0
    return size


def _underivable(layer: Any, why: str) -> ParameterError:
    return ParameterError(
        f"The timing of layer {layer.name!r} ({type(layer).__name__}) cannot be derived: {why}; use unpadded or "
        "causal convolutions and pooling, cropping, zero padding at the start, or layers that work frame by frame."
    )
