"""How good a belief is, beside a moving mean and beside one genre for all, on medleys and songs of held-out clips.

Everything is cross-fitted: settings, temperatures and thresholds used on a fold were chosen on the other folds.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.belief_settings import BeliefSettings
from genre_lib.errors import EvaluationError
from genre_lib.evaluation.belief_fit import beliefs, fit_belief, log_loss
from genre_lib.evaluation.boundaries import boundary_f1, delays, paths_of
from genre_lib.evaluation.calibration import assign_folds
from genre_lib.evaluation.held_out import HeldOut
from genre_lib.evaluation.intervals import Estimate, paired_difference, proportion
from genre_lib.evaluation.medleys import Material, StepGrid, medleys, whole_clips
from genre_lib.evaluation.moving_mean import MovingMean
from genre_lib.evaluation.reliability import TARGET, reliability, unsure_threshold
from genre_lib.inference.belief import Floats, tempered
from genre_lib.utils.serialization import plain, structured

PIECES_S = (10.0, 20.0, 30.0, 60.0)
CLIPS_S = (5.0, 10.0, 30.0)
MEAN_S = 3.0

BELIEF, BELIEF_LIVE = "belief", "belief, live"
MEAN, MEAN_LIVE = "mean of 3 s", "mean of 3 s, live"
ONE_GENRE = "one genre for all"
METHODS = (ONE_GENRE, MEAN, BELIEF, MEAN_LIVE, BELIEF_LIVE)


@dataclass(frozen=True)
class BeliefScore:
    """One method on one kind of music.

    Attributes
    ----------
    part, material, method : str
        Whose clips, in which form, believed how.
    right : Estimate
        Share of the time whose most probable genre is the right one; no "unsure". Live: the one that plays now.
    log_loss : float [nat]
        Of a step.
    ece : float
        Calibration error of a step, in bins of equal mass.
    coverage : float in [0, 1]
        Share of the time that could be named with 80 % of it right, by the best threshold.
    named, named_right : float in [0, 1], or None
        Share of the time that is named by the thresholds chosen, and how much of it is right.
    probable : float in [0, 1]
        Share of the time that is called probable.
    boundary_f1 : float or None
        Of the changes, within 3 s; None live, and where nothing changes.
    delay_s : float or None [s]
        Median time from a change until the new genre is named live; None in hindsight.
    """

    part: str
    material: str
    method: str
    right: Estimate
    log_loss: float
    ece: float
    coverage: float
    named: float
    named_right: float | None
    probable: float
    boundary_f1: float | None = None
    delay_s: float | None = None


@dataclass(frozen=True)
class BeliefEvaluation:
    """Scores, and what the belief gains over the moving mean on medleys [Estimate by part and material, paired].

    Attributes
    ----------
    scores : tuple of BeliefScore
    gains : dict of str to Estimate
        Keyed by "part, material" and by "part, material, live".
    """

    scores: tuple[BeliefScore, ...]
    gains: dict[str, Estimate] = field(default_factory=dict)

    def find(self, part: str, material: str, method: str) -> BeliefScore:
        """The score of a row and method.

        Raises
        ------
        KeyError
        """
        for score in self.scores:
            if (score.part, score.material, score.method) == (part, material, method):
                return score
        raise KeyError((part, material, method))

    def save(self, path: str | Path) -> Path:
        """Write as JSON; returns the path."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(plain(self)) + "\n", encoding="utf-8")
        return path

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        EvaluationError
        """
        try:
            return structured(json.loads(Path(path).read_text(encoding="utf-8")), cls)
        except (OSError, ValueError) as error:
            raise EvaluationError(f"{path} cannot be read as scores of a belief ({error}): make it again.") from error

    def card_metrics(self) -> list[dict[str, Any]]:
        """The entries of a model card's `metrics`: medleys of pieces of 30 s, and clips of 30 s."""
        entries = []
        for score in self.scores:
            if score.method not in (BELIEF, BELIEF_LIVE) or score.material not in ("pieces of 30 s", "one genre, 30 s"):
                continue
            kind = "medley" if score.material.startswith("pieces") else "clip"
            name = f"{kind}_time_right" + ("_live" if score.method == BELIEF_LIVE else "")
            common = {"data_set": score.part, "split": "artist-grouped folds", "n": score.right.n}
            entries.append(
                {
                    "name": name,
                    "value": score.right.value,
                    "interval": [score.right.low, score.right.high],
                    "note": f"{score.material}; {score.right.method}; cross-fitted",
                    **common,
                }
            )
            entries.append({"name": name.replace("time_right", "time_ece"), "value": score.ece, **common})
        return entries


def evaluate_belief(
    parts: Sequence[HeldOut],
    grid: StepGrid,
    *,
    seed: int = 0,
    n_folds: int = 5,
    report: Callable[[str], None] = lambda _: None,
) -> BeliefEvaluation:
    """Score the belief on each part, cross-fitted.

    Parameters
    ----------
    parts : sequence of HeldOut
        Their folds are used as they are; a part of one fold is split by artist.
    grid : StepGrid
    seed : int
        Of the medleys.
    n_folds : int >= 2
        Where a part is split.
    """
    folded = [_folded(part, n_folds) for part in parts]
    folds = sorted({int(fold) for part in folded for fold in part.folds})
    collected: dict[tuple[str, str, str], list[_Heard]] = {}
    for fold in folds:
        report(f"belief, fold {folds.index(fold) + 1} of {len(folds)}")
        others = [part.select(part.folds != fold) for part in folded]
        settings = fit_belief(others, grid, seed=seed)
        mean = MovingMean.fitted(others, grid, MEAN_S, seed=seed)
        for part in folded:
            here = part.select(part.folds == fold)
            if len(np.unique(here.labels)) < 2:
                continue
            for material in _test_material(here, grid, np.random.default_rng(seed + 1)):
                for heard in _heard(material, settings, mean, grid):
                    collected.setdefault((part.name, material.name, heard.method), []).append(heard)
    scores = [_score(part, material, parts_heard, grid) for (part, material, _), parts_heard in collected.items()]
    return BeliefEvaluation(tuple(scores), _gains(collected))


@dataclass(frozen=True, eq=False)
class _Heard:
    """What a method believes of some recordings of one length."""

    method: str
    beliefs: Floats
    truth: NDArray[np.int64]
    named_from: float
    probable_lead: float
    cuts: NDArray[np.int64] | None = None

    @property
    def right(self) -> NDArray[np.bool_]:
        return np.asarray(self.beliefs.argmax(axis=-1) == self.truth)


def _folded(part: HeldOut, n_folds: int) -> HeldOut:
    if len(np.unique(part.folds)) > 1:
        return part
    return replace(part, folds=assign_folds(part.groups, n_folds=n_folds))


def _test_material(part: HeldOut, grid: StepGrid, rng: np.random.Generator) -> list[Material]:
    found = [medleys(part, piece_s, grid, rng) for piece_s in PIECES_S]
    longest_s = max(map(len, part.step_logits)) * grid.period_s
    return found + [whole_clips(part, seconds, grid) for seconds in CLIPS_S if seconds <= longest_s + 1]


def _heard(material: Material, settings: BeliefSettings, mean: MovingMean, grid: StepGrid) -> list[_Heard]:
    named, lead = settings.named_from, settings.probable_lead
    one = material.logits.mean(axis=0, keepdims=True)
    one_belief = np.broadcast_to(tempered(np.exp(one - one.max(axis=-1, keepdims=True)), 1.0), material.logits.shape)
    mean_live, mean_file = mean.beliefs(material, grid, live=True), mean.beliefs(material, grid, live=False)
    changing = bool((material.truth[1:] != material.truth[:-1]).any())
    believed = beliefs(material, settings, grid, live=False)
    cuts = paths_of(material, believed, settings, grid) if changing else None
    mean_cuts = mean.segments(mean_file, grid) if changing else None
    never = np.zeros_like(material.truth) if changing else None
    return [
        _Heard(ONE_GENRE, one_belief, material.truth, 0.0, 1.0, never),
        _Heard(MEAN, mean_file, material.truth, mean.named_from.file, 1.0, mean_cuts),
        _Heard(BELIEF, believed, material.truth, named.file, lead, cuts),
        _Heard(MEAN_LIVE, mean_live, material.now, mean.named_from.live, 1.0),
        _Heard(BELIEF_LIVE, beliefs(material, settings, grid, live=True), material.now, named.live, lead),
    ]


def _score(part: str, material: str, heard: Sequence[_Heard], grid: StepGrid) -> BeliefScore:
    n_genres = heard[0].beliefs.shape[-1]
    believed = np.concatenate([each.beliefs.reshape(-1, n_genres) for each in heard])
    truth = np.concatenate([each.truth.ravel() for each in heard])
    right = np.concatenate([each.right.ravel() for each in heard])
    confidence = believed.max(axis=1)
    named = np.concatenate([(each.beliefs.max(axis=-1) >= each.named_from).ravel() for each in heard])
    leads = np.concatenate([_lead(each.beliefs).ravel() >= each.probable_lead for each in heard])
    by_recording = np.concatenate([each.right.mean(axis=0) for each in heard])
    cut = [(each.cuts, each.truth) for each in heard if each.cuts is not None]
    live = heard[0].method in (MEAN_LIVE, BELIEF_LIVE)
    waited = [delay for each in heard for delay in _delays(each, grid)] if live else []
    return BeliefScore(
        part=part,
        material=material,
        method=heard[0].method,
        right=proportion(by_recording, range(len(by_recording)), unit="recordings"),
        log_loss=log_loss(believed, truth),
        ece=reliability(believed, truth).ece,
        coverage=unsure_threshold(confidence, right, target=TARGET).coverage,
        named=float(named.mean()),
        named_right=float(right[named].mean()) if named.any() else None,
        probable=float((leads & ~named).mean()),
        boundary_f1=float(np.mean([boundary_f1(found, true, grid) for found, true in cut])) if cut else None,
        delay_s=float(np.median(waited)) if waited and math.isfinite(np.median(waited)) else None,
    )


def _delays(heard: _Heard, grid: StepGrid) -> list[float]:
    said = np.where(heard.beliefs.max(axis=-1) >= heard.named_from, heard.beliefs.argmax(axis=-1), -1)
    return delays(said, heard.truth, grid)


def _lead(beliefs: Floats) -> Floats:
    second, first = np.moveaxis(np.sort(beliefs, axis=-1)[..., -2:], -1, 0)
    return np.asarray(first - second)


def _gains(collected: dict[tuple[str, str, str], list[_Heard]]) -> dict[str, Estimate]:
    found = {}
    for (part, material, method), heard in collected.items():
        rival = {BELIEF: MEAN, BELIEF_LIVE: MEAN_LIVE}.get(method)
        if rival is None:
            continue
        ours = np.concatenate([each.right.mean(axis=0) for each in heard])
        theirs = np.concatenate([each.right.mean(axis=0) for each in collected[part, material, rival]])
        name = f"{part}, {material}" + (", live" if method == BELIEF_LIVE else "")
        found[name] = paired_difference(ours, theirs, range(len(ours)), unit="recordings")
    return found
