"""A regularised linear head: multinomial logistic regression on spans, the rest of the world among its classes.

The features are whitened by how spans of one kind of sound scatter, so that the penalty counts a direction by how
little it tells kinds apart. Every song of a genre weighs the same, every genre the same; general music weighs as much
as all of them. At last the biases are set so that only a known share of the background would be named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

from genre_lib.training.teaching.background import Background
from genre_lib.training.teaching.spans import Floats

# Between .02 and .4 new genres are found alike; less names more of what was never taught (docs/teach.md).
PENALTY = 0.1
# Shares of general music, and of what is none, that may be nearer to a taught genre than to none of these: with the
# temperature fewer are near enough to be named. The more songs, the surer the answers, and the more of what is near to
# none is named: from four songs of every new genre on the shares are smaller. With three that would lose 5 points of
# the new genres, where other music is named rarely anyway.
NAMED_MUSIC, NAMED_NON_MUSIC = 0.15, 0.02
MANY_SONGS, NAMED_MUSIC_OF_MANY, NAMED_NON_MUSIC_OF_MANY = 4, 0.1, 0.01
# Share of the music of genres that stay, as the network learnt it, that may be nearer to a new one.
NAMED_KNOWN = 0.02
# How much each known genre weighs where it does not stay. More than this loses what is taught and near to one of them.
KNOWN_WEIGHT = 0.1
_N_MUSIC, _N_NON_MUSIC, _N_KNOWN = 1500, 400, 100
# Directions along which spans hardly scatter are not blown up by more than this.
_FLOOR = 0.1


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
    labels : np.ndarray of int [shape=(n,)]
        A new genre, `n_genres` for none of these, or more where it stays with the old genres.
    weights : np.ndarray [shape=(n,)]
    old : np.ndarray [shape=(n,)]
        Logarithm of the summed exponentials of the old logits, which stay; minus infinity where there are none.
    """

    spans: Floats
    labels: NDArray[np.int64]
    weights: Floats
    old: Floats


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
        Index of each song's genre among the new ones; `n_genres` is none of these, and what is above is one of the
        genres that stay, whose song no new genre may claim.
    n_genres : int
        New genres.
    background : Background
    old : Head, optional
        Of genres that are known already and are kept as they are; their own music and general music are then theirs
        as they were, and only what is no music is none of these. Without it all of the background is.
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
    share = examples.weights / examples.weights.sum()
    # A row of zeros where it is to stay with the old genres, whichever of them it is.
    wanted = np.eye(n_new + 1)[np.minimum(examples.labels, n_new), :n_new]

    def loss(flat: Floats) -> tuple[float, Floats]:
        kernel, bias = flat[: n_features * n_new].reshape(n_features, n_new), flat[n_features * n_new :]
        logits = white @ kernel + bias
        whole = np.logaddexp(examples.old, logsumexp(logits, axis=1))
        value = share @ (whole - (wanted * logits).sum(axis=1))
        slope = share[:, None] * (np.exp(logits - whole[:, None]) - wanted)
        return (
            float(value + penalty / 2 * (kernel**2).sum()),
            np.concatenate([(white.T @ slope + penalty * kernel).ravel(), slope.sum(axis=0)]),
        )

    # To the one minimum that there is, so that the page finds the same.
    options = {"maxiter": 2000, "ftol": 1e-14, "gtol": 1e-7, "maxcor": 20}
    found = minimize(loss, np.zeros((n_features + 1) * n_new), jac=True, method="L-BFGS-B", options=options).x
    kernel, bias = found[: n_features * n_new].reshape(n_features, n_new), found[n_features * n_new :]
    head = Head(whitening @ kernel, bias - centre @ whitening @ kernel)
    many = np.bincount(labels, minlength=n_genres)[:n_genres].min() >= MANY_SONGS
    return _balanced(head, background, old, old_limit, bool(many), seed + 2)


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
    music = background.draw(_N_MUSIC, music=True, seed=seed)
    noise = background.draw(_N_NON_MUSIC, music=False, seed=seed + 1)
    known = background.draw_known(_N_KNOWN, seed=seed + 4)
    counts = np.bincount(labels, minlength=n_genres + 1)
    song_weights = [np.full(len(song), 1 / (counts[label] * len(song))) for song, label in
                    zip(songs, labels, strict=True)]  # fmt: skip
    spans = np.concatenate([*songs, music, noise, known])
    of_background = np.repeat([n_genres + 1, n_genres, n_genres + 1], [len(music), len(noise), len(known)])
    label = np.concatenate([np.repeat(labels, [len(song) for song in songs]), of_background])
    # As much as everything that is taught. Where nothing is told of the genres that stay, music stands for them.
    n_old = 0 if old is None else len(old.bias)
    of_music = float(n_genres if background.known else max(n_genres, n_old))
    of_known = KNOWN_WEIGHT if old is None else 1.0
    weights = [
        *song_weights,
        np.full(len(music), of_music / len(music)),
        np.full(len(noise), 1 / len(noise)),
        np.full(len(known), of_known / _N_KNOWN),
    ]
    if old is None:
        return Examples(spans, np.minimum(label, n_genres), np.concatenate(weights), np.full(len(spans), -np.inf))
    return Examples(spans, label, np.concatenate(weights), logsumexp(bent(old(spans), old_limit), axis=1))


def _balanced(head: Head, background: Background, old: Head | None, old_limit: float, many: bool, seed: int) -> Head:
    """The head with biases by which the background is named as rarely as it may be."""

    def lead(spans: Floats) -> Floats:
        """Of the best new genre before none of these and, where they stay, the old genres."""
        logits = head(spans)
        others = logits[:, -1] if old is None else np.maximum(logits[:, -1], bent(old(spans), old_limit).max(axis=1))
        return np.asarray(logits[:, :-1].max(axis=1) - others)

    named = (NAMED_MUSIC_OF_MANY, NAMED_NON_MUSIC_OF_MANY) if many else (NAMED_MUSIC, NAMED_NON_MUSIC)
    limits = [
        np.quantile(lead(background.draw(_N_MUSIC, music=True, seed=seed)), 1 - named[0]),
        np.quantile(lead(background.draw(_N_NON_MUSIC, music=False, seed=seed + 1)), 1 - named[1]),
    ]
    if old is not None and background.known:
        limits.append(np.quantile(lead(background.draw_known(_N_KNOWN, seed=seed + 3)), 1 - NAMED_KNOWN))
    bias = head.bias.copy()
    bias[:-1] -= max(limits)
    return Head(head.kernel, bias)


def _whitening(background: Background) -> tuple[Floats, Floats]:
    """The centre, and the matrix that gives spans of one kind unit variance in every direction that matters."""
    values, vectors = np.linalg.eigh(background.within)
    floor = _FLOOR * values.max()
    return background.mean, vectors / np.sqrt(np.maximum(values, 0) + floor)
