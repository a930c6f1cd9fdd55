"""What is believed at a moment, given everything that was heard: a sticky hidden Markov chain over genres.

Genres do not change every third of a second, and a moving mean does not know that. The hidden state is the genre that
plays and the stage it is in; a step's evidence is its tempered log-probability, and silence gives none. A file is
believed with what came before and after each step, live sound with what came before (`live_belief`). The arithmetic is
docs/bundle.md's ("Belief"), as on the page.

References
----------
L. R. Rabiner, "A tutorial on hidden Markov models and selected applications in speech recognition", Proceedings of the
IEEE 77(2), 1989 (forward and backward variables; durations by states in a row).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.belief_settings import BeliefSettings, NewestSettings

Floats = NDArray[np.float64]


class Chain:
    """The transitions from one step to the next.

    A state [shape=(..., n_stages, n_genres)] says how probable it is that a genre plays and is in a stage. Seen
    backwards in time the chain is the same with its stages in reverse order.

    Attributes
    ----------
    start : np.ndarray [shape=(n_stages, n_genres)]
        What is expected before anything was heard: every state alike.
    """

    def __init__(self, settings: BeliefSettings, *, n_genres: int, step_period_s: float) -> None:
        n_stages = settings.stages
        self._leave = float(-np.expm1(-n_stages * step_period_s / settings.mean_duration_s))
        self._n_others = n_genres - 1
        self.start = np.full((n_stages, n_genres), 1 / (n_stages * n_genres))

    def step(self, state: Floats) -> Floats:
        """What is expected a step later; sums to 1."""
        leaving = self._leave * state
        after = state - leaving
        after[..., 1:, :] += leaving[..., :-1, :]
        ending = leaving[..., -1, :]
        after[..., 0, :] += (ending.sum(axis=-1, keepdims=True) - ending) / self._n_others
        after /= after.sum(axis=(-2, -1), keepdims=True)
        return after


def likelihoods(step_logits: NDArray[np.floating[Any]], silent: NDArray[np.bool_], evidence_weight: float) -> Floats:
    """How well each genre explains each step [shape=(..., n_genres)], the best one 1; all 1 in silence."""
    # The softmax's normaliser is the same for all genres of a step and cancels in the chain.
    logits = np.where(silent[..., None], 0.0, np.asarray(step_logits, np.float64))
    return np.exp(evidence_weight * (logits - logits.max(axis=-1, keepdims=True, initial=-np.inf)))


def smoothed(likelihood: Floats, chain: Chain) -> Floats:
    """Posterior of each step given all of them.

    Parameters
    ----------
    likelihood : np.ndarray [shape=(n_steps, ..., n_genres)]
        Axes between are recordings of one length, believed at once.
    chain : Chain

    Returns
    -------
    np.ndarray [shape=(n_steps, ..., n_genres)]
    """
    # Past and future in one pass: the future is the past of the recording played backwards.
    seen = np.stack([likelihood, likelihood[::-1]], axis=1)[..., None, :]
    expected = np.empty((*likelihood.shape[:1], 2, *likelihood.shape[1:-1], *chain.start.shape))
    state = np.broadcast_to(chain.start, expected.shape[1:])
    for step, evidence in enumerate(seen):
        expected[step] = state
        state = chain.step(state * evidence)
    past, future = expected[:, 0], expected[::-1, 1, ..., ::-1, :]
    return normalised((past * future).sum(axis=-2) * likelihood)


def filtered(likelihood: Floats, chain: Chain) -> Floats:
    """Posterior of each step given the steps so far; shapes as in `smoothed`."""
    posterior = np.empty(likelihood.shape)
    state = np.broadcast_to(chain.start, (*likelihood.shape[1:-1], *chain.start.shape))
    for step, evidence in enumerate(likelihood[..., None, :]):
        known = state * evidence
        posterior[step] = known.sum(axis=-2)
        state = chain.step(known)
    return normalised(posterior)


def newest(
    step_logits: NDArray[np.floating[Any]], silent: NDArray[np.bool_], settings: NewestSettings | None
) -> Floats:
    """What a step adds to the logarithm of the live belief in it [shape=(..., n_genres)]; 0 in silence."""
    logits = np.where(silent[..., None], 0.0, np.asarray(step_logits, np.float64))
    if settings is None:
        return np.zeros(logits.shape)
    size = logits.std(axis=-1, keepdims=True)
    return np.asarray(settings.weight * logits / np.maximum(size, settings.least_size))


def tempered(posterior: Floats, temperature: float | Floats, added: float | Floats = 0.0) -> Floats:
    """The belief: a posterior to the power of 1 / temperature, its logarithm plus `added`, summing to 1 again."""
    logs = np.log(np.maximum(posterior, np.finfo(np.float64).tiny)) / temperature + added
    return normalised(np.exp(logs - logs.max(axis=-1, keepdims=True, initial=-np.inf)))


def normalised(values: Floats) -> Floats:
    """Divided by the sum over the last axis."""
    return values / values.sum(axis=-1, keepdims=True)
