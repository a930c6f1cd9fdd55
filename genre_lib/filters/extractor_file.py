"""The file of the extractor: the network as LiteRT with the activations of its layers as outputs.

A bundle's own LiteRT network holds them as inner tensors already: only its list of outputs has to be written anew.
Which tensor belongs to which layer is told by the values themselves, once, when the bundle is written.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.filters.layers import LayerOutput
from genre_lib.utils.quiet import quiet_native_stderr

if TYPE_CHECKING:
    import keras

# A difference between runtimes; another tensor differs by as much as the activations themselves.
_SAME_WITHIN = 1e-4
_IDENTIFIER = b"TFL3"


def converted(model: keras.Model, layer_outputs: Sequence[LayerOutput]) -> bytes:
    """A LiteRT model with the activations of some layers as outputs, under the layers' folder names.

    Outputs are (1, steps, neurons), or (1, steps, bands, neurons) for the layers of a picture. Takes some seconds.
    """
    from genre_lib.networks.tensorflow_setup import keras, tf

    # An output may not be another output's input by the same name.
    outputs = {
        layer_output.layer.folder: keras.layers.Activation("linear")(layer_output.tensor)
        for layer_output in layer_outputs
    }
    extractor = keras.Model(model.inputs, outputs, name="extractor")
    tf.get_logger().setLevel("ERROR")
    with tempfile.TemporaryDirectory() as saved_model, quiet_native_stderr():
        extractor.export(saved_model, verbose=False)
        content: bytes = tf.lite.TFLiteConverter.from_saved_model(saved_model).convert()
    return content


def with_outputs(content: bytes, tensors: dict[str, tuple[int, int]]) -> bytes:
    """A LiteRT file whose outputs are some of its tensors, without what they do not need; see `converted`.

    Parameters
    ----------
    content : bytes
    tensors : dict of str to (int, int)
        By output name: the tensor's index, and its number of neurons.

    Raises
    ------
    ValueError
        A tensor is not in the file, or has another number of neurons.
    """
    from ai_edge_litert import schema_py_generated as schema

    flatbuffers: Any = import_module("flatbuffers")
    model: Any = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    (graph,) = model.subgraphs[:1]
    for name, (place, n_neurons) in tensors.items():
        if not 0 <= place < len(graph.tensors) or list(graph.tensors[place].shape)[-1:] != [n_neurons]:
            raise ValueError(f"tensor {place} does not hold the {n_neurons} neurons of {name}")
    places = {name: place for name, (place, _) in tensors.items()}
    graph.outputs = list(places.values())
    graph.operators = _needed(graph.operators, graph.outputs)
    (signature,) = model.signatureDefs[:1]
    signature.outputs = []
    for name, place in places.items():
        entry = schema.TensorMapT()
        entry.name, entry.tensorIndex = name, place
        signature.outputs.append(entry)
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), file_identifier=_IDENTIFIER)
    return bytes(builder.Output())


def find_tensors(model: keras.Model, layer_outputs: Sequence[LayerOutput], path: Path) -> list[int] | None:
    """Which tensors of a LiteRT file of the same network hold the layers' activations.

    Told by the values themselves. None where the file does not hold every layer.
    """
    probe = _probe(model, layer_outputs)
    return _places(path, probe, _activations(model, layer_outputs, probe))


def _probe(model: keras.Model, layer_outputs: Sequence[LayerOutput]) -> NDArray[np.float32]:
    """A spectrogram of bursts: what differs from moment to moment tells tensors apart."""
    n_frames = 4 * max(layer_output.layer.timing.receptive_field_frames for layer_output in layer_outputs)
    rng = np.random.default_rng(0)
    loudness = rng.uniform(-60, 0, (1, n_frames, 1))
    return np.asarray(loudness + rng.normal(0, 12, (1, n_frames, model.inputs[0].shape[-1])), np.float32)


def _activations(
    model: keras.Model, layer_outputs: Sequence[LayerOutput], log_mel: NDArray[np.float32]
) -> list[NDArray[np.float32]]:
    from genre_lib.networks.tensorflow_setup import keras

    outputs = keras.Model(model.inputs[0], [layer_output.tensor for layer_output in layer_outputs])(
        log_mel, training=False
    )
    return [np.asarray(tensor) for tensor in outputs]


def _places(path: Path, log_mel: NDArray[np.float32], expected: Sequence[NDArray[np.float32]]) -> list[int] | None:
    """Indices of the tensors that hold the expected values."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    try:
        with quiet_native_stderr():
            interpreter = Interpreter(
                model_path=str(path),
                experimental_preserve_all_tensors=True,
                # Its delegate would keep inner tensors to itself.
                experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            )
            (entry,) = interpreter.get_input_details()
            interpreter.resize_tensor_input(entry["index"], log_mel.shape)
            interpreter.allocate_tensors()
            interpreter.set_tensor(entry["index"], log_mel)
            interpreter.invoke()
            candidates = [
                detail["index"] for detail in interpreter.get_tensor_details()
                if detail["dtype"] is np.float32 and len(detail["shape"]) > 2 and detail["index"] != entry["index"]
            ]  # fmt: skip
            held = [(index, interpreter.get_tensor(index)) for index in candidates]
    except (ValueError, RuntimeError):
        return None
    found = []
    for values in expected:
        limit = _SAME_WITHIN * float(np.abs(values).max())
        same = (i for i, held_values in held if held_values.shape == values.shape and _near(held_values, values, limit))
        # A layer that says nothing at all could be any that does.
        place = next(same, None) if limit > 0 else None
        if place is None:
            return None
        found.append(place)
    return found


def _near(one: NDArray[np.float32], other: NDArray[np.float32], limit: float) -> bool:
    return bool(np.abs(one - other).max() <= limit)


def _needed(operators: Sequence[Any], outputs: Sequence[int]) -> list[Any]:
    """Those operators that outputs come from; a delegate refuses others, whose results nobody takes."""
    wanted, kept = set(outputs), []
    for operator in reversed(operators):
        if wanted & set(operator.outputs):
            kept.append(operator)
            wanted |= set(operator.inputs)
    return kept[::-1]
