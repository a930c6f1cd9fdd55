"""A loaded model: recordings in, genre curves out. LiteRT only; TensorFlow is never imported here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.decoding import AudioReader
from genre_lib.audio.files import shown
from genre_lib.audio.mono import as_floats, to_mono
from genre_lib.bundle.card import Card
from genre_lib.bundle.files import LITERT, Bundle, open_bundle
from genre_lib.errors import AudioError
from genre_lib.inference.curve import FLOOR_DBFS, GenreCurve, step_levels, step_times
from genre_lib.inference.embedding import Embedding
from genre_lib.inference.network import LiteRtNetwork, Network, StepStream
from genre_lib.inference.views import view

if TYPE_CHECKING:
    import pandas


def load_model(path: str | Path | None = None) -> GenreModel:
    """Open a bundle for inference.

    Parameters
    ----------
    path : str or Path, optional
        A bundle's folder, or a zip of it as the page and the dashboard save it; by default the pretrained one.

    Raises
    ------
    BundleError
        The bundle is missing, unknown or damaged.

    Examples
    --------
    >>> import genre_lib
    >>> model = genre_lib.load_model()
    >>> silence = np.zeros(5 * 22050)
    >>> model.curve(silence, 22050).answer().state
    'silence'
    """
    return GenreModel(open_bundle(path))


class GenreModel:
    """A bundle's network and front end.

    Attributes
    ----------
    bundle : Bundle
    card : Card
    filter_bank : np.ndarray [shape=(n_mels, n_fft // 2 + 1)]

    Examples
    --------
    >>> import genre_lib
    >>> model = genre_lib.load_model()
    >>> model.card.genres[:3], round(model.card.step_period_s, 2)
    (('blues', 'classical', 'country'), 0.31)
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._network = LiteRtNetwork(bundle.folder / LITERT, len(bundle.card.genres))
        self.filter_bank = bundle.filter_bank()

    @property
    def card(self) -> Card:
        """What the bundle says of itself."""
        return self.bundle.card

    @property
    def n_features(self) -> int:
        """Numbers of an embedding; 0 for a bundle that was made without."""
        return self._network.n_features

    def __reduce__(self) -> tuple[Callable[[Path], GenreModel], tuple[Path]]:
        # For processes that share the work: an interpreter is not copied, the bundle is opened anew.
        return load_model, (self.bundle.folder,)

    def __repr__(self) -> str:
        card = self.card
        return f"GenreModel({card.name} {card.version}: {len(card.genres)} genres, {', '.join(card.genres)})"

    def predict(self, paths: str | Path | Iterable[str | Path]) -> pandas.DataFrame:
        """The genre of every recording among files and folders, as a table.

        Parameters
        ----------
        paths : str, Path, or iterable of them
            Files, and folders of them.

        Returns
        -------
        pandas.DataFrame
            A row a recording: path, state, genre, probability, duration_s, a column for each genre, error (a sentence
            for a file that cannot be used, else None), warning (a sentence for one that was not heard as a whole).

        Raises
        ------
        ParameterError
            Something among the paths is no path, or there is none.
        MissingDependencyError
            There is no pandas.
        """
        frame: pandas.DataFrame = view("predict")(self, paths)
        return frame

    def step_stream(self) -> StepStream:
        """The network for frames that come bit by bit."""
        return StepStream(self._network, self.card.timing)

    def curve(self, source: str | Path | NDArray[np.generic], sample_rate: int | None = None) -> GenreCurve:
        """The genre curve of a recording.

        Parameters
        ----------
        source : str, Path or np.ndarray [shape=(n,) or (n, channels)]
            A file, or samples: floats of full scale 1.0, or integers of 8 to 32 bits.
        sample_rate : int > 0 [Hz]
            Of the samples; not for a file.

        Raises
        ------
        AudioError
            The recording cannot be decoded or is too short for one step, or the samples are no sound.

        Examples
        --------
        >>> import genre_lib
        >>> stereo = np.random.default_rng(0).normal(0, 0.1, (10 * 44100, 2))
        >>> curve = genre_lib.load_model().curve(stereo, 44100)
        >>> curve.duration_s, curve.belief.probabilities.shape
        (10.0, (32, 10))
        """
        return self._curve(self._heard(source, sample_rate, self._network))

    def embed(self, source: str | Path | NDArray[np.generic], sample_rate: int | None = None) -> Embedding:
        """What the network hears in a recording before it names genres: numbers for every step, and for the whole.

        Parameters
        ----------
        source, sample_rate
            As for `curve`.

        Raises
        ------
        AudioError
            The recording cannot be decoded or is too short for one step.
        BundleError
            The bundle was made without step features.

        Examples
        --------
        >>> import genre_lib
        >>> noise = np.random.default_rng(0).normal(0, 0.1, 10 * 22050)
        >>> embedding = genre_lib.load_model().embed(noise, 22050)
        >>> embedding.step_features.shape, embedding.song.shape
        ((32, 160), (160,))
        """
        return self.curve_and_embedding(source, sample_rate)[1]

    def curve_and_embedding(
        self, source: str | Path | NDArray[np.generic], sample_rate: int | None = None
    ) -> tuple[GenreCurve, Embedding]:
        """Both answers of `curve` and `embed` for the price of one."""
        heard = self._heard(source, sample_rate, self._network.with_features)
        logits, features = np.split(heard.steps, [len(self.card.genres)], axis=1)
        curve = self._curve(replace(heard, steps=logits))
        return curve, Embedding(curve.times, features, curve.silent, curve.duration_s)

    def features_from_log_mel(self, log_mel: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Step features of a log-mel spectrogram [shape=(n_steps, n_features)]; BundleError if it tells none."""
        stream = StepStream(self._network.with_features, self.card.timing)
        steps = np.concatenate([*stream.push(np.asarray(log_mel, np.float32)), *stream.finish()])
        return steps[:, len(self.card.genres) :]

    def curve_from_log_mel(
        self, log_mel: NDArray[np.floating[Any]], frame_power: NDArray[np.floating[Any]] | None = None
    ) -> GenreCurve:
        """The genre curve of a log-mel spectrogram.

        Parameters
        ----------
        log_mel : np.ndarray [shape=(n_frames, n_mels), unit=dB]
        frame_power : np.ndarray [shape=(n_frames,)], optional
            Variance of each frame's samples. Without it the level is unknown (NaN), except that frames at the front
            end's floor are silent.

        Raises
        ------
        AudioError
            A shape does not fit, there are too few frames for one step, or values are no numbers.
        """
        front_end = self.card.front_end
        log_mel = np.asarray(log_mel, np.float32)
        if log_mel.ndim != 2 or log_mel.shape[1] != front_end.n_mels:
            raise AudioError(f"The log-mel has shape {log_mel.shape}: this model needs (n_frames, {front_end.n_mels}).")
        if frame_power is not None and np.shape(frame_power) != (len(log_mel),):
            raise AudioError(
                f"The frame power has shape {np.shape(frame_power)}: this log-mel needs ({len(log_mel)},), one a frame."
            )
        self._check_length(len(log_mel), front_end.n_samples(len(log_mel)), "The log-mel")
        steps = self.step_stream()
        logits = _finite(np.concatenate([*steps.push(log_mel), *steps.finish()]), "The log-mel")
        if frame_power is None:
            floor_db = 10 * np.log10(front_end.amin)
            known_silent = (
                step_levels(self.card, (log_mel.max(axis=1) > floor_db + 0.01).astype(np.float64)) <= FLOOR_DBFS
            )
            level = np.where(known_silent, FLOOR_DBFS, np.nan)
        else:
            level = step_levels(self.card, np.asarray(frame_power))
        duration_s = front_end.n_samples(len(log_mel)) / front_end.sample_rate
        return GenreCurve(self.card, step_times(self.card, len(log_mel)), logits, level, duration_s)

    def _heard(self, source: str | Path | NDArray[np.generic], sample_rate: int | None, network: Network) -> _Heard:
        if isinstance(source, str | os.PathLike):
            with AudioReader(source, self.card.front_end.sample_rate) as reader:
                return self._heard_in_blocks(reader, shown(source), network, reader)
        floats = as_floats(source)
        if sample_rate is None:
            raise AudioError("The sample rate of the samples is missing: give sample_rate in Hz.")
        samples = to_mono(floats, sample_rate, self.card.front_end.sample_rate)
        return self._heard_in_blocks([samples], "The recording", network)

    def _heard_in_blocks(
        self,
        blocks: Iterable[NDArray[np.float32]],
        name: str,
        network: Network,
        reader: AudioReader | None = None,
    ) -> _Heard:
        counter = _SampleCounter(blocks)
        stream = StepStream(network, self.card.timing)
        steps: list[NDArray[np.float32]] = []
        power: list[NDArray[np.float32]] = []
        for log_mel, frame_power in self.card.front_end.stream(counter, filter_bank=self.filter_bank):
            steps.extend(stream.push(log_mel))
            power.append(frame_power)
        self._check_length(sum(map(len, power)), counter.n_samples, name)
        steps.extend(stream.finish())
        warning = reader.warning if reader is not None else None
        return _Heard(_finite(np.concatenate(steps), name), np.concatenate(power), counter.n_samples, warning)

    def _curve(self, heard: _Heard) -> GenreCurve:
        return GenreCurve(
            self.card,
            step_times(self.card, len(heard.power)),
            heard.steps,
            step_levels(self.card, heard.power),
            heard.n_samples / self.card.front_end.sample_rate,
            heard.warning,
        )

    def _check_length(self, n_frames: int, n_samples: int, name: str) -> None:
        if n_frames < self.card.timing.minimum_frames:
            seconds = n_samples / self.card.front_end.sample_rate
            raise AudioError(
                f"{name} is {seconds:.2f} s long: the model needs at least {self.card.minimum_s:.2f} s of sound."
            )


@dataclass(frozen=True, eq=False)
class _Heard:
    """What a network said of a recording: values of each step, power of each frame."""

    steps: NDArray[np.float32]
    power: NDArray[np.float32]
    n_samples: int
    warning: str | None


class _SampleCounter:
    """Counts the samples of the blocks that pass."""

    def __init__(self, blocks: Iterable[NDArray[np.float32]]) -> None:
        self._blocks = blocks
        self.n_samples = 0

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        for block in self._blocks:
            self.n_samples += len(block)
            yield block


def _finite(values: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    if not np.isfinite(values).all():
        raise AudioError(f"{name} gives no answer (NaN or infinity): check where it is from.")
    return values
