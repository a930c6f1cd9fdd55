"""From a trained Keras model to a bundle: LiteRT and TensorFlow.js exports, golden values, and their check."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from genre_lib.bundle.card import Card
from genre_lib.bundle.files import GOLDEN, KERAS, LITERT, MEL, NEURONS, RECIPE, TFJS, Bundle, open_bundle, seal
from genre_lib.bundle.golden import (
    LOG_MEL_TOLERANCE_DB,
    PROBABILITY_TOLERANCE,
    Golden,
    log_mel_error,
    probability_error,
)
from genre_lib.bundle.resources import resource
from genre_lib.errors import BundleError
from genre_lib.export.golden_values import make_golden
from genre_lib.filters.intermediate_outputs import neurons_json
from genre_lib.inference.model import LiteRtNetwork
from genre_lib.networks.keras_files import keras_logits, load_keras
from genre_lib.networks.receptive_field import is_recurrent
from genre_lib.utils.atomic import replaced_folder, write_text
from genre_lib.utils.quiet import quiet_native_stderr

WeightType = Literal["float32", "float16", "uint16", "uint8"]

# Largest error in probability that a weight type may cause on the golden signal.
QUANTISATION_TOLERANCE: dict[str, float] = {
    "float32": PROBABILITY_TOLERANCE,
    "uint16": PROBABILITY_TOLERANCE,
    "float16": 2e-3,
    "uint8": 2e-2,
}

_SHARD_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class RuntimeCheck:
    """How far one runtime is from the golden values.

    Attributes
    ----------
    runtime : str
    error : float or None
        Largest difference; None where the runtime is not installed.
    tolerance : float
    unit : str
    note : str
    """

    runtime: str
    error: float | None
    tolerance: float
    unit: str
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether the runtime agrees, or could not be asked."""
        return self.error is None or self.error <= self.tolerance


def write_bundle(
    folder: str | Path, model: Any, card: Card, *, tfjs_weights: WeightType = "uint16", recipe: str | None = None
) -> Bundle:
    """Write a bundle, hold every runtime at hand to its golden values, and only then put it in place.

    Parameters
    ----------
    folder : str or Path
        Replaced as a whole if it exists.
    model : keras.Model
        With outputs `step_logits` and `clip_logits`; only standard layers.
    card : Card
        Without `files`, which are filled in.
    tfjs_weights : {"float32", "float16", "uint16", "uint8"}
        How the page's copy stores its weights; the tolerance of its check follows from it.
    recipe : str, optional
        Content of recipe.yaml: the parameters that rebuild this bundle.

    Raises
    ------
    BundleError
        The network is recurrent, an export failed or a runtime disagrees; nothing is left behind.
    """
    if is_recurrent(model):
        raise BundleError(
            f"The network {model.name} remembers all of the past, so that a live stream and a file would differ: it "
            "can be trained and measured, but a bundle needs a network with a receptive field, such as residual."
        )
    folder = Path(folder)
    tolerance = QUANTISATION_TOLERANCE[tfjs_weights]
    card = replace(card, training=card.training | {"quantisation": {"tfjs": tfjs_weights, "tolerance": tolerance}})
    with replaced_folder(folder) as draft:
        model.save(draft / KERAS)
        with tempfile.TemporaryDirectory() as saved_model:
            model.export(saved_model, verbose=False)
            _export_litert(saved_model, draft / LITERT)
            _export_tfjs(saved_model, draft / TFJS, tfjs_weights)
        (draft / MEL).write_bytes(card.front_end.filter_bank().astype("<f4").tobytes())
        golden = make_golden(card.front_end, lambda log_mel: keras_logits(model, log_mel))
        write_text(draft / GOLDEN, golden.to_json())
        if (neurons := neurons_json(model, draft / LITERT)) is not None:
            write_text(draft / NEURONS, neurons)
        if recipe is not None:
            write_text(draft / RECIPE, recipe)
        bundle = seal(draft, card)
        for check in check_bundle(bundle):
            if not check.ok:
                raise BundleError(
                    f"The exported {check.runtime} is {check.error:.2g} {check.unit} from the golden values, more than "
                    f"{check.tolerance:g}: the bundle was not written."
                )
    return open_bundle(folder)


def check_bundle(bundle: Bundle) -> list[RuntimeCheck]:
    """Hold the front end, Keras, LiteRT and TensorFlow.js in Node to a bundle's golden values."""
    golden = Golden.load(bundle.folder / GOLDEN)
    card = bundle.card
    quantised = float(card.training.get("quantisation", {}).get("tolerance", PROBABILITY_TOLERANCE))
    litert = LiteRtNetwork(bundle.folder / LITERT, len(card.genres))
    return [
        RuntimeCheck(
            "front end", log_mel_error(golden, card.front_end, bundle.filter_bank()), LOG_MEL_TOLERANCE_DB, "dB"
        ),
        _check_keras(bundle, golden),
        RuntimeCheck("LiteRT", probability_error(golden, litert(golden.log_mel)), PROBABILITY_TOLERANCE, "probability"),
        _check_tfjs(bundle, golden, quantised),
    ]


def _check_keras(bundle: Bundle, golden: Golden) -> RuntimeCheck:
    if importlib.util.find_spec("keras") is None:
        return RuntimeCheck("Keras", None, PROBABILITY_TOLERANCE, "probability", "not installed (extra `train`)")
    step_logits, _ = keras_logits(load_keras(bundle.folder / KERAS), golden.log_mel)
    return RuntimeCheck("Keras", probability_error(golden, step_logits), PROBABILITY_TOLERANCE, "probability")


def _check_tfjs(bundle: Bundle, golden: Golden, tolerance: float) -> RuntimeCheck:
    script = resource("web", "scripts", "run-graph-model.mjs")
    node = shutil.which("node")
    if node is None or not (script.parents[1] / "node_modules" / "@tensorflow").is_dir():
        return RuntimeCheck("TF.js", None, tolerance, "probability", "not installed (make web)")
    command = [node, str(script), str(bundle.folder / TFJS), str(bundle.folder / GOLDEN)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if answer.returncode != 0:
        raise BundleError(f"TF.js cannot run {bundle.folder / TFJS}: {_last_line(answer.stderr)}.")
    step_logits = np.array(json.loads(answer.stdout)["step_logits"], np.float32)
    return RuntimeCheck("TF.js", probability_error(golden, step_logits), tolerance, "probability")


def _export_litert(saved_model: str, path: Path) -> None:
    from genre_lib.networks.tensorflow_setup import tf

    with quiet_native_stderr():
        path.write_bytes(tf.lite.TFLiteConverter.from_saved_model(saved_model).convert())


def _export_tfjs(saved_model: str, path: Path, weights: WeightType) -> None:
    """SavedModel to graph model, by the official converter in a process of its own.

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
        raise BundleError(f"The TensorFlow.js converter failed: {_last_line(answer.stderr)}.")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "it said nothing"
