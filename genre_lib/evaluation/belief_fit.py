"""Choosing how a model's steps become a belief: by log loss on clips that it was not trained on.

The clips stand for what people play: medleys of pieces of 20, 30 and 60 s, and songs of one genre, short and long.
A long song is a clip played over and over: songs keep the manner that a model mistakes, so that hearing more of one
does not make it much surer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from genre_lib.bundle.belief_settings import BeliefSettings, LiveAndFile, PathSettings
from genre_lib.evaluation.boundaries import boundary_f1, paths_of
from genre_lib.evaluation.held_out import HeldOut
from genre_lib.evaluation.live_fit import fit_live, live_posterior
from genre_lib.evaluation.medleys import Material, StepGrid, medleys, whole_clips
from genre_lib.evaluation.pieces_fit import fit_pieces
from genre_lib.evaluation.reliability import TARGET, unsure_threshold
from genre_lib.inference.belief import Chain, Floats, likelihoods, newest, smoothed, tempered
from genre_lib.inference.hindsight import in_hindsight

PIECES_S = (20.0, 30.0, 60.0)
# Geometric durations (1 stage) cost .02 nats on held-out medleys, 5 stages as much; 2 and 3 are alike.
STAGES = 2
LAG_S = 20.0
LEAST_SEGMENT_S = 4.0
# What is called probable should be right so many times as often as the next in line is, and be seen to be ahead.
PROBABLE_ODDS = 2.0
LEAST_LEAD = 0.1
# A threshold that just meets its target where it was chosen misses it half of the time elsewhere.
MARGIN = 0.015

# So many tell settings apart; thresholds need all there are.
_STEPS_OF_A_MATERIAL = 12_000
_PATH_WEIGHTS = (0.05, 0.1, 0.15, 0.2, 0.3)
_PATH_DURATIONS_S = (10.0, 30.0, 100.0)


def fit_belief(
    parts: Sequence[HeldOut], grid: StepGrid, *, seed: int = 0, pieces_s: Sequence[float] = PIECES_S
) -> BeliefSettings:
    """Settings for a model's card.

    Parameters
    ----------
    parts : sequence of HeldOut
        Held-out answers of the model, or of its twins in a cross-validation; each part weighs the same.
    grid : StepGrid
    seed : int
        Of the medleys.

    Raises
    ------
    EvaluationError
        There are too few clips, or of one genre only.

    Notes
    -----
    The chain's evidence weight and mean duration minimise the mean log loss in hindsight, with the best temperature for
    them, and the live weights that of live sound (`live_fit`); then the pieces are fitted (`pieces_fit`). The path is
    the one whose boundaries have the greatest F1. Thresholds are the smallest that keep their promise.
    """
    rng = np.random.default_rng(seed)
    by_part = [training_material(part, grid, rng, pieces_s) for part in parts]
    everything = [each for those in by_part for each in those]
    material = [each.some(_STEPS_OF_A_MATERIAL) for each in everything]
    # Live little is known of what is longer ago than a clip lasts: playing one on would only let songs count twice.
    played_once = [each.some(_STEPS_OF_A_MATERIAL) for those in by_part for each in those[:-1]]

    def by_chain(log_weight: float, log_duration: float) -> tuple[float, BeliefSettings]:
        settings = _provisional(math.exp(log_weight), math.exp(log_duration))
        loss, temperature = best_temperature(
            [_in_hindsight(each, settings, grid) for each in material], [each.truth for each in material]
        )
        return loss, replace(settings, temperatures=LiveAndFile(temperature, temperature))

    start = np.log([[0.06, 8.0], [0.1, 8.0], [0.06, 14.0]])
    found = minimize(
        lambda at: by_chain(*at)[0],
        start[0],
        method="Nelder-Mead",
        bounds=[(math.log(0.005), math.log(2.0)), (math.log(1.0), math.log(120.0))],
        options={"initial_simplex": start, "xatol": 0.05, "fatol": 0.0005, "maxfev": 40},
    )
    settings = fit_live(by_chain(*found.x)[1], played_once, grid)
    # The path before the pieces: models taught from this one have none, and with pieces the same settings do.
    settings = replace(settings, path=_fit_path(material, settings, grid))
    settings = replace(settings, pieces=fit_pieces(parts, material, grid))
    return rounded(_with_thresholds(settings, everything, grid))


def training_material(
    part: HeldOut, grid: StepGrid, rng: np.random.Generator, pieces_s: Sequence[float] = PIECES_S
) -> list[Material]:
    """What the belief is fitted on: medleys of each length of piece, clips as they are, and played four times over."""
    longest_s = max(len(logits) for logits in part.step_logits) * grid.period_s
    clip_s = min(30.0, longest_s)
    whole = [whole_clips(part, clip_s, grid), whole_clips(part, clip_s, grid, repeats=4)]
    return [*(medleys(part, piece_s, grid, rng, at_most=8) for piece_s in pieces_s), *whole]


def _in_hindsight(material: Material, settings: BeliefSettings, grid: StepGrid) -> Floats:
    """Posterior of the chain, not tempered [shape=(n_steps, n_recordings, n_genres)]."""
    chain = Chain(settings, n_genres=material.logits.shape[-1], step_period_s=grid.period_s)
    return smoothed(likelihoods(material.logits, material.silent, settings.evidence_weight.file), chain)


def beliefs(material: Material, settings: BeliefSettings, grid: StepGrid, *, live: bool) -> Floats:
    """What is shown, live or in hindsight [shape=(n_steps, n_recordings, n_genres)]."""
    if live:
        added = newest(material.logits, material.silent, settings.newest)
        return tempered(live_posterior(material, settings, grid), settings.temperatures.live, added)
    if settings.pieces is not None:
        columns = [
            in_hindsight(material.logits[:, i], material.silent[:, i], settings, step_period_s=grid.period_s)
            for i in range(material.truth.shape[1])
        ]
        return np.stack(columns, axis=1)
    return tempered(_in_hindsight(material, settings, grid), settings.temperatures.file)


def log_loss(beliefs: Floats, truth: NDArray[Any]) -> float:
    """Mean of -log belief in the right genre [nat]."""
    right = np.take_along_axis(beliefs, truth[..., None], axis=-1)
    return float(-np.log(np.maximum(right, 1e-12)).mean())


def rounded(settings: BeliefSettings) -> BeliefSettings:
    """To the four digits that clips can tell apart."""

    def short(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: short(each) for name, each in value.items()}
        if isinstance(value, list):
            return [short(each) for each in value]
        return float(f"{value:.4g}") if isinstance(value, float) else value

    return BeliefSettings.from_dict(short(settings.to_dict()))


def _provisional(evidence_weight: float, mean_duration_s: float) -> BeliefSettings:
    return BeliefSettings(
        evidence_weight=LiveAndFile(evidence_weight, evidence_weight),
        mean_duration_s=mean_duration_s,
        stages=STAGES,
        temperatures=LiveAndFile(1.0, 1.0),
        named_from=LiveAndFile(0.5, 0.5),
        whole_named_from=0.5,
        probable_lead=0.15,
        lag_s=LAG_S,
        path=PathSettings(0.1, 30.0, LEAST_SEGMENT_S),
    )


def best_temperature(posterior: Sequence[Floats], truth: Sequence[NDArray[Any]]) -> tuple[float, float]:
    """The least log loss that a temperature gives, and that temperature; every material counts the same."""

    def loss(log_temperature: float) -> float:
        temperature = math.exp(log_temperature)
        losses = [log_loss(tempered(each, temperature), right) for each, right in zip(posterior, truth, strict=True)]
        return float(np.mean(losses))

    found = minimize_scalar(loss, bounds=(-1.5, 2.5), method="bounded", options={"xatol": 0.02})
    return float(found.fun), math.exp(float(found.x))


def _fit_path(material: Sequence[Material], settings: BeliefSettings, grid: StepGrid) -> PathSettings:
    changing = [each for each in material if (each.truth[1:] != each.truth[:-1]).any()]
    believed = [beliefs(each, settings, grid, live=False) for each in changing]

    def score(path: PathSettings) -> float:
        chosen = replace(settings, path=path)
        found = [paths_of(each, belief, chosen, grid) for each, belief in zip(changing, believed, strict=True)]
        return float(np.mean([boundary_f1(cuts, each.truth, grid) for cuts, each in zip(found, changing, strict=True)]))

    choices = [
        replace(settings.path, evidence_weight=weight, mean_duration_s=duration_s)
        for weight in _PATH_WEIGHTS
        for duration_s in _PATH_DURATIONS_S
    ]
    return max(choices, key=score)


def _with_thresholds(settings: BeliefSettings, material: Sequence[Material], grid: StepGrid) -> BeliefSettings:
    live = [beliefs(each, settings, grid, live=True) for each in material]
    file = [beliefs(each, settings, grid, live=False) for each in material]
    named_from = LiveAndFile(
        named_threshold(live, [each.now for each in material]), named_threshold(file, [each.truth for each in material])
    )
    whole = [
        (believed.mean(axis=0), each.truth[0])
        for each, believed in zip(material, file, strict=True)
        if (each.truth == each.truth[0]).all()
    ]
    whole_from = named_threshold([believed for believed, _ in whole], [truth for _, truth in whole])
    lead = _probable_lead(file, [each.truth for each in material], named_from.file)
    return replace(settings, named_from=named_from, whole_named_from=whole_from, probable_lead=lead)


def _probable_lead(believed: Sequence[Floats], truth: Sequence[NDArray[Any]], named_from: float) -> float:
    """The smallest lead from which on moments that are not named are right twice as often as the next genre is."""
    lead, first_right, weights = [], [], []
    for each, right in zip(believed, truth, strict=True):
        order = np.argsort(-each, axis=-1, kind="stable")[..., :2]
        first, second = np.moveaxis(np.take_along_axis(each, order, axis=-1), -1, 0)
        one_of_both = (first < named_from) & (order == right[..., None]).any(axis=-1)
        lead.append((first - second)[one_of_both])
        first_right.append((order[..., 0] == right)[one_of_both])
        weights.append(np.full(int(one_of_both.sum()), 1 / right.size))
    found = unsure_threshold(
        np.concatenate(lead),
        np.concatenate(first_right),
        target=PROBABLE_ODDS / (1 + PROBABLE_ODDS),
        weights=np.concatenate(weights),
    )
    return max(found.value, LEAST_LEAD)


def named_threshold(believed: Sequence[Floats], truth: Sequence[NDArray[Any]]) -> float:
    """The smallest belief from which on names are right 80 % of the time; every material counts the same."""
    confidence = np.concatenate([each.max(axis=-1).ravel() for each in believed])
    pairs = zip(believed, truth, strict=True)
    correct = np.concatenate([(each.argmax(axis=-1) == right).ravel() for each, right in pairs])
    weights = np.concatenate([np.full(right.size, 1 / right.size) for right in truth])
    return unsure_threshold(confidence, correct, target=TARGET + MARGIN, weights=weights).value
