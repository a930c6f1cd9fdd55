"""Every runtime held to a bundle's golden values: Keras, LiteRT, TensorFlow.js in Node and ONNX Runtime."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.files import GOLDEN, KERAS, LITERT, ONNX, TFJS, Bundle
from genre_lib.bundle.golden import (
    EMBEDDING_TOLERANCE,
    LOG_MEL_TOLERANCE_DB,
    PRECISE_LOG_MEL_TOLERANCE_DB,
    PROBABILITY_TOLERANCE,
    Golden,
    embedding_error,
    log_mel_error,
    probability_error,
)
from genre_lib.bundle.resources import resource
from genre_lib.errors import BundleError
from genre_lib.export.conversion import last_line
from genre_lib.inference.network import LiteRtNetwork
from genre_lib.networks.keras_files import keras_outputs, load_keras

Outputs = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class RuntimeCheck:
    """How far one runtime is from the golden values.

    Attributes
    ----------
    runtime : str
    error : float or None
        Largest difference; None where the runtime is not installed.
    tolerance : float
    unit : "dB", "probability" or "feature"
        What differs: the log-mel, the probability of a genre, or a step feature.
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


def check_bundle(bundle: Bundle) -> list[RuntimeCheck]:
    """Hold the front end and every runtime at hand to a bundle's golden values.

    Raises
    ------
    BundleError
        A file cannot be run at all.
    """
    golden = Golden.load(bundle.folder / GOLDEN)
    front_end_error = log_mel_error(golden, bundle.card.front_end, bundle.filter_bank())
    checks = [RuntimeCheck("front end", front_end_error, LOG_MEL_TOLERANCE_DB, "dB")]
    for runtime, outputs_of in _RUNTIMES.items():
        tolerance = PROBABILITY_TOLERANCE
        if runtime == "TF.js":
            tolerance = float(bundle.card.training.get("quantisation", {}).get("tolerance", tolerance))
        checks += _compared(runtime, outputs_of(bundle, golden), golden, tolerance)
    return checks


def _compared(runtime: str, outputs: Outputs | str, golden: Golden, tolerance: float) -> list[RuntimeCheck]:
    if isinstance(outputs, str):
        return [RuntimeCheck(runtime, None, tolerance, "probability", outputs)]
    checks = []
    if "log_mel" in outputs:
        error = float(np.abs(outputs["log_mel"] - golden.log_mel).max())
        checks.append(RuntimeCheck(runtime, error, PRECISE_LOG_MEL_TOLERANCE_DB, "dB"))
    error = probability_error(golden, outputs["step_logits"], outputs.get("clip_logits"))
    checks.append(RuntimeCheck(runtime, error, tolerance, "probability"))
    if golden.step_features is not None:
        features = outputs.get("step_features")
        error = float("inf") if features is None else embedding_error(golden, features)
        # Weights that are stored in fewer bits move features as they move probabilities.
        allowed = EMBEDDING_TOLERANCE * tolerance / PROBABILITY_TOLERANCE
        checks.append(RuntimeCheck(runtime, error, allowed, "feature"))
    return checks


def _keras(bundle: Bundle, golden: Golden) -> Outputs | str:
    if KERAS not in bundle.card.files:
        return "not in this bundle (it was taught on the page)"
    if importlib.util.find_spec("keras") is None:
        return "not installed (extra `train`)"
    return keras_outputs(load_keras(bundle.folder / KERAS), golden.log_mel)


def _litert(bundle: Bundle, golden: Golden) -> Outputs | str:
    n_genres = len(bundle.card.genres)
    network = LiteRtNetwork(bundle.folder / LITERT, n_genres)
    if not network.n_features:
        return {"step_logits": network(golden.log_mel)}
    logits, features = np.split(network.with_features(golden.log_mel), [n_genres], axis=1)
    return {"step_logits": logits, "step_features": features}


def _tfjs(bundle: Bundle, golden: Golden) -> Outputs | str:
    script = resource("web", "scripts", "run-graph-model.mjs")
    node = shutil.which("node")
    if node is None or not (script.parents[1] / "node_modules" / "@tensorflow").is_dir():
        return "not installed (make web)"
    command = [node, str(script), str(bundle.folder / TFJS), str(bundle.folder / GOLDEN)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if answer.returncode != 0:
        raise BundleError(f"TF.js cannot run {bundle.folder / TFJS}: {last_line(answer.stderr)}.")
    return {name: np.array(values, np.float32) for name, values in json.loads(answer.stdout).items()}


def _onnx(bundle: Bundle, golden: Golden) -> Outputs | str:
    if ONNX not in bundle.card.files:
        return "not in this bundle (genre model rebuild makes it)"
    if importlib.util.find_spec("onnxruntime") is None:
        return "not installed (extra `onnx`)"
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(bundle.folder / ONNX, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        values = session.run(names, {"samples": golden.samples[None]})
    # ONNX Runtime has an exception for each of its status codes.
    except Exception as error:
        raise BundleError(f"ONNX Runtime cannot run {bundle.folder / ONNX}: {last_line(str(error))}.") from error
    return {name: value[0] for name, value in zip(names, values, strict=True)}


_RUNTIMES: dict[str, Callable[[Bundle, Golden], Outputs | str]] = {
    "Keras": _keras,
    "LiteRT": _litert,
    "TF.js": _tfjs,
    "ONNX": _onnx,
}
