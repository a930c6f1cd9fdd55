"""From a SavedModel to LiteRT and to TensorFlow.js."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Literal

from genre_lib.errors import BundleError
from genre_lib.utils.quiet import quiet_native_stderr

WeightType = Literal["float32", "float16", "uint16", "uint8"]

_SHARD_BYTES = 4 * 1024 * 1024


def write_litert(saved_model: str, path: Path) -> None:
    """Write model.tflite from a SavedModel."""
    from genre_lib.networks.tensorflow_setup import tf

    with quiet_native_stderr():
        path.write_bytes(tf.lite.TFLiteConverter.from_saved_model(saved_model).convert())


def write_tfjs(saved_model: str, path: Path, weights: WeightType) -> None:
    """Write the TensorFlow.js graph model of a SavedModel, by the official converter in a process of its own.

    Importing the converter costs 12 s of processor time and changes global state, and its own command line breaks on
    paths with spaces; hence the call from a fresh interpreter.
    """
    options = [
        "--input_format=tf_saved_model",
        "--output_format=tfjs_graph_model",
        f"--weight_shard_size_bytes={_SHARD_BYTES}",
        "--strip_debug_ops=True",
    ]
    if weights != "float32":
        options.append(f"--quantize_{weights}=*")
    call = "import sys; from tensorflowjs.converters import converter; converter.convert(sys.argv[1:])"
    command = [sys.executable, "-c", call, *options, saved_model, str(path.parent)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if answer.returncode != 0 or not path.exists():
        raise BundleError(f"The TensorFlow.js converter failed: {last_line(answer.stderr)}.")


def last_line(text: str) -> str:
    """What a failed program said last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "it said nothing"
