"""Integrated gradients: how much each cell of the log-mel speaks for or against a genre at one step.

The network's log-odds of the genre are followed along a straight line from a spectrogram that says nothing (each frame
flat, at its own mean level) to the one that was heard; each cell gets its share of the way. The shares sum up to the
difference of the log-odds: that is checked, and the line divided more finely until it holds.

References
----------
M. Sundararajan, A. Taly, Q. Yan: "Axiomatic Attribution for Deep Networks", ICML 2017.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.front_end import FrontEnd
from genre_lib.errors import ParameterError, RunError
from genre_lib.networks.receptive_field import timing_of
from genre_lib.utils.options import unknown_name

if TYPE_CHECKING:
    import keras

COMPLETE_WITHIN = 0.02
_POINTS, _POINTS_AT_MOST, _AT_ONCE = 64, 1024, 64


@dataclass(frozen=True, eq=False)
class Attribution:
    """Why one step believes, or does not believe, in a genre.

    Attributes
    ----------
    genre : str
    step : int
    first_frame : int
        Of the recording; where `log_mel` begins.
    log_mel : np.ndarray [shape=(n_frames, n_mels), unit=dB]
        What the step heard.
    attribution : np.ndarray [shape=(n_frames, n_mels)]
        Share of each cell in `log_odds - baseline_log_odds`: above 0 for the genre, below against it.
    log_odds, baseline_log_odds : float
        Of the genre against all others, for what was heard and for the flat spectrogram.
    belief : float
        The genre's probability, at temperature 1.
    n_points : int
        Points on the line.
    front_end : FrontEnd
    """

    genre: str
    step: int
    first_frame: int
    log_mel: NDArray[np.float32]
    attribution: NDArray[np.float64]
    log_odds: float
    baseline_log_odds: float
    belief: float
    n_points: int
    front_end: FrontEnd

    @property
    def completeness_error(self) -> float:
        """Distance of the shares' sum from what they should sum up to, relative to it."""
        whole = self.log_odds - self.baseline_log_odds
        return abs(float(self.attribution.sum()) - whole) / max(abs(whole), 1e-6)

    @property
    def span_s(self) -> tuple[float, float]:
        """What the step heard [s]."""
        rate, hop = self.front_end.sample_rate, self.front_end.hop_length
        return self.first_frame * hop / rate, (
            (self.first_frame + len(self.log_mel) - 1) * hop + self.front_end.n_fft
        ) / rate

    def regions(self, *, frames: int = 2, bands: int = 8) -> NDArray[np.float64]:
        """Attribution of regions, spread evenly over their cells [shape=(n_frames, n_mels)].

        Single cells are finer than a note or a beat: a region of 0.15 s and a few semitones is something one can hear.
        """
        n_frames, n_mels = self.attribution.shape
        padded = np.pad(self.attribution, ((0, -n_frames % frames), (0, -n_mels % bands)))
        tall, wide = padded.shape[0] // frames, padded.shape[1] // bands
        sums = padded.reshape(tall, frames, wide, bands).sum(axis=(1, 3))
        spread = np.repeat(np.repeat(sums, frames, axis=0), bands, axis=1)
        return spread[:n_frames, :n_mels]

    def strongest(self, share: float, *, against: bool = False) -> NDArray[np.bool_]:
        """The regions that speak most for the genre (or against it), a share of all cells [shape as log_mel]."""
        if not 0 < share <= 1:
            raise ParameterError(f"share is {share}: ask for more than 0 and at most 1, such as 0.1.")
        values = -self.regions() if against else self.regions()
        n = max(1, round(share * values.size))
        order = np.argsort(-values, axis=None, kind="stable")[:n]
        mask = np.zeros(values.size, bool)
        mask[order] = True
        return mask.reshape(values.shape)

    def save(self, path: str | Path) -> None:
        """Write as .npz, to be drawn where there is no TensorFlow."""
        arrays = ("log_mel", "attribution")
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in arrays}
        text = np.array(json.dumps(values | {"front_end": self.front_end.to_dict()}))
        np.savez(path, values=text, log_mel=self.log_mel, attribution=self.attribution)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote; RunError if it is missing or damaged."""
        try:
            with np.load(path, allow_pickle=False) as saved:
                values = json.loads(str(saved["values"]))
                arrays = {name: saved[name] for name in ("log_mel", "attribution")}
            return cls(**values | arrays | {"front_end": FrontEnd.from_dict(values["front_end"])})
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
            raise RunError(f"{path} is not an attribution ({error}): make it again.") from error

    def without(self, mask: NDArray[np.bool_]) -> NDArray[np.float32]:
        """What was heard with the masked cells made to say nothing."""
        return np.where(mask, _flat(self.log_mel), self.log_mel)


def attribute_step(
    network: keras.Model,
    log_mel: NDArray[np.floating[Any]],
    step: int,
    *,
    genres: tuple[str, ...],
    front_end: FrontEnd,
    genre: str | None = None,
) -> Attribution:
    """Attribute a step's belief in a genre to what it heard.

    Parameters
    ----------
    network : keras.Model
        With an output `step_logits`.
    log_mel : np.ndarray [shape=(n_frames, n_mels), unit=dB]
        Of the whole recording.
    step : int
        Of the genre curve.
    genres : tuple of str
        In the order of the logits.
    front_end : FrontEnd
    genre : str, optional
        By default the one believed in most.

    Raises
    ------
    ParameterError
        An unknown genre, or a step that the recording does not have.
    """
    if genre is not None and genre not in genres:
        raise unknown_name("genre", genre, genres)
    timing = timing_of(network)
    n_steps = timing.n_steps(len(log_mel))
    if not 0 <= step < n_steps:
        raise ParameterError(f"There is no step {step}: the recording has {n_steps}.")
    first, stop = timing.input_frames(step)
    # Runs begin on the network's own grid.
    first = first // timing.step_frames * timing.step_frames
    heard = np.asarray(log_mel[first:stop], np.float32)
    at = step - first // timing.step_frames
    logits = step_logits(network, heard, at)
    index = int(np.argmax(logits)) if genre is None else genres.index(genre)
    flat = _flat(heard)
    n_points = _POINTS
    while True:
        attribution, start, end = _along_the_line(network, flat, heard, at, index, n_points)
        whole = end - start
        if abs(attribution.sum() - whole) <= COMPLETE_WITHIN * abs(whole) or n_points >= _POINTS_AT_MOST:
            break
        n_points *= 2
    return Attribution(
        genres[index],
        step,
        first,
        heard,
        attribution,
        end,
        start,
        float(1 / (1 + np.exp(-end))),
        n_points,
        front_end,
    )


def step_at(network: keras.Model, n_frames: int, time_s: float, front_end: FrontEnd) -> int:
    """The step whose hearing has its centre nearest to a time, as the genre curve counts; -1 where there is none."""
    timing = timing_of(network)
    heard = np.array([timing.input_frames(step) for step in range(timing.n_steps(n_frames))]).reshape(-1, 2)
    ends = (heard[:, 1] - 1) * front_end.hop_length + front_end.n_fft
    centres = (heard[:, 0] * front_end.hop_length + ends) / 2 / front_end.sample_rate
    return int(np.abs(centres - time_s).argmin()) if len(heard) else -1


def step_logits(network: keras.Model, log_mel: NDArray[np.floating[Any]], step: int) -> NDArray[np.float32]:
    """Logits [shape=(n_genres,)] of one step of a log-mel [shape=(n_frames, n_mels)]."""
    outputs = network(np.asarray(log_mel, np.float32)[None], training=False)
    return np.asarray(outputs["step_logits"][0, step])


def _flat(log_mel: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.broadcast_to(log_mel.mean(axis=1, keepdims=True), log_mel.shape)


def _along_the_line(
    network: keras.Model,
    start: NDArray[np.float32],
    end: NDArray[np.float32],
    step: int,
    genre: int,
    n_points: int,
) -> tuple[NDArray[np.float64], float, float]:
    from genre_lib.networks.tensorflow_setup import tf

    def log_odds(log_mels: Any) -> Any:
        logits = network(log_mels, training=False)["step_logits"][:, step]
        others = tf.concat([logits[:, :genre], logits[:, genre + 1 :]], axis=1)
        return logits[:, genre] - tf.reduce_logsumexp(others, axis=1)

    # Midpoints: the ends, where nothing is heard and maxima tie, have no weight of their own.
    shares = (np.arange(n_points, dtype=np.float32) + 0.5) / n_points
    total = np.zeros(end.shape)
    for at in range(0, n_points, _AT_ONCE):
        points = tf.constant(start + shares[at : at + _AT_ONCE, None, None] * (end - start))
        with tf.GradientTape() as tape:
            tape.watch(points)
            odds = tf.reduce_sum(log_odds(points))
        total += np.asarray(tape.gradient(odds, points), np.float64).sum(axis=0)
    ends = np.asarray(log_odds(tf.constant(np.stack([start, end]))))
    return total / n_points * (end - start), float(ends[0]), float(ends[1])
