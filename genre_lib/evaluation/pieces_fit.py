"""Choosing how a recording is believed as pieces: how pieces differ is measured, the rest chosen by log loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from genre_lib.bundle.belief_settings import PieceSettings, Sharpness
from genre_lib.evaluation.held_out import HeldOut
from genre_lib.evaluation.medleys import Material, StepGrid
from genre_lib.inference.belief import Floats
from genre_lib.inference.pieces import Stretches, believed_as_pieces, stretches

BLOCK_S = 0.9
LONGEST_S = 120.0
# Smaller logits are those of music and noise that no genre fits: they must not be made to look as sure as others.
LEAST_SIZE = 1.5

# Steps hear mostly what their neighbours hear: a block tells only so much as such a share of one that stood alone.
_EVIDENCE = (0.1, 0.17, 0.3, 0.5)
_DURATIONS_S = (15.0, 30.0, 60.0, 120.0)
_LEAST_PROBABILITY = 1e-5
# Times as often as by chance the same genre follows. Fewer would gain .001 nats on medleys and cost songs half a point.
_SAME_GENRE = (1.0, 0.5)
# Nearly all pieces of medleys are long: what they say of short ones is held to what can be.
_SHARPNESS = ((0.6, 4.0), (0.0, 0.6))


@dataclass(frozen=True, eq=False)
class _Manners:
    """How songs differ from one another, measured by how a block differs from its song.

    Attributes
    ----------
    origin : np.ndarray [shape=(n_genres,)]
    directions : np.ndarray [shape=(n_genres - 1, n_genres)]
        Along each the blocks of a song scatter by 1.
    variance : np.ndarray [shape=(n_genres - 1,)]
        Of songs, along each.
    """

    origin: Floats
    directions: Floats
    variance: Floats


def fit_pieces(parts: Sequence[HeldOut], material: Sequence[Material], grid: StepGrid) -> PieceSettings:
    """Settings for a card's `belief.pieces`.

    Parameters
    ----------
    parts : sequence of HeldOut
        Whose clips show how songs differ.
    material : sequence of Material
        What the log loss is of; each counts the same.
    grid : StepGrid
    """
    block_steps = max(1, round(BLOCK_S / grid.period_s))
    manners = _manners(parts, block_steps, grid)
    tried: dict[tuple[int, int], tuple[float, PieceSettings]] = {}

    def loss(at: tuple[int, int]) -> float:
        if at not in tried:
            settings = _settings(manners, block_steps, _EVIDENCE[at[0]], _DURATIONS_S[at[1]])
            tried[at] = _best_sharpness(settings, material, grid)
        return tried[at][0]

    best = (2, 2)
    while True:
        around = [(best[0] + i, best[1] + j) for i, j in ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))]
        inside = [at for at in around if 0 <= at[0] < len(_EVIDENCE) and 0 <= at[1] < len(_DURATIONS_S)]
        nearest = min(inside, key=loss)
        if nearest == best:
            return _with_turns(tried[best][1], material, grid)
        best = nearest


def _manners(parts: Sequence[HeldOut], block_steps: int, grid: StepGrid) -> _Manners:
    songs = []
    for logits in (each for part in parts for each in part.step_logits):
        # The first steps have not heard a full receptive field yet.
        full = logits[min(grid.n_straddling, max(0, len(logits) - 2 * block_steps)) :].astype(np.float64)
        full = full - full.mean(axis=1, keepdims=True)
        n_blocks = max(1, len(full) // block_steps)
        songs.append(np.stack([block.mean(axis=0) for block in np.array_split(full, n_blocks)]))
    means = np.stack([song.mean(axis=0) for song in songs])
    scatter = np.concatenate([song - song.mean(axis=0) for song in songs])
    within = scatter.T @ scatter / max(1, len(scatter) - len(songs))
    variance, axes = np.linalg.eigh(within)
    # Logits say nothing along the axis on which all genres rise together.
    axes, variance = axes[:, 1:], np.maximum(variance[1:], 1e-3 * variance.max())
    whitening = axes / np.sqrt(variance)
    origin = means.mean(axis=0)
    between, turned = np.linalg.eigh(np.atleast_2d(np.cov((means - origin) @ whitening, rowvar=False)))
    return _Manners(origin, (whitening @ turned).T, np.maximum(between, 1e-6))


def _settings(manners: _Manners, block_steps: int, evidence: float, duration_s: float) -> PieceSettings:
    gains = evidence * manners.variance / block_steps
    directions = manners.directions * (evidence * np.sqrt(manners.variance) / block_steps)[:, None]
    return PieceSettings(
        block_steps=block_steps,
        mean_duration_s=duration_s,
        longest_s=LONGEST_S,
        origin=tuple(manners.origin.tolist()),
        directions=tuple(map(tuple, directions.tolist())),
        gains=tuple(gains.tolist()),
        sharpness=Sharpness(1.6, 0.2, LEAST_SIZE),
    )


def _best_sharpness(
    settings: PieceSettings, material: Sequence[Material], grid: StepGrid
) -> tuple[float, PieceSettings]:
    found = [_stretches(each, settings, grid) for each in material]
    truth = [each.truth.T.ravel() for each in material]

    def loss(values: NDArray[Any]) -> float:
        sharpness = _sharpness(values)
        return float(
            np.mean([_log_loss(each.belief(sharpness), right) for each, right in zip(found, truth, strict=True)])
        )

    start = np.array([[1.6, 0.2], [2.2, 0.2], [1.6, 0.35]])
    best = minimize(
        loss,
        start[0],
        method="Nelder-Mead",
        bounds=_SHARPNESS,
        options={"initial_simplex": start, "xatol": 0.03, "fatol": 5e-4, "maxfev": 25},
    )
    return float(best.fun), replace(settings, sharpness=_sharpness(best.x))


def _sharpness(values: NDArray[Any]) -> Sharpness:
    one_step, growth = values.tolist()
    return Sharpness(one_step, growth, LEAST_SIZE)


def _with_turns(settings: PieceSettings, material: Sequence[Material], grid: StepGrid) -> PieceSettings:
    """With the probability of the same genre again that has the least log loss."""
    choices = [replace(settings, same_genre=times / len(settings.origin)) for times in _SAME_GENRE]
    return min(choices, key=lambda chosen: np.mean([_loss_of(each, chosen, grid) for each in material]))


def _loss_of(material: Material, settings: PieceSettings, grid: StepGrid) -> float:
    columns = zip(*(np.moveaxis(of, 1, 0) for of in (material.logits, material.silent, material.truth)), strict=True)
    return float(
        np.mean(
            [
                _log_loss(believed_as_pieces(logits, silent, settings, step_period_s=grid.period_s), truth)
                for logits, silent, truth in columns
            ]
        )
    )


def _stretches(material: Material, settings: PieceSettings, grid: StepGrid) -> Stretches:
    """Of all recordings, one after the other as if they were one."""
    n_steps, n_recordings = material.truth.shape
    each = [
        stretches(material.logits[:, i], material.silent[:, i], settings, step_period_s=grid.period_s)
        for i in range(n_recordings)
    ]
    likely = [found.probability > _LEAST_PROBABILITY for found in each]

    def together(name: str, shift: int = 0) -> NDArray[Any]:
        pairs = zip(each, likely, strict=True)
        return np.concatenate([getattr(found, name)[kept] + shift * i for i, (found, kept) in enumerate(pairs)])

    return Stretches(
        together("start", n_steps),
        together("stop", n_steps),
        together("probability"),
        together("count"),
        together("mean"),
        together("size"),
        n_steps * n_recordings,
    )


def _log_loss(believed: Floats, truth: NDArray[np.int64]) -> float:
    return float(-np.log(np.maximum(believed[np.arange(len(truth)), truth], 1e-12)).mean())
