"""A recording believed as pieces: stretches in one manner, of one genre each, wherever they may begin and end.

A song keeps the manner in which a network hears it, rightly or wrongly: its steps scatter about a mean of their own.
Where that mean moves, another piece begins, whatever the genres say; what a piece is of is read off the mean of all its
steps. How they are cut is not known: every way counts by how probable it is. The arithmetic is docs/bundle.md's
("Pieces").

References
----------
P. Fearnhead, "Exact and efficient Bayesian inference for multiple changepoint problems", Statistics and Computing 16,
2006 (forward and backward over stretches).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.belief_settings import PieceSettings, Sharpness
from genre_lib.inference.belief import Floats
from genre_lib.inference.turns import in_turn

# Stretches less probable than that change no belief that anyone sees.
_LEAST_PROBABILITY = 1e-12


@dataclass(frozen=True, eq=False)
class Stretches:
    """The stretches of a recording that may be a piece.

    Attributes
    ----------
    start, stop : np.ndarray of int [shape=(n,)]
        First step and one past the last.
    probability : np.ndarray [shape=(n,)]
        That this is a piece, given the whole recording.
    count : np.ndarray [shape=(n,)]
        Steps that are not silent.
    mean : np.ndarray [shape=(n, n_genres)]
        Mean of their logits; 0 where there are none.
    size : np.ndarray [shape=(n,)]
        Of these logits: the root of their mean square about the mean of each step.
    n_steps : int
        Of the recording.
    """

    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    probability: Floats
    count: Floats
    mean: Floats
    size: Floats
    n_steps: int

    def belief(self, sharpness: Sharpness, same_genre: float | None = None) -> Floats:
        """What is believed of each step [shape=(n_steps, n_genres)].

        Parameters
        ----------
        sharpness : Sharpness
        same_genre : float in [0, 1], optional
            That the next piece is of the same genre; by default its genre is any. For one recording.
        """
        scale = sharpness.one_step + sharpness.growth * np.log(np.maximum(self.count, 1.0))
        if sharpness.least_size is not None:
            scale /= np.maximum(self.size, sharpness.least_size)
        logits = scale[:, None] * self.mean
        genres = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
        genres /= genres.sum(axis=1, keepdims=True)
        if same_genre is None or not self.n_steps:
            genres *= self.probability[:, None]
        else:
            genres = in_turn(self.start, self.stop, self.probability, genres, same_genre)
        size = self.n_steps + 1
        change = [np.bincount(self.start, of, size) - np.bincount(self.stop, of, size) for of in genres.T]
        believed = np.maximum(np.cumsum(change, axis=1).T[:-1], np.finfo(np.float64).tiny)
        return np.asarray(believed / believed.sum(axis=1, keepdims=True))


def believed_as_pieces(
    step_logits: NDArray[np.floating[Any]],
    silent: NDArray[np.bool_],
    settings: PieceSettings,
    *,
    step_period_s: float,
) -> Floats:
    """Posterior of each step's genre given all of them [shape=(n_steps, n_genres)]."""
    found = stretches(step_logits, silent, settings, step_period_s=step_period_s)
    return found.belief(settings.sharpness, settings.same_genre)


def stretches(
    step_logits: NDArray[np.floating[Any]],
    silent: NDArray[np.bool_],
    settings: PieceSettings,
    *,
    step_period_s: float,
) -> Stretches:
    """Where the pieces of a recording may be, and how probably.

    Parameters
    ----------
    step_logits : np.ndarray [shape=(n_steps, n_genres)]
    silent : np.ndarray of bool [shape=(n_steps,)]
        Steps that show nothing.
    settings : PieceSettings
    step_period_s : float > 0 [s]
    """
    n_steps, n_genres = np.shape(step_logits)
    edges = np.append(np.arange(0, n_steps, settings.block_steps), n_steps)
    heard = np.where(silent[:, None], 0.0, np.asarray(step_logits, np.float64))
    logits = _running(heard)[edges]
    power = _running(heard.var(axis=1))[edges]
    counts = _running((~silent).astype(np.float64))[edges]
    if not n_steps:
        none = np.zeros(0, np.int64)
        return Stretches(none, none, np.zeros(0), np.zeros(0), np.zeros((0, n_genres)), np.zeros(0), 0)
    block_s = settings.block_steps * step_period_s
    longest = min(len(edges) - 1, max(1, math.floor(settings.longest_s / block_s + 0.5)))
    score = _one_manner(logits, counts, settings, longest)
    score += _lasting(longest, block_s / settings.mean_duration_s)
    past, future = _before(score, block_s / settings.mean_duration_s), _after(score, block_s / settings.mean_duration_s)
    stops, lengths = np.nonzero(np.isfinite(score))
    starts = stops - lengths - 1
    log_probability = past[starts] + score[stops, lengths] + future[stops]
    probability = np.exp(log_probability - log_probability.max(initial=-np.inf))
    # The pieces at the very end add up to one, as at any other moment.
    probability /= probability[stops == len(edges) - 1].sum()
    likely = probability > _LEAST_PROBABILITY
    starts, stops, probability = starts[likely], stops[likely], probability[likely]
    count = counts[stops] - counts[starts]
    mean = (logits[stops] - logits[starts]) / np.maximum(count, 1.0)[:, None]
    size = np.sqrt(np.maximum(power[stops] - power[starts], 0.0) / np.maximum(count, 1.0))
    return Stretches(edges[starts], edges[stops], probability, count, mean, size, n_steps)


def _one_manner(logits: Floats, counts: Floats, settings: PieceSettings, longest: int) -> Floats:
    """How much better one manner explains the blocks before an edge than none does [shape=(n_edges, longest)]."""
    directions, origin = np.asarray(settings.directions), np.asarray(settings.origin)
    projected = (logits - counts[:, None] * origin) @ directions.T
    count = _differences(counts, longest)
    score = np.zeros(count.shape)
    for gain, along in zip(settings.gains, projected.T, strict=True):
        grown = 1 + gain * count
        score += 0.5 * (_differences(along, longest) ** 2 / grown - np.log(grown))
    return np.asarray(np.where(np.arange(longest) < np.arange(len(counts))[:, None], score, -np.inf))


def _differences(running: Floats, longest: int) -> Floats:
    """Sums over the last 1, 2, ... blocks before each edge; of too many blocks, those there are."""
    edges = np.arange(len(running))[:, None]
    return np.asarray(running[:, None] - running[np.maximum(edges - 1 - np.arange(longest), 0)])


def _lasting(longest: int, blocks_per_piece: float) -> Floats:
    """Logarithm of the prior that a piece goes on after each of its first 0, 1, ... blocks."""
    return -blocks_per_piece * np.arange(longest)


def _ending(blocks_per_piece: float) -> float:
    return math.log(-math.expm1(-blocks_per_piece))


def _before(score: Floats, blocks_per_piece: float) -> Floats:
    """Log-evidence of what lies before each edge, if a piece begins there."""
    n_edges, longest = score.shape
    past = np.zeros(n_edges)
    for edge in range(1, n_edges):
        n = min(edge, longest)
        past[edge] = _log_sum(past[edge - n : edge][::-1] + score[edge, :n]) + _ending(blocks_per_piece)
    return past


def _after(score: Floats, blocks_per_piece: float) -> Floats:
    """Log-evidence of what lies after each edge, if a piece ends there; the last one need not."""
    n_edges, longest = score.shape
    future = np.zeros(n_edges)
    for edge in range(n_edges - 2, -1, -1):
        ahead = np.arange(1, min(n_edges - 1 - edge, longest) + 1)
        future[edge] = _log_sum(score[edge + ahead, ahead - 1] + future[edge + ahead]) + _ending(blocks_per_piece)
    return future


def _log_sum(values: Floats) -> float:
    largest = values.max()
    return float(largest + np.log(np.exp(values - largest).sum()))


def _running(values: Floats) -> Floats:
    return np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
