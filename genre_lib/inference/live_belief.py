"""The belief while sound is still coming: filtered at its newest step, and settled a fixed while later.

Work and memory a second are the same after a day as after a minute.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.belief_settings import BeliefSettings
from genre_lib.inference.belief import Chain, Floats, likelihoods, normalised, tempered


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
        self._settings = settings
        self._chain = Chain(settings, n_genres=n_genres, step_period_s=step_period_s)
        self.lag = max(1, math.floor(settings.lag_s / step_period_s + 0.5))
        self._state = self._chain.start
        # Of the steps that are not settled: what was expected of each, and what it showed.
        self._expected = np.empty((0, *self._chain.start.shape))
        self._seen = np.empty((0, n_genres))

    def push(self, step_logits: NDArray[np.floating[Any]], silent: NDArray[np.bool_]) -> Floats:
        """Hear steps; the beliefs that became settled thereby, oldest first [shape=(n_settled, n_genres)]."""
        seen = likelihoods(step_logits, silent, self._settings.evidence_weight)
        expected = np.empty((len(seen), *self._chain.start.shape))
        for step, evidence in enumerate(seen):
            expected[step] = self._state
            self._state = self._chain.step(self._state * evidence)
        self._expected = np.concatenate([self._expected, expected])
        self._seen = np.concatenate([self._seen, seen])
        return self._settle(max(0, len(self._seen) - self.lag))

    def recent(self) -> Floats:
        """Beliefs of the steps that are not settled, the newest last [shape=(n_steps, n_genres)]."""
        n_steps = len(self._seen)
        posterior = np.empty(self._seen.shape)
        future = self._chain.start
        for step in range(n_steps - 1, -1, -1):
            posterior[step] = (self._expected[step] * future[::-1]).sum(axis=0)
            future = self._chain.step(future * self._seen[step])
        shares = np.arange(n_steps - 1, -1, -1) / self.lag
        temperatures = self._settings.temperatures.with_future(1.0) * shares
        temperatures += self._settings.temperatures.with_future(0.0) * (1 - shares)
        return tempered(normalised(posterior * self._seen), temperatures[:, None])

    def _settle(self, n_steps: int) -> Floats:
        future = np.repeat(self._chain.start[None], n_steps, axis=0)
        for ahead in range(self.lag, 0, -1):
            future = self._chain.step(future * self._seen[ahead : ahead + n_steps, None, :])
        posterior = (self._expected[:n_steps] * future[:, ::-1]).sum(axis=1) * self._seen[:n_steps]
        self._expected, self._seen = self._expected[n_steps:].copy(), self._seen[n_steps:].copy()
        return tempered(normalised(posterior), self._settings.temperatures.file)
