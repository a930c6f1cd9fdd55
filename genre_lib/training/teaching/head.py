"""A regularised linear head: multinomial logistic regression on spans, the rest of the world among its classes.

The features are whitened by the background first, so that the penalty counts a direction by how much music differs
along it. Every song of a genre weighs the same, every genre the same; the background weighs as much as all of them. At
last the biases are set so that only a known share of the background would be named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from genre_lib.training.teaching.background import Background
from genre_lib.training.teaching.spans import Floats

# Between .02 and .4 new genres are found alike; less names more of what was never taught (docs/teach.md).
PENALTY = 0.1
# Shares of general music, and of what is none, that may be nearer to a taught genre than to none of these: with the
# temperature few of them are near enough to be named. Half as much costs 8 to 14 points of the new genres.
NAMED_MUSIC, NAMED_NON_MUSIC = 0.2, 0.02
_N_MUSIC, _N_NON_MUSIC = 1500, 400
# Directions along which music hardly differs are not blown up by more than this.
_FLOOR = 0.02


@dataclass(frozen=True, eq=False)
class Head:
    """A linear map from step features to logits.

    Attributes
    ----------
    kernel : np.ndarray [shape=(n_features, n_outputs)]
    bias : np.ndarray [shape=(n_outputs,)]
    """

    kernel: Floats
    bias: Floats

    def __call__(self, features: NDArray[np.floating[Any]]) -> Floats:
        """Logits [shape=(..., n_outputs)]."""
        return np.asarray(features @ self.kernel + self.bias)

    def scaled(self, factor: float) -> Head:
        """The same opinions, held more or less strongly."""
        return Head(self.kernel * factor, self.bias * factor)


@dataclass(frozen=True, eq=False)
class Examples:
    """Spans with what they are, and how much each counts.

    Attributes
    ----------
    spans : np.ndarray [shape=(n, n_features)]
    labels : np.ndarray [shape=(n, n_outputs)]
        Rows sum to 1.
    weights : np.ndarray [shape=(n,)]
    offsets : np.ndarray [shape=(n, n_outputs)]
        Logits that are there already and stay.
    """

    spans: Floats
    labels: Floats
    weights: Floats
    offsets: Floats


def fit_head(
    songs: Sequence[Floats],
    labels: Sequence[int],
    n_genres: int,
    background: Background,
    *,
    old: Head | None = None,
    old_limit: float = 0.0,
    penalty: float = PENALTY,
    seed: int = 0,
) -> Head:
    """Fit the rows of new genres, and last the one of none of these.

    Parameters
    ----------
    songs : sequence of np.ndarray [shape=(n_spans, n_features)]
    labels : sequence of int [length n_songs]
        Index of each song's genre among the new ones; `n_genres` is none of these.
    n_genres : int
        New genres.
    background : Background
    old : Head, optional
        Of genres that are known already and are kept as they are; general music is then theirs as it was, and only
        what is no music is none of these. Without it all of the background is.
    old_limit : float >= 0
        How far the old logits can be from their mean (`genre_lib.networks.with_clipped_logits`); 0 is any.
    penalty : float > 0
        On the squared weights of whitened features.
    seed : int
        Of what is drawn from the background.

    Returns
    -------
    Head
        With `n_genres + 1` outputs.
    """
    examples = _examples(songs, labels, n_genres, background, old, old_limit, seed)
    centre, whitening = _whitening(background)
    white = (examples.spans - centre) @ whitening
    n_features, n_new = white.shape[1], n_genres + 1
    n_old = examples.labels.shape[1] - n_new
    share = examples.weights / examples.weights.sum()

    def loss(flat: Floats) -> tuple[float, Floats]:
        kernel, bias = flat[: n_features * n_new].reshape(n_features, n_new), flat[n_features * n_new :]
        logits = examples.offsets.copy()
        logits[:, n_old:] += white @ kernel + bias
        value = -share @ (examples.labels * log_softmax(logits, axis=1)).sum(axis=1)
        slope = (share[:, None] * (softmax(logits, axis=1) - examples.labels))[:, n_old:]
        return (
            float(value + penalty / 2 * (kernel**2).sum()),
            np.concatenate([(white.T @ slope + penalty * kernel).ravel(), slope.sum(axis=0)]),
        )

    # To the one minimum that there is, so that the page finds the same.
    options = {"maxiter": 2000, "ftol": 1e-14, "gtol": 1e-7, "maxcor": 20}
    found = minimize(loss, np.zeros((n_features + 1) * n_new), jac=True, method="L-BFGS-B", options=options).x
    kernel, bias = found[: n_features * n_new].reshape(n_features, n_new), found[n_features * n_new :]
    head = Head(whitening @ kernel, bias - centre @ whitening @ kernel)
    return _balanced(head, background, old, old_limit, seed + 2)


def bent(logits: Floats, limit: float) -> Floats:
    """Logits kept within `limit` of their mean, as networks with clipped logits do; as they are where it is 0."""
    if not limit:
        return logits
    return np.asarray(limit * np.tanh((logits - logits.mean(axis=-1, keepdims=True)) / limit))


def _examples(
    songs: Sequence[Floats],
    labels: Sequence[int],
    n_genres: int,
    background: Background,
    old: Head | None,
    old_limit: float,
    seed: int,
) -> Examples:
    n_old = 0 if old is None else len(old.bias)
    music = background.draw(_N_MUSIC, music=True, seed=seed)
    noise = background.draw(_N_NON_MUSIC, music=False, seed=seed + 1)
    counts = np.bincount(labels, minlength=n_genres + 1)
    taught_weights = [np.full(len(song), 1 / (counts[label] * len(song))) for song, label in
                      zip(songs, labels, strict=True)]  # fmt: skip
    spans = np.concatenate([*songs, music, noise])
    offsets = np.zeros((len(spans), n_old + n_genres + 1))
    if old is not None:
        offsets[:, :n_old] = bent(old(spans), old_limit)
    identity = np.eye(n_old + n_genres + 1)
    none = identity[-1:]
    of_music = np.repeat(none, len(music), axis=0)
    if n_old:
        of_music = np.zeros((len(music), n_old + n_genres + 1))
        start = sum(map(len, songs))
        of_music[:, :n_old] = softmax(offsets[start : start + len(music), :n_old], axis=1)
    taught = np.concatenate([np.repeat(identity[n_old + label][None], len(song), axis=0) for song, label in
                             zip(songs, labels, strict=True)])  # fmt: skip
    # As much as everything that is taught or, with genres that stay, a share for each of them.
    of_music_weight = float(max(n_genres, n_old))
    weights = [*taught_weights, np.full(len(music), of_music_weight / len(music)), np.full(len(noise), 1 / len(noise))]
    return Examples(
        spans,
        np.concatenate([taught, of_music, np.repeat(none, len(noise), axis=0)]),
        np.concatenate(weights),
        offsets,
    )


def _balanced(head: Head, background: Background, old: Head | None, old_limit: float, seed: int) -> Head:
    """The head with biases by which the background is named as rarely as it may be."""
    music = background.draw(_N_MUSIC, music=True, seed=seed)
    noise = background.draw(_N_NON_MUSIC, music=False, seed=seed + 1)

    def lead(spans: Floats) -> Floats:
        """Of the best new genre before none of these and, where they stay, the old genres."""
        logits = head(spans)
        others = logits[:, -1] if old is None else np.maximum(logits[:, -1], bent(old(spans), old_limit).max(axis=1))
        return np.asarray(logits[:, :-1].max(axis=1) - others)

    of_music, of_noise = np.quantile(lead(music), 1 - NAMED_MUSIC), np.quantile(lead(noise), 1 - NAMED_NON_MUSIC)
    bias = head.bias.copy()
    bias[:-1] -= max(of_music, of_noise)
    return Head(head.kernel, bias)


def _whitening(background: Background) -> tuple[Floats, Floats]:
    """The centre, and the matrix that gives general music unit variance in every direction that matters."""
    values, vectors = np.linalg.eigh(background.covariance)
    floor = _FLOOR * values.max()
    return background.mean, vectors / np.sqrt(np.maximum(values, 0) + floor)
