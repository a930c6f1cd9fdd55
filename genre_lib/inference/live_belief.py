"""The belief while sound is still coming: by its past at the newest step, settled in hindsight a fixed while later.

Work and memory a second are the same after a day as after a minute.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.belief_settings import BeliefSettings
from genre_lib.inference.belief import Chain, Floats, likelihoods, newest, normalised, tempered


class LiveBelief:
    """Takes steps as they come.

    Parameters
    ----------
    settings : BeliefSettings
    n_genres : int >= 2
    step_period_s : float > 0 [s]

    Attributes
    ----------
    lag : int
        After how many more steps one is settled.
    """

    def __init__(self, settings: BeliefSettings, *, n_genres: int, step_period_s: float) -> None:
        self.lag = max(1, math.floor(settings.lag_s / step_period_s + 0.5))
        self._settings = settings
        chain = Chain(settings, n_genres=n_genres, step_period_s=step_period_s)
        self._live = _FixedLag(chain, settings.evidence_weight.live, n_genres)
        self._file = _FixedLag(chain, settings.evidence_weight.file, n_genres)
        self._newest = np.empty((0, n_genres))

    @property
    def settledness(self) -> Floats:
        """How much of the lag was heard after each step that is not settled, from 0 to 1, the newest last."""
        return np.arange(len(self._live) - 1, -1, -1) / self.lag

    def push(self, step_logits: NDArray[np.floating[Any]], silent: NDArray[np.bool_]) -> Floats:
        """Hear steps; the beliefs that became settled thereby, oldest first [shape=(n_settled, n_genres)]."""
        for filtered in (self._live, self._file):
            filtered.push(step_logits, silent)
        self._newest = np.concatenate([self._newest, newest(step_logits, silent, self._settings.newest)])
        n_settled = max(0, len(self._file) - self.lag)
        settled = self._file.settled(n_settled, self.lag)
        for filtered in (self._live, self._file):
            filtered.forget(n_settled)
        self._newest = self._newest[n_settled:].copy()
        return tempered(settled, self._settings.temperatures.file)

    def recent(self) -> Floats:
        """Beliefs of the steps that are not settled, the newest last [shape=(n_steps, n_genres)]."""
        share = self.settledness[:, None]
        temperatures = self._settings.temperatures
        live = tempered(self._live.posterior(), temperatures.live, self._newest)
        return (1 - share) * live + share * tempered(self._file.posterior(), temperatures.file)


class _FixedLag:
    """The steps that are not settled: what was expected of each, and what it showed."""

    def __init__(self, chain: Chain, evidence_weight: float, n_genres: int) -> None:
        self._chain = chain
        self._evidence_weight = evidence_weight
        self._state = chain.start
        self._expected = np.empty((0, *chain.start.shape))
        self._seen = np.empty((0, n_genres))

    def __len__(self) -> int:
        return len(self._seen)

    def push(self, step_logits: NDArray[np.floating[Any]], silent: NDArray[np.bool_]) -> None:
        seen = likelihoods(step_logits, silent, self._evidence_weight)
        expected = np.empty((len(seen), *self._chain.start.shape))
        for step, evidence in enumerate(seen):
            expected[step] = self._state
            self._state = self._chain.step(self._state * evidence)
        self._expected = np.concatenate([self._expected, expected])
        self._seen = np.concatenate([self._seen, seen])

    def forget(self, n_steps: int) -> None:
        self._expected, self._seen = self._expected[n_steps:].copy(), self._seen[n_steps:].copy()

    def settled(self, n_steps: int, lag: int) -> Floats:
        """Posterior of the oldest steps, each given the `lag` steps after it."""
        future = np.repeat(self._chain.start[None], n_steps, axis=0)
        for ahead in range(lag, 0, -1):
            future = self._chain.step(future * self._seen[ahead : ahead + n_steps, None, :])
        return normalised((self._expected[:n_steps] * future[:, ::-1]).sum(axis=1) * self._seen[:n_steps])

    def posterior(self) -> Floats:
        """Posterior of every step given all that was heard."""
        posterior = np.empty(self._seen.shape)
        future = self._chain.start
        for step in range(len(self) - 1, -1, -1):
            posterior[step] = (self._expected[step] * future[::-1]).sum(axis=0)
            future = self._chain.step(future * self._seen[step])
        return normalised(posterior * self._seen)
