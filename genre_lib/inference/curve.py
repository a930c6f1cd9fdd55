"""The genre curve: the belief over genres for every moment. The arithmetic is docs/bundle.md's, as on the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.belief_settings import BeliefSettings
from genre_lib.bundle.card import Card
from genre_lib.inference.answer import Answer, TimeShares, WholeState, answer_of
from genre_lib.inference.belief import Chain, filtered, likelihoods, newest, tempered
from genre_lib.inference.hindsight import in_hindsight
from genre_lib.inference.views import view
from genre_lib.inference.words import whole_words

if TYPE_CHECKING:
    import pandas
    import plotly.graph_objects as go

    from genre_lib.inference.segments import Segment

State = Literal["music", "probable", "unsure", "silence"]

FLOOR_DBFS = -120.0


@dataclass(frozen=True, eq=False)
class Belief:
    """Probabilities over time, with a state for each step: `music` is named, `probable` is only ahead of the others.

    Attributes
    ----------
    times : np.ndarray [shape=(n_steps,), unit=s]
    probabilities : np.ndarray [shape=(n_steps, n_genres)]
    state : np.ndarray of str [shape=(n_steps,)]
    """

    times: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    state: NDArray[np.str_]

    def __repr__(self) -> str:
        n_steps, n_genres = self.probabilities.shape
        return f"Belief({n_steps} steps, {n_genres} genres)"


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
        A sentence or two where the recording was not heard as a whole, or not as it is.

    Examples
    --------
    >>> import genre_lib
    >>> noise = np.random.default_rng(0).normal(0, 0.1, 10 * 22050)
    >>> curve = genre_lib.load_model().curve(noise, 22050)
    >>> curve.times.shape, curve.belief
    ((32,), Belief(32 steps, 10 genres))
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
        return raw_probabilities(self.card, self.step_logits)

    @property
    def state(self) -> NDArray[np.str_]:
        """State of each raw step [shape=(n_steps,)]."""
        return _named_or_unsure(self.probabilities, self.silent, self.card.unsure_threshold(self.card.step_period_s))

    @property
    def belief(self) -> Belief:
        """What is believed at each step given the whole recording: the curve for display."""
        return self.believed()

    def believed(
        self, *, steadiness_s: float | None = None, named_from: float | None = None, live: bool = False
    ) -> Belief:
        """The belief with other settings than the card's.

        Parameters
        ----------
        steadiness_s : float > 0 [s], optional
            How long a genre is expected to last. A bundle of schema version 1 has no such belief: its curve is the
            moving mean over this span.
        named_from : float in [0, 1], optional
            The belief from which on a genre is named.
        live : bool
            Each step knows its past only, as it was first shown when live.

        Raises
        ------
        ParameterError
            A value is outside of its range.
        """
        settings = self.card.belief
        if settings is None:
            return self.smoothed(steadiness_s, causal=live, unsure_below=named_from)
        settings = settings.with_steadiness(steadiness_s).with_names_from(named_from)
        period_s = self.card.step_period_s
        if live:
            chain = Chain(settings, n_genres=len(self.genres), step_period_s=period_s)
            seen = likelihoods(self.step_logits, self.silent, settings.evidence_weight.live)
            added = newest(self.step_logits, self.silent, settings.newest)
            probabilities = tempered(filtered(seen, chain), settings.temperatures.live, added)
            named = settings.named_from.live
        else:
            probabilities = in_hindsight(self.step_logits, self.silent, settings, step_period_s=period_s)
            named = settings.named_from.file
        state = states(probabilities, self.silent, settings, named_from=named)
        return Belief(self.times, probabilities, state)

    def smoothed(
        self, span_s: float | None = None, *, causal: bool = False, unsure_below: float | None = None
    ) -> Belief:
        """The moving mean: what is displayed of bundles of schema version 1, and what a belief is measured against.

        Parameters
        ----------
        span_s : float [s], optional
            How much to average; by default the card's `smoothing_s`.
        causal : bool
            Average over the past only, as when live; otherwise around each step.
        unsure_below : float in [0, 1], optional
            By default the card's threshold for the span.
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
        variances = _running_sum(np.where(heard, self.step_logits.var(axis=1, dtype=np.float64), 0))
        count = np.maximum(counts[stop] - counts[first], 1)
        mean = (logit_sums[stop] - logit_sums[first]) / count[:, None]
        sizes = np.sqrt(np.maximum(variances[stop] - variances[first], 0) / count)
        probabilities = softmax(self.card.calibrated(mean, sizes, width * period))
        probabilities[~heard] = self.probabilities[~heard]
        threshold = self.card.unsure_threshold(width * period) if unsure_below is None else unsure_below
        state = _named_or_unsure(probabilities, ~heard, threshold)
        return Belief(self.times, probabilities, state)

    def answer(self, belief: Belief | None = None) -> Answer:
        """The recording as a whole, from its steps that are not silent.

        Parameters
        ----------
        belief : Belief, optional
            What `believed` gave; by default the curve's belief.
        """
        if self.silent.all():
            n = len(self.genres)
            return Answer("silence", None, dict.fromkeys(self.genres, 1 / n))
        if self.card.belief is None:
            return self._clip_answer()
        belief = belief or self.belief
        return answer_of(TimeShares.of(belief.probabilities, belief.state), self.genres, self.card.belief)

    def _clip_answer(self) -> Answer:
        heard = ~self.silent
        span_s = int(heard.sum()) * self.card.step_period_s
        steps = self.step_logits[heard]
        size = np.sqrt(steps.var(axis=1, dtype=np.float64).mean())
        probabilities = softmax(self.card.calibrated(steps.mean(axis=0, dtype=np.float64), size, span_s))
        best = int(probabilities.argmax())
        state: WholeState = "unsure" if probabilities[best] < self.card.unsure_threshold(span_s) else "music"
        return Answer(state, self.genres[best], dict(zip(self.genres, probabilities.tolist(), strict=True)))

    def clip_probabilities(self) -> NDArray[np.float64]:
        """The answer's probabilities about the whole recording [shape=(n_genres,)]."""
        return np.array(list(self.answer().probabilities.values()))

    def segments(
        self, *, steadiness_s: float | None = None, named_from: float | None = None, least_s: float | None = None
    ) -> tuple[Segment, ...]:
        """Cut the recording where its genre changes; see `genre_lib.inference.segments.segments`.

        Examples
        --------
        >>> import genre_lib
        >>> noise = np.random.default_rng(0).normal(0, 0.1, 10 * 22050)
        >>> curve = genre_lib.load_model().curve(np.concatenate([noise, 0 * noise]), 22050)
        >>> [(round(segment.start_s), segment.state) for segment in curve.segments()]
        [(0, 'unsure'), (12, 'silence')]
        """
        options = {"steadiness_s": steadiness_s, "named_from": named_from, "least_s": least_s}
        found: tuple[Segment, ...] = view("segments")(self, **options)
        return found

    def to_frame(self) -> pandas.DataFrame:
        """A row a step, with the columns of docs/bundle.md, "Curve files", without `model`.

        Raises
        ------
        MissingDependencyError
            There is no pandas.

        Examples
        --------
        >>> import genre_lib
        >>> noise = np.random.default_rng(0).normal(0, 0.1, 10 * 22050)
        >>> frame = genre_lib.load_model().curve(noise, 22050).to_frame()
        >>> frame.shape, list(frame.columns[:5])
        ((32, 25), ['time_s', 'state', 'genre', 'level_dbfs', 'blues'])
        """
        frame: pandas.DataFrame = view("to_frame")(self)
        return frame

    def plot(self, *, dark: bool = False) -> go.Figure:
        """The belief over time, drawn by Plotly; a MissingDependencyError where that is missing."""
        figure: go.Figure = view("plot")(self, dark=dark)
        return figure

    def __repr__(self) -> str:
        model = f"{self.card.name} {self.card.version}"
        period = f"{len(self.times)} steps of {self.card.step_period_s:.2f} s"
        words = whole_words(self.answer()) if len(self.times) else "nothing heard"
        warning = f"; {self.warning}" if self.warning else ""
        return f"GenreCurve({self.duration_s:.1f} s, {period}, by {model}: {words}{warning})"

    def _repr_html_(self) -> str:
        html: str = view("html")(self)
        return html


def states(
    probabilities: NDArray[np.float64],
    silent: NDArray[np.bool_],
    settings: BeliefSettings,
    *,
    named_from: float | NDArray[np.float64],
) -> NDArray[np.str_]:
    """The state of each step [shape=(n_steps,)]; `named_from` is one threshold, or one a step."""
    second, first = np.sort(probabilities, axis=1)[:, -2:].T
    ahead = np.where(first - second >= settings.probable_lead, "probable", "unsure")
    return np.where(silent, "silence", np.where(first >= named_from, "music", ahead))


def step_times(card: Card, n_frames: int) -> NDArray[np.float64]:
    """Centre of what each step heard [shape=(n_steps,), unit=s]."""
    first, stop = _heard(card, n_frames)
    front_end = card.front_end
    end = (stop - 1) * front_end.hop_length + front_end.n_fft
    return (first * front_end.hop_length + end) / 2 / front_end.sample_rate


def step_levels(card: Card, frame_power: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """RMS level of what each step heard [shape=(n_steps,), unit=dBFS], from the variance of each frame."""
    first, stop = _heard(card, len(frame_power))
    sums = _running_sum(np.asarray(frame_power, np.float64))
    mean = (sums[stop] - sums[first]) / (stop - first)
    return 10 * np.log10(np.maximum(mean, 10 ** (FLOOR_DBFS / 10)))


def raw_probabilities(card: Card, step_logits: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """What each step says by itself [shape=(n_steps, n_genres)]."""
    sizes = step_logits.std(axis=1, dtype=np.float64)
    return softmax(card.calibrated(step_logits, sizes, card.step_period_s))


def softmax(logits: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Softmax over the last axis."""
    exponentials = np.exp(logits - np.max(logits, axis=-1, keepdims=True), dtype=np.float64)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def _heard(card: Card, n_frames: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and one past the last existing frame that each step heard."""
    timing = card.timing
    start = np.arange(timing.n_steps(n_frames)) * timing.step_frames + timing.first_frame
    return np.maximum(start, 0), np.minimum(start + timing.receptive_field_frames, n_frames)


def _running_sum(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    return np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0, dtype=np.float64)])


def _named_or_unsure(
    probabilities: NDArray[np.float64], silent: NDArray[np.bool_], unsure_below: float
) -> NDArray[np.str_]:
    state = np.where(probabilities.max(axis=1, initial=0) < unsure_below, "unsure", "music")
    return np.where(silent, "silence", state)
