"""A bundle's network through LiteRT, over a whole log-mel or over frames as they come."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.timing import Timing
from genre_lib.errors import BundleError
from genre_lib.utils.quiet import quiet_native_stderr

Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]

# Frames a run of the network: about half a minute, so that memory does not grow with the recording.
_BLOCK_FRAMES = 384


class LiteRtNetwork:
    """A LiteRT network with a variable time axis.

    Raises
    ------
    BundleError
        The file is not a network with the outputs that docs/bundle.md names.
    """

    def __init__(self, path: Path, n_genres: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._path = path
        # One interpreter holds one set of tensors, and visitors of a dashboard share the model.
        self._lock = threading.Lock()
        try:
            # LiteRT announces its delegate on standard error, which is for errors.
            with quiet_native_stderr():
                self._interpreter = Interpreter(model_path=str(path), num_threads=1)
                self._interpreter.allocate_tensors()
            self._input = self._interpreter.get_input_details()[0]["index"]
            outputs = _outputs_by_name(self._interpreter)
        except (ValueError, RuntimeError, KeyError, IndexError) as error:
            raise BundleError(f"{path} is not a genre network for LiteRT ({error}): make the bundle again.") from error
        self._logits, self._features = outputs["step_logits"], outputs.get("step_features")
        if self._logits["shape"][-1] != n_genres:
            raise BundleError(f"{path} has {self._logits['shape'][-1]} outputs for {n_genres} genres: make it again.")
        self._n_frames = -1

    @property
    def n_features(self) -> int:
        """Numbers a step that the logits are read from; 0 if the file was made without them."""
        return 0 if self._features is None else int(self._features["shape"][-1])

    def __call__(self, log_mel: NDArray[np.float32]) -> NDArray[np.float32]:
        """Step logits [shape=(n_steps, n_genres)] of `log_mel` [shape=(n_frames, n_mels)]."""
        return self._run(log_mel, [self._logits])[0]

    def with_features(self, log_mel: NDArray[np.float32]) -> NDArray[np.float32]:
        """Step logits and, to the right of them, step features [shape=(n_steps, n_genres + n_features)].

        Raises
        ------
        BundleError
            The file was made without step features.
        """
        if self._features is None:
            raise BundleError(f"{self._path} was made before networks told their features: use `genre model rebuild`.")
        return np.hstack(self._run(log_mel, [self._logits, self._features]))

    def _run(self, log_mel: NDArray[np.float32], outputs: Sequence[Any]) -> list[NDArray[np.float32]]:
        with self._lock:
            if len(log_mel) != self._n_frames:
                self._interpreter.resize_tensor_input(self._input, [1, *log_mel.shape])
                self._interpreter.allocate_tensors()
                self._n_frames = len(log_mel)
            self._interpreter.set_tensor(self._input, np.ascontiguousarray(log_mel[None], np.float32))
            self._interpreter.invoke()
            return [np.array(self._interpreter.get_tensor(output["index"])[0]) for output in outputs]


def _outputs_by_name(interpreter: Any) -> dict[str, Any]:
    """Details of the outputs: their order changes from one conversion to the next."""
    for name in interpreter.get_signature_list():
        # A runner holds on to the interpreter's memory, which then cannot be resized: it must not outlive this line.
        outputs = dict(interpreter.get_signature_runner(name).get_output_details())
        if "step_logits" in outputs:
            return outputs
    # Converted without names: then there are the logits alone, told apart by their rank.
    by_rank = {len(detail["shape"]): detail for detail in interpreter.get_output_details()}
    return {"step_logits": by_rank[3]}


class StepStream:
    """Runs a network over frames as they come, in blocks; the steps equal those of the whole recording.

    Parameters
    ----------
    network : callable
        From log-mel [shape=(n_frames, n_mels)] to values of each step [shape=(n_steps, n)].
    timing : Timing
    block_frames : int > 0
    """

    def __init__(self, network: Network, timing: Timing, *, block_frames: int = _BLOCK_FRAMES) -> None:
        self._network = network
        self._timing = timing
        self._block_frames = block_frames
        self._pending: list[NDArray[np.float32]] = []
        self._n_pending = 0
        self._start = 0
        self._next_step = 0

    def push(self, log_mel: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """Take frames; yield the steps of every full block."""
        for at in range(0, len(log_mel), self._block_frames):
            part = log_mel[at : at + self._block_frames]
            self._pending.append(part)
            self._n_pending += len(part)
            if self._start + self._n_pending >= self._first_needed() + self._block_frames:
                yield from self._run()

    def finish(self) -> Iterator[NDArray[np.float32]]:
        """Yield the steps of what is left."""
        if self._n_pending:
            yield from self._run()

    def _first_needed(self) -> int:
        """First frame that the next step hears."""
        return max(0, self._next_step * self._timing.step_frames + self._timing.first_frame)

    def _run(self) -> Iterator[NDArray[np.float32]]:
        step_frames = self._timing.step_frames
        frames = np.concatenate(self._pending)
        n_steps = self._timing.n_steps(self._start + len(frames))
        if n_steps > self._next_step:
            values = self._network(frames)
            skip = self._next_step - self._start // step_frames
            yield values[skip : skip + n_steps - self._next_step]
            self._next_step = n_steps
        start = self._first_needed() // step_frames * step_frames
        frames = frames[max(0, start - self._start) :]
        self._start = max(self._start, start)
        self._pending, self._n_pending = [frames], len(frames)
