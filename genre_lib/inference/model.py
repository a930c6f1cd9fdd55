"""A loaded model: recordings in, genre curves out. LiteRT only; TensorFlow is never imported here."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.decoding import AudioReader
from genre_lib.audio.mono import to_mono
from genre_lib.bundle.card import Card
from genre_lib.bundle.files import LITERT, Bundle, open_bundle
from genre_lib.bundle.timing import Timing
from genre_lib.errors import AudioError, BundleError
from genre_lib.inference.curve import FLOOR_DBFS, GenreCurve, step_levels, step_times
from genre_lib.utils.quiet import quiet_native_stderr

# Frames a run of the network: about half a minute, so that memory does not grow with the recording.
_BLOCK_FRAMES = 384


def load_model(path: str | Path | None = None) -> GenreModel:
    """Open a bundle for inference.

    Parameters
    ----------
    path : str or Path, optional
        A bundle's folder; by default the pretrained one.

    Raises
    ------
    BundleError
        The bundle is missing, unknown or damaged.

    Examples
    --------
    >>> import genre_lib
    >>> model = genre_lib.load_model()
    >>> answer = model.curve(samples, sample_rate).answer()  # doctest: +SKIP
    """
    return GenreModel(open_bundle(path))


class GenreModel:
    """A bundle's network and front end.

    Attributes
    ----------
    bundle : Bundle
    card : Card
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._network = LiteRtNetwork(bundle.folder / LITERT, len(bundle.card.genres))
        self._filter_bank = bundle.filter_bank()

    @property
    def card(self) -> Card:
        """What the bundle says of itself."""
        return self.bundle.card

    def curve(self, source: str | Path | NDArray[np.generic], sample_rate: int | None = None) -> GenreCurve:
        """The genre curve of a recording.

        Parameters
        ----------
        source : str, Path or np.ndarray [shape=(n,) or (n, channels)]
            A file, or samples.
        sample_rate : int > 0 [Hz]
            Of the samples; not for a file.

        Raises
        ------
        AudioError
            The recording cannot be decoded or is too short for one step.
        """
        if isinstance(source, str | Path):
            with AudioReader(source, self.card.front_end.sample_rate) as reader:
                return self._curve_of_blocks(reader, str(source), reader)
        if sample_rate is None:
            raise AudioError("The sample rate of the samples is missing: give sample_rate in Hz.")
        samples = to_mono(source, sample_rate, self.card.front_end.sample_rate)
        return self._curve_of_blocks([samples], "The recording")

    def curve_from_log_mel(
        self, log_mel: NDArray[np.floating], frame_power: NDArray[np.floating] | None = None
    ) -> GenreCurve:
        """The genre curve of a log-mel spectrogram.

        Parameters
        ----------
        log_mel : np.ndarray [shape=(n_frames, n_mels), unit=dB]
        frame_power : np.ndarray [shape=(n_frames,)], optional
            Variance of each frame's samples. Without it the level is unknown (NaN), except that frames at the front
            end's floor are silent.
        """
        front_end = self.card.front_end
        log_mel = np.asarray(log_mel, np.float32)
        if log_mel.ndim != 2 or log_mel.shape[1] != front_end.n_mels:
            raise AudioError(f"The log-mel has shape {log_mel.shape}: this model needs (n_frames, {front_end.n_mels}).")
        self._check_length(len(log_mel), front_end.n_samples(len(log_mel)), "The log-mel")
        steps = StepStream(self._network, self.card.timing)
        logits = _finite(np.concatenate([*steps.push(log_mel), *steps.finish()]), "The log-mel")
        if frame_power is None:
            floor_db = 10 * np.log10(front_end.amin)
            known_silent = (
                step_levels(self.card, (log_mel.max(axis=1) > floor_db + 0.01).astype(np.float64)) <= FLOOR_DBFS
            )
            level = np.where(known_silent, FLOOR_DBFS, np.nan)
        else:
            level = step_levels(self.card, frame_power)
        duration_s = front_end.n_samples(len(log_mel)) / front_end.sample_rate
        return GenreCurve(self.card, step_times(self.card, len(log_mel)), logits, level, duration_s)

    def _curve_of_blocks(
        self, blocks: Iterable[NDArray[np.float32]], name: str, reader: AudioReader | None = None
    ) -> GenreCurve:
        front_end = self.card.front_end
        counter = _SampleCounter(blocks)
        steps = StepStream(self._network, self.card.timing)
        logits: list[NDArray[np.float32]] = []
        power: list[NDArray[np.float32]] = []
        for log_mel, frame_power in front_end.stream(counter, filter_bank=self._filter_bank):
            logits.extend(steps.push(log_mel))
            power.append(frame_power)
        n_frames = sum(map(len, power))
        self._check_length(n_frames, counter.n_samples, name)
        logits.extend(steps.finish())
        return GenreCurve(
            self.card,
            step_times(self.card, n_frames),
            _finite(np.concatenate(logits), name),
            step_levels(self.card, np.concatenate(power)),
            counter.n_samples / front_end.sample_rate,
            reader.warning if reader is not None else None,
        )

    def _check_length(self, n_frames: int, n_samples: int, name: str) -> None:
        if n_frames < self.card.timing.minimum_frames:
            seconds = n_samples / self.card.front_end.sample_rate
            raise AudioError(
                f"{name} is {seconds:.2f} s long: the model needs at least {self.card.minimum_s:.2f} s of sound."
            )


def _finite(logits: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    if not np.isfinite(logits).all():
        raise AudioError(f"{name} gives no answer (NaN or infinity): check where it is from.")
    return logits


class LiteRtNetwork:
    """A LiteRT network with a variable time axis.

    Raises
    ------
    BundleError
        The file is not a network with the outputs that docs/bundle.md names.
    """

    def __init__(self, path: Path, n_genres: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        # One interpreter holds one set of tensors, and visitors of a dashboard share the model.
        self._lock = threading.Lock()
        try:
            # LiteRT announces its delegate on standard error, which is for errors.
            with quiet_native_stderr():
                self._interpreter = Interpreter(model_path=str(path), num_threads=1)
                self._interpreter.allocate_tensors()
            self._input = self._interpreter.get_input_details()[0]["index"]
            # The order of outputs changes from one conversion to the next: only their rank tells them apart.
            by_rank = {len(detail["shape"]): detail for detail in self._interpreter.get_output_details()}
            self._output = by_rank[3]["index"]
        except (ValueError, RuntimeError, KeyError, IndexError) as error:
            raise BundleError(f"{path} is not a genre network for LiteRT ({error}): make the bundle again.") from error
        if by_rank[3]["shape"][-1] != n_genres:
            raise BundleError(f"{path} has {by_rank[3]['shape'][-1]} outputs for {n_genres} genres: make it again.")
        self._n_frames = -1

    def __call__(self, log_mel: NDArray[np.float32]) -> NDArray[np.float32]:
        """Step logits [shape=(n_steps, n_genres)] of `log_mel` [shape=(n_frames, n_mels)]."""
        with self._lock:
            if len(log_mel) != self._n_frames:
                self._interpreter.resize_tensor_input(self._input, [1, *log_mel.shape])
                self._interpreter.allocate_tensors()
                self._n_frames = len(log_mel)
            self._interpreter.set_tensor(self._input, np.ascontiguousarray(log_mel[None], np.float32))
            self._interpreter.invoke()
            return np.array(self._interpreter.get_tensor(self._output)[0])


class StepStream:
    """Runs a network over frames as they come, in blocks; the steps equal those of the whole recording."""

    def __init__(self, network: LiteRtNetwork, timing: Timing, *, block_frames: int = _BLOCK_FRAMES) -> None:
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
            logits = self._network(frames)
            skip = self._next_step - self._start // step_frames
            yield logits[skip : skip + n_steps - self._next_step]
            self._next_step = n_steps
        start = self._first_needed() // step_frames * step_frames
        frames = frames[max(0, start - self._start) :]
        self._start = max(self._start, start)
        self._pending, self._n_pending = [frames], len(frames)


class _SampleCounter:
    """Counts the samples of the blocks that pass."""

    def __init__(self, blocks: Iterable[NDArray[np.float32]]) -> None:
        self._blocks = blocks
        self.n_samples = 0

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        for block in self._blocks:
            self.n_samples += len(block)
            yield block
