"""Sound in as it comes, belief out: what `genre live` is made of.

Whatever is kept has a fixed size, so that a day of radio needs no more than a minute of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.mono import as_floats, is_finite, silenced
from genre_lib.errors import AudioError, ParameterError
from genre_lib.inference.answer import Answer, TimeShares, answer_of
from genre_lib.inference.curve import Belief, raw_probabilities, states
from genre_lib.inference.live_belief import LiveBelief
from genre_lib.inference.model import GenreModel
from genre_lib.inference.network import StepStream

_FLOOR_POWER = 1e-12


@dataclass(frozen=True, eq=False)
class Settled:
    """Steps whose belief does not change any more.

    Attributes
    ----------
    belief : Belief
        With the centres of what the steps heard, in seconds of sound since the start.
    raw : np.ndarray [shape=(n_steps, n_genres)]
        What each step said alone.
    level : np.ndarray [shape=(n_steps,), unit=dBFS]
    """

    belief: Belief
    raw: NDArray[np.float64]
    level: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Now:
    """The newest moment.

    Attributes
    ----------
    time_s : float [s]
        Seconds of sound since the start.
    state : str
    probabilities : np.ndarray [shape=(n_genres,)]
    level : float [dBFS]
    """

    time_s: float
    state: str
    probabilities: NDArray[np.float64]
    level: float


class LiveListener:
    """Follows sound with a model.

    Parameters
    ----------
    model : GenreModel
    steadiness_s, named_from : float, optional
        As in `GenreCurve.believed`.

    Raises
    ------
    ParameterError
        The bundle is of schema version 1: it says nothing about live belief.

    Examples
    --------
    >>> import numpy as np
    >>> from genre_lib import load_model
    >>> listener = LiveListener(load_model())
    >>> _ = listener.hear(np.random.default_rng(0).normal(0, 0.1, 22050 * 5).astype(np.float32))
    >>> listener.now.state in ("music", "probable", "unsure")
    True
    """

    def __init__(
        self, model: GenreModel, *, steadiness_s: float | None = None, named_from: float | None = None
    ) -> None:
        card = model.card
        if card.belief is None:
            raise ParameterError(
                f"{card.name} {card.version} has no belief to follow live sound with: "
                "fit one with genre model fit-belief."
            )
        self.card = card
        self._settings = card.belief.with_steadiness(steadiness_s).with_names_from(named_from)
        self._filter_bank = model.filter_bank
        self._steps: StepStream = model.step_stream()
        self._belief = LiveBelief(self._settings, n_genres=len(card.genres), step_period_s=card.step_period_s)
        self._rest = np.zeros(0, np.float32)
        # Powers of the frames that the next step may hear, the first of them frame number `_first_frame`.
        self._power = np.zeros(0)
        self._first_frame = 0
        self._n_samples = 0
        self._n_steps = 0
        # Of the steps that are not settled.
        self._raw = np.empty((0, len(card.genres)))
        self._level = np.empty(0)
        self._shares = TimeShares(0, np.zeros(len(card.genres)), np.zeros(len(card.genres)))

    @property
    def heard_s(self) -> float:
        """Seconds of sound so far."""
        return self._n_samples / self.card.front_end.sample_rate

    @property
    def now(self) -> Now | None:
        """The newest moment, or None before the first step."""
        if not len(self._level):
            return None
        belief = self._recent()
        return Now(self.heard_s, str(belief.state[-1]), belief.probabilities[-1], float(self._level[-1]))

    def answer(self) -> Answer:
        """Everything so far, as one."""
        recent = self._recent()
        return answer_of(
            self._shares + TimeShares.of(recent.probabilities, recent.state), self.card.genres, self._settings
        )

    def recent(self) -> Settled:
        """The steps that are not settled yet, as they are believed so far."""
        return Settled(self._recent(), self._raw, self._level)

    def hear(self, samples: NDArray[np.float32]) -> Settled:
        """Take mono samples at the front end's rate [shape=(n,)]; what became settled thereby.

        Parameters
        ----------
        samples : np.ndarray [shape=(n,)]
            Floats of full scale 1.0, or integers of 8 to 32 bits; what is no number is heard as silence.

        Raises
        ------
        AudioError
            They are no samples, or of several channels; nothing of them was heard.
        """
        front_end = self.card.front_end
        if np.ndim(samples) != 1:
            raise AudioError(f"The samples have shape {np.shape(samples)}: give mono samples (n,).")
        samples = as_floats(samples) if len(samples) else np.zeros(0, np.float32)
        if not is_finite(samples):
            # A file goes on too; one NaN would stay in the belief for ever.
            samples, _ = silenced(samples)
        self._n_samples += len(samples)
        samples = np.concatenate([self._rest, samples])
        n_frames = front_end.n_frames(len(samples))
        # Copied, so that a long block is not kept for the sake of its end.
        self._rest = samples[n_frames * front_end.hop_length :].copy()
        if n_frames:
            used = samples[: front_end.n_samples(n_frames)]
            self._power = np.concatenate([self._power, front_end.frame_power(used)])
            log_mel = front_end.log_mel(used, filter_bank=self._filter_bank)
            parts = [*self._steps.push(log_mel), *self._steps.finish()]
            return self._heard(np.concatenate(parts) if parts else np.empty((0, len(self.card.genres)), np.float32))
        return self._heard(np.empty((0, len(self.card.genres)), np.float32))

    def _heard(self, logits: NDArray[np.float32]) -> Settled:
        level = self._levels(len(logits))
        settled = self._belief.push(logits, level < self.card.silence_dbfs)
        self._raw = np.concatenate([self._raw, raw_probabilities(self.card, logits)])
        self._level = np.concatenate([self._level, level])
        n = len(settled)
        silent = self._level[:n] < self.card.silence_dbfs
        state = states(settled, silent, self._settings, named_from=self._settings.named_from.file)
        first = self._n_steps - len(self._level)
        found = Settled(Belief(self._times(first, n), settled, state), self._raw[:n], self._level[:n])
        self._raw, self._level = self._raw[n:].copy(), self._level[n:].copy()
        self._shares = self._shares + TimeShares.of(settled, state)
        return found

    def _recent(self) -> Belief:
        probabilities = self._belief.recent()
        live, file = self._settings.named_from.live, self._settings.named_from.file
        named_from = live + self._belief.settledness * (file - live)
        silent = self._level < self.card.silence_dbfs
        first = self._n_steps - len(self._level)
        state = states(probabilities, silent, self._settings, named_from=named_from)
        return Belief(self._times(first, len(state)), probabilities, state)

    def _levels(self, n_steps: int) -> NDArray[np.float64]:
        """Levels of the next steps; forgets the frames that no later one hears."""
        timing = self.card.timing
        found = np.empty(n_steps)
        for i in range(n_steps):
            start = (self._n_steps + i) * timing.step_frames + timing.first_frame - self._first_frame
            heard = self._power[max(0, start) : start + timing.receptive_field_frames]
            found[i] = 10 * np.log10(max(float(heard.mean(dtype=np.float64)), _FLOOR_POWER))
        self._n_steps += n_steps
        done = max(0, self._n_steps * timing.step_frames + timing.first_frame - self._first_frame)
        self._power, self._first_frame = self._power[done:].copy(), self._first_frame + done
        return found

    def _times(self, first: int, n_steps: int) -> NDArray[np.float64]:
        timing, front_end = self.card.timing, self.card.front_end
        start = (first + np.arange(n_steps)) * timing.step_frames + timing.first_frame
        stop = start + timing.receptive_field_frames
        heard_until = (stop - 1) * front_end.hop_length + front_end.n_fft
        return (np.maximum(start, 0) * front_end.hop_length + heard_until) / 2 / front_end.sample_rate
