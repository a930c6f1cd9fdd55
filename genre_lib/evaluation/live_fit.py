"""Choosing how live sound is believed: what a step counts for the chain, and for its own moment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from genre_lib.bundle.belief_settings import BeliefSettings, LiveAndFile, NewestSettings
from genre_lib.evaluation.medleys import Material, StepGrid
from genre_lib.inference.belief import Chain, Floats, filtered, likelihoods, newest, tempered

# Of music hardly a step has smaller logits; those of noise and speech are, and must not be made to look sure.
LEAST_SIZE = 1.0


def fit_live(settings: BeliefSettings, material: Sequence[Material], grid: StepGrid) -> BeliefSettings:
    """The same settings with the live weights and temperature of least log loss.

    Parameters
    ----------
    settings : BeliefSettings
        Whose chain is fitted already.
    material : sequence of Material
        What the log loss is of; each counts the same.
    grid : StepGrid
    """
    truth = np.concatenate([each.now.ravel() for each in material])
    share = np.concatenate([np.full(each.now.size, 1 / each.now.size / len(material)) for each in material])
    steps = [newest(each.logits, each.silent, NewestSettings(1.0, LEAST_SIZE)) for each in material]

    def with_weight(log_weight: float) -> tuple[float, BeliefSettings]:
        weights = LiveAndFile(math.exp(log_weight), settings.evidence_weight.file)
        chosen = replace(settings, evidence_weight=weights)
        past = [np.log(tempered(live_posterior(each, chosen, grid), 1.0)) for each in material]
        both = np.concatenate(
            [np.stack(pair, axis=-2).reshape(-1, 2, pair[0].shape[-1]) for pair in zip(past, steps, strict=True)]
        )
        loss, (of_past, of_step) = _best_sum(both, truth, share)
        temperatures = LiveAndFile(1 / max(of_past, 1e-2), settings.temperatures.file)
        return loss, replace(chosen, temperatures=temperatures, newest=NewestSettings(of_step, LEAST_SIZE))

    found = minimize_scalar(
        lambda at: with_weight(at)[0],
        bounds=(math.log(0.01), math.log(2.0)),
        method="bounded",
        options={"xatol": 0.1},
    )
    return with_weight(found.x)[1]


def live_posterior(material: Material, settings: BeliefSettings, grid: StepGrid) -> Floats:
    """Of the chain, each step by its past, not tempered [shape=(n_steps, n_recordings, n_genres)]."""
    chain = Chain(settings, n_genres=material.logits.shape[-1], step_period_s=grid.period_s)
    return filtered(likelihoods(material.logits, material.silent, settings.evidence_weight.live), chain)


def _best_sum(terms: Floats, truth: NDArray[np.int64], share: Floats) -> tuple[float, tuple[float, ...]]:
    """The least log loss with a weighted sum of terms [shape=(n_steps, n_terms, n_genres)] as logits; the weights."""
    right = np.take_along_axis(terms, truth[:, None, None], axis=-1)[..., 0]

    def loss(weights: NDArray[Any]) -> tuple[float, Floats]:
        logits = np.einsum("k,skg->sg", weights, terms)
        logits -= logits.max(axis=1, keepdims=True)
        believed = np.exp(logits)
        total = believed.sum(axis=1, keepdims=True)
        expected = np.einsum("sg,skg->sk", believed / total, terms)
        losses = np.log(total[:, 0]) - np.take_along_axis(logits, truth[:, None], axis=1)[:, 0]
        return float(share @ losses), share @ (expected - right)

    found = minimize(
        loss, np.full(terms.shape[1], 0.5), jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * terms.shape[1]
    )
    return float(found.fun), tuple(found.x.tolist())
