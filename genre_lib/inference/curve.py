"""The genre curve: the belief over genres for every moment. The arithmetic is docs/bundle.md's, as on the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.card import Card

State = Literal["music", "unsure", "silence"]

FLOOR_DBFS = -120.0


@dataclass(frozen=True)
class Answer:
    """One belief put into words.

    Attributes
    ----------
    state : "music", "unsure" or "silence"
    genre : str or None
        The most probable genre, also when unsure; None in silence.
    probabilities : dict of str to float
        Every genre's probability, in the card's order; they sum to 1.
    """

    state: State
    genre: str | None
    probabilities: dict[str, float]

    @property
    def ranked(self) -> list[tuple[str, float]]:
        """Genres and probabilities, most probable first."""
        return sorted(self.probabilities.items(), key=lambda item: -item[1])


@dataclass(frozen=True, eq=False)
class Belief:
    """Probabilities over time, with a state for each step.

    Attributes
    ----------
    times : np.ndarray [shape=(n_steps,), unit=s]
    probabilities : np.ndarray [shape=(n_steps, n_genres)]
    state : np.ndarray of str [shape=(n_steps,)]
    """

    times: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    state: NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class GenreCurve:
    """What a model believes it hears, step by step.

    Attributes
    ----------
    card : Card
    times : np.ndarray [shape=(n_steps,), unit=s]
        Centre of what each step heard.
    step_logits : np.ndarray [shape=(n_steps, n_genres)]
    level : np.ndarray [shape=(n_steps,), unit=dBFS]
        RMS level of what each step heard; NaN where only a log-mel was given.
    duration_s : float [s]
    warning : str or None
        One sentence if something was odd about the recording.
    """

    card: Card
    times: NDArray[np.float64]
    step_logits: NDArray[np.float32]
    level: NDArray[np.float64]
    duration_s: float
    warning: str | None = None

    @property
    def genres(self) -> tuple[str, ...]:
        """Genre names, in the order of the columns."""
        return self.card.genres

    @property
    def silent(self) -> NDArray[np.bool_]:
        """Steps that heard nothing [shape=(n_steps,)]."""
        return self.level < self.card.silence_dbfs

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Raw belief of each step [shape=(n_steps, n_genres)]."""
        return softmax(self.step_logits / self.card.temperatures.step)

    @property
    def state(self) -> NDArray[np.str_]:
        """State of each raw step [shape=(n_steps,)]."""
        return _states(self.probabilities, self.silent, self.card.unsure_below.step)

    def smoothed(self, span_s: float | None = None, *, causal: bool = False) -> Belief:
        """The curve for display.

        Parameters
        ----------
        span_s : float [s], optional
            How much to average; by default the card's `smoothing_s`.
        causal : bool
            Average over the past only, as when live; otherwise around each step.
        """
        period = self.card.step_period_s
        width = max(1, round((self.card.smoothing_s if span_s is None else span_s) / period))
        before = width - 1 if causal else (width - 1) // 2
        n = len(self.step_logits)
        first = np.maximum(np.arange(n) - before, 0)
        stop = np.minimum(np.arange(n) - before + width, n)

        heard = ~self.silent
        logit_sums = _running_sum(np.where(heard[:, None], self.step_logits, 0))
        counts = _running_sum(heard.astype(np.float64))
        count = counts[stop] - counts[first]
        mean = (logit_sums[stop] - logit_sums[first]) / np.maximum(count, 1)[:, None]
        probabilities = softmax(mean / self.card.temperature(width * period))
        probabilities[~heard] = self.probabilities[~heard]
        state = _states(probabilities, ~heard, self.card.unsure_threshold(width * period))
        return Belief(self.times, probabilities, state)

    def answer(self) -> Answer:
        """The belief about the whole recording, from its steps that are not silent."""
        heard = ~self.silent
        if not heard.any():
            n = len(self.genres)
            return Answer("silence", None, dict.fromkeys(self.genres, 1 / n))
        span_s = int(heard.sum()) * self.card.step_period_s
        logits = self.step_logits[heard].mean(axis=0, dtype=np.float64)
        probabilities = softmax(logits / self.card.temperature(span_s))
        best = int(probabilities.argmax())
        state: State = "unsure" if probabilities[best] < self.card.unsure_threshold(span_s) else "music"
        return Answer(state, self.genres[best], dict(zip(self.genres, probabilities.tolist(), strict=True)))

    def clip_probabilities(self) -> NDArray[np.float64]:
        """Belief about the whole recording [shape=(n_genres,)]."""
        return np.array(list(self.answer().probabilities.values()))


def step_times(card: Card, n_frames: int) -> NDArray[np.float64]:
    """Centre of what each step heard [shape=(n_steps,), unit=s]."""
    first, stop = _heard(card, n_frames)
    front_end = card.front_end
    end = (stop - 1) * front_end.hop_length + front_end.n_fft
    return (first * front_end.hop_length + end) / 2 / front_end.sample_rate


def step_levels(card: Card, frame_power: NDArray[np.floating]) -> NDArray[np.float64]:
    """RMS level of what each step heard [shape=(n_steps,), unit=dBFS], from the variance of each frame."""
    first, stop = _heard(card, len(frame_power))
    sums = _running_sum(np.asarray(frame_power, np.float64))
    mean = (sums[stop] - sums[first]) / (stop - first)
    return 10 * np.log10(np.maximum(mean, 10 ** (FLOOR_DBFS / 10)))


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Softmax over the last axis."""
    exponentials = np.exp(logits - np.max(logits, axis=-1, keepdims=True), dtype=np.float64)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def _heard(card: Card, n_frames: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and one past the last existing frame that each step heard."""
    timing = card.timing
    start = np.arange(timing.n_steps(n_frames)) * timing.step_frames + timing.first_frame
    return np.maximum(start, 0), np.minimum(start + timing.receptive_field_frames, n_frames)


def _running_sum(values: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0, dtype=np.float64)])


def _states(probabilities: NDArray[np.float64], silent: NDArray[np.bool_], unsure_below: float) -> NDArray[np.str_]:
    state = np.where(probabilities.max(axis=1, initial=0) < unsure_below, "unsure", "music")
    return np.where(silent, "silence", state)
