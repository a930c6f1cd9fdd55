"""The extractor: the network cut open, so that every neuron's activation can be read at every step. LiteRT only.

Its file (the network's own weights, a megabyte) is written once. With it workers start at once and need 60 MB instead
of TensorFlow's 700, and the dashboard can show what fires at this moment.

A neuron of a picture layer looks at many bands at once. Its activation is the maximum over them: it tells how well the
neuron's pattern is met anywhere in the spectrum, where a mean would tell how much of the spectrum is filled, and prefer
noise to what the neuron is for.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.errors import BundleError
from genre_lib.filters.layers import NeuronLayer
from genre_lib.utils.quiet import quiet_native_stderr

# Frames a run of the network, so that memory does not grow with the recording.
_BLOCK_FRAMES = 512


class ActivationExtractor:
    """Activations of a network's neurons.

    Parameters
    ----------
    path : Path
        What `IntermediateOutputs.ear_of` gave, see `genre_lib.filters.intermediate_outputs`.
    layers : sequence of NeuronLayer
        Those in the file.

    Raises
    ------
    BundleError
        The file does not hold these layers.
    """

    def __init__(self, path: str | Path, layers: Sequence[NeuronLayer]) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self.layers = tuple(layers)
        self._lock = threading.Lock()
        try:
            # Standard error is for errors.
            with quiet_native_stderr():
                self._interpreter = Interpreter(model_path=str(path), num_threads=1)
                # The order of outputs changes from one conversion to the next: only the signature knows their names.
                (signature, names), *_ = self._interpreter.get_signature_list().items()
                self._runner = self._interpreter.get_signature_runner(signature)
                (self._input,) = names["inputs"]
                n_mels = self._runner.get_input_details()[self._input]["shape"][-1]
                # It announces the delegate when it first runs.
                self._runner(**{self._input: np.zeros((1, self._minimum_frames, n_mels), np.float32)})
        except (ValueError, RuntimeError) as error:
            raise BundleError(f"{path} is not a network for LiteRT ({error}): find the filters again.") from error
        if missing := {layer.folder for layer in self.layers} - set(names["outputs"]):
            raise BundleError(f"{path} has no layer {min(missing)!r}: find the filters again.")

    def activations(self, log_mel: NDArray[np.floating[Any]]) -> dict[str, NDArray[np.float32]]:
        """Activations [shape=(n_steps, n_neurons)] by layer, of a log-mel [shape=(n_frames, n_mels)] as it stands.

        Everything is in memory at once: for a short recording, or a part of one.
        """
        if len(log_mel) < self._minimum_frames:
            return {layer.name: np.zeros((0, layer.n_neurons), np.float32) for layer in self.layers}
        with self._lock:
            outputs = self._runner(**{self._input: np.ascontiguousarray(log_mel[None], np.float32)})
        return {layer.name: _over_bands(outputs[layer.folder][0]) for layer in self.layers}

    @property
    def _minimum_frames(self) -> int:
        return max(layer.timing.minimum_frames for layer in self.layers)

    def peaks(self, log_mel: NDArray[np.floating[Any]]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Each neuron's strongest activation, and the first frame of what it heard then.

        Only steps that lie wholly in the recording count. Runs block by block: an hour needs no more memory than a
        minute.

        Parameters
        ----------
        log_mel : np.ndarray [shape=(n_frames, n_mels), unit=dB]

        Returns
        -------
        peak : np.ndarray [shape=(n_neurons,)]
            Of all layers, one after the other; -inf where the recording is shorter than the receptive field.
        first_frame : np.ndarray [shape=(n_neurons,)]
        """
        n = sum(layer.n_neurons for layer in self.layers)
        peak, first_frame = np.full(n, -np.inf, np.float32), np.zeros(n, np.int64)
        grid = math.lcm(*(layer.timing.step_frames for layer in self.layers))
        block = max(_BLOCK_FRAMES, 4 * max(layer.timing.receptive_field_frames for layer in self.layers))
        start = 0
        while True:
            activations = self.activations(log_mel[start : start + block])
            at = 0
            for layer in self.layers:
                here = slice(at, at + layer.n_neurons)
                at += layer.n_neurons
                value, frame = _strongest(layer, activations[layer.name])
                better = value > peak[here]
                peak[here] = np.where(better, value, peak[here])
                first_frame[here] = np.where(better, start + frame, first_frame[here])
            # The next block begins where no layer misses a step, on a grid that every layer's steps lie on.
            new = min((len(activations[ly.name]) - ly.first_whole_step) * ly.timing.step_frames for ly in self.layers)
            if start + block >= len(log_mel) or new < grid:
                return peak, first_frame
            start += new // grid * grid


def _strongest(layer: NeuronLayer, activations: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Highest activation of each neuron among the whole steps, and the first frame it heard."""
    whole = activations[layer.first_whole_step :]
    if not len(whole):
        return np.full(layer.n_neurons, -np.inf, np.float32), np.zeros(layer.n_neurons, np.int64)
    step = whole.argmax(axis=0)
    return whole[step, np.arange(layer.n_neurons)], layer.frames(0)[0] + (step + layer.first_whole_step) * (
        layer.timing.step_frames
    )


def _over_bands(activations: NDArray[np.float32]) -> NDArray[np.float32]:
    return activations.max(axis=1) if activations.ndim == 3 else activations
