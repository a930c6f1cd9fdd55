"""The network with its front end inside, for ONNX Runtime: samples in, logits and features out.

Keras, through tf2onnx, converts the network; the front end is written here in ONNX's own words and put before it. The
front end computes in float64: in float32 the transform leaves quiet bands 3e-3 dB from librosa, in float64 1e-5 dB.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.front_end import FrontEnd
from genre_lib.utils.extras import require
from genre_lib.utils.quiet import quiet_native_stderr

if TYPE_CHECKING:
    import keras

# The first with a short-time Fourier transform; ONNX Runtime knows it since 1.13.
_OPSET = 17
_IR_VERSION = 8

_FRONT_END = """
front_end (float[batch, n_samples] samples) => (float[batch, n_frames, {n_mels}] log_mel)
<int64 hop = {{{hop_length}}}, int64[1] last = {{-1}}, double[1] floor = {{{amin!r}}}, double[1] db = {{{db!r}}}>
{{
  precise = Cast <to = {double}> (samples)
  signal = Unsqueeze (precise, last)
  spectrum = STFT <onesided = 1> (signal, hop, window)
  power = ReduceSumSquare <axes = [-1], keepdims = 0> (spectrum)
  bands = Cast <to = {double}> (filter_bank)
  mel = MatMul (power, bands)
  floored = Max (mel, floor)
  nepers = Log (floored)
  decibels = Mul (nepers, db)
  log_mel = Cast <to = {single}> (decibels)
}}
"""


def write_onnx(
    path: Path,
    network: keras.Model,
    front_end: FrontEnd,
    filter_bank: NDArray[np.float32],
    genres: Sequence[str],
) -> None:
    """Write model.onnx.

    Input `samples` (batch, n_samples), mono at the front end's rate, full scale 1.0; outputs by name: those of the
    network, and `log_mel`. The file says its sample rate and its genres itself, as metadata.

    Parameters
    ----------
    path : Path
    network : keras.Model
        From `log_mel` (batch, n_frames, n_mels) to a dictionary of outputs.
    front_end : FrontEnd
    filter_bank : np.ndarray [shape=(n_mels, n_fft // 2 + 1)]
    genres : sequence of str

    Raises
    ------
    MissingDependencyError
        There is no onnx or no tf2onnx.
    """
    require("onnx", "tf2onnx", what="model.onnx")
    from onnx import checker, compose, helper, save

    whole = compose.merge_models(
        front_end_graph(front_end, filter_bank),
        _network_graph(network),
        io_map=[("log_mel", "log_mel")],
        outputs=["log_mel", *network.output],
        producer_name="genre-lib",
    )
    for output in whole.graph.output:
        _name_axes(output, "n_frames" if output.name == "log_mel" else "n_steps")
    # What the two halves noted of shapes between their layers has names of its own for the same axes.
    del whole.graph.value_info[:]
    whole.graph.name = "genre"
    whole.graph.doc_string = "Samples, mono at sample_rate, to the belief over genres; docs/onnx.md of genre-lib."
    helper.set_model_props(
        whole, {"sample_rate": str(front_end.sample_rate), "genres": json.dumps(list(genres), ensure_ascii=False)}
    )
    checker.check_model(whole, full_check=True)
    save(whole, path)


def front_end_graph(front_end: FrontEnd, filter_bank: NDArray[np.float32]) -> Any:
    """The front end as an ONNX model, `samples` (batch, n_samples) to `log_mel` (batch, n_frames, n_mels)."""
    from onnx import TensorProto, compose, helper, numpy_helper, parser

    n_fft = front_end.n_fft
    graph = parser.parse_graph(
        _FRONT_END.format(
            n_mels=front_end.n_mels,
            hop_length=front_end.hop_length,
            amin=float(front_end.amin),
            db=float(10 / np.log(10)),
            double=TensorProto.DOUBLE,
            single=TensorProto.FLOAT,
        )
    )
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    graph.initializer.extend(
        [
            numpy_helper.from_array(window, "window"),
            numpy_helper.from_array(np.ascontiguousarray(filter_bank.T), "filter_bank"),
        ]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
    # The network's tensors have names too.
    return compose.add_prefix(model, "front_end/", rename_inputs=False, rename_outputs=False)


def _network_graph(network: keras.Model) -> Any:
    from onnx import load

    with tempfile.TemporaryDirectory() as folder, quiet_native_stderr(), warnings.catch_warnings():
        # The converter asks NumPy for a name that it no longer has.
        warnings.simplefilter("ignore", FutureWarning)
        path = Path(folder) / "network.onnx"
        network.export(str(path), format="onnx", opset_version=_OPSET, input_signature=network.inputs, verbose=False)
        converted = load(path)
    # It declares an operator set that it takes nothing from, and that would have to be the front end's too.
    used = {node.domain for node in converted.graph.node}
    kept = [opset for opset in converted.opset_import if opset.domain in used]
    del converted.opset_import[:]
    converted.opset_import.extend(kept)
    converted.ir_version = _IR_VERSION
    _put_in_order(converted.graph)
    return converted


def _put_in_order(graph: Any) -> None:
    """Nodes and constants in the order in which the outputs come to need them, and named by it.

    The converter's order and names differ from one conversion to the next; so the same network gives the same file.
    """
    source = {name: node for node in graph.node for name in node.output}
    constants = {value.name: value for value in graph.initializer}
    names = {value.name: value.name for value in (*graph.input, *graph.output)} | {"": ""}
    nodes: list[Any] = []
    values: list[Any] = []

    def need(name: str) -> None:
        if name in source:
            node = source[name]
            if node in nodes:
                return
            for needed in node.input:
                need(needed)
            node.name = f"{node.op_type}_{len(nodes)}"
            nodes.append(node)
            for number, output in enumerate(node.output):
                names.setdefault(output, f"{node.name}:{number}")
        elif name not in names:
            names[name] = constants[name].name = f"constant_{len(values)}"
            values.append(constants[name])

    for output in sorted(graph.output, key=lambda output: output.name):
        need(output.name)
    for node in nodes:
        node.input[:] = [names[name] for name in node.input]
        node.output[:] = [names[name] for name in node.output]
    for field, kept in ((graph.node, nodes), (graph.initializer, values)):
        copies = [type(part).FromString(part.SerializeToString()) for part in kept]
        del field[:]
        field.extend(copies)


def _name_axes(output: Any, time: str) -> None:
    """Batch and time by name, in place of the numbers that the converter counts."""
    axes = output.type.tensor_type.shape.dim
    for axis, name in zip(axes[:-1], ("batch", time), strict=False):
        axis.dim_param = name
