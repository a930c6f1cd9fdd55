"""A second data set, of other music than the labelled clips a run learns from: how far its answers carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.resources import resolve
from genre_lib.datasets import Features, load_features, open_data_set
from genre_lib.errors import DataSetError
from genre_lib.evaluation.accuracy_by_seconds import Predict
from genre_lib.evaluation.held_out import HeldOut
from genre_lib.evaluation.robustness import accuracy_under, log_mel_treatments
from genre_lib.evaluation.scores import Condition, Evaluation, evaluate
from genre_lib.networks.keras_files import load_keras
from genre_lib.networks.receptive_field import timing_of
from genre_lib.runs.pipeline.answers import StepAnswers, known_groups, predictor
from genre_lib.runs.pipeline.cross_validation import BASELINE, networks_elsewhere
from genre_lib.runs.pipeline.prepare import about
from genre_lib.runs.pipeline.train import recipe_of, trained
from genre_lib.runs.run_folder import Run

if TYPE_CHECKING:
    import keras

WORLD, WORLD_CLEAR, WORLD_BASELINE = "world.json", "world_clear.json", "world_baseline.json"
CLEAR = "clear"


@dataclass(frozen=True)
class World:
    """Evaluations on a second data set; None where nothing was measured.

    Attributes
    ----------
    everything : all of its clips
    clear : those whose label is beyond doubt, where the data set says which
    baseline : all of them, by the cross-validation's baseline
    """

    everything: Evaluation | None = None
    clear: Evaluation | None = None
    baseline: Evaluation | None = None

    @classmethod
    def load(cls, folder: Path) -> World:
        """Read what `assess_world` saved in a run's evaluation folder."""
        paths = (folder / name for name in (WORLD, WORLD_CLEAR, WORLD_BASELINE))
        return cls(*(Evaluation.load(path) if path.exists() else None for path in paths))

    def named(self) -> list[tuple[str, Evaluation]]:
        """The evaluations that are there, by the name that card and metrics give them."""
        found = (("world", self.everything), ("world_clear", self.clear), ("world_baseline", self.baseline))
        return [(name, evaluation) for name, evaluation in found if evaluation is not None]

    def sentences(self) -> list[str]:
        """The results in words; empty where nothing was measured."""
        return [f"{each.model}, {each.data_set}, {each.split}: {each.accuracy}" for _, each in self.named()]


def assess_world(run: Run, world: str = "", *, robustness: bool = False) -> World:
    """Evaluate the network to ship on other music; where it learnt that too, by the folds that held it out.

    Parameters
    ----------
    run : Run
        With a trained network.
    world : str
        A labelled data set of other music, as for `genre_lib.datasets.open_data_set`; none does nothing. Its split
        may tell clear labels from disputed ones.
    robustness : bool
        Also measure all of its clips under gains, filters, noise and codecs.

    Returns
    -------
    World
        Saved in the run's evaluation folder.

    Raises
    ------
    DataSetError
        It cannot be read, or has a genre that the run does not know.
    """
    if not world:
        return World()
    features = world_features(run, world)
    whole = _unheard(run, world, features)
    measured = {WORLD: (whole, "all", recipe_of(run).network)}
    if CLEAR in features.data_set.splits():
        measured[WORLD_CLEAR] = (whole.clear(), CLEAR, recipe_of(run).network)
    networks = sorted((run.evaluation / Path(BASELINE).stem).glob("seed*-fold*/model.keras"))
    if networks:
        rival = load_keras(networks[0])
        measured[WORLD_BASELINE] = (_Unheard(features, rival, [predictor(rival)] * len(features)), "all", "baseline")
    for name, (part, split, title) in measured.items():
        evaluation = _evaluated(run, part, split, title)
        if robustness and name == WORLD:
            evaluation = replace(evaluation, conditions=_under_conditions(run, part))
        evaluation.save(run.evaluation / name)
    return World.load(run.evaluation)


def world_answers(run: Run, world: str) -> HeldOut:
    """Step by step what is said of the second data set, by a network that did not learn it.

    Of all its clips: people also bring music whose genre others would dispute, and on clear ones alone a model seems
    righter than it will be.
    """
    features = world_features(run, world)
    part = _unheard(run, world, features)
    return part.answers(run).held_out(features.data_set.name, about(run)["genres"], part.folds)


def world_features(run: Run, world: str) -> Features:
    """The second data set's spectrograms; its genres must be among the run's."""
    place = resolve(world)
    features = load_features(open_data_set(str(place) if place.exists() else world))
    genres = about(run)["genres"]
    for track in features.tracks:
        if track.genre not in genres:
            raise DataSetError(f"{track.name} of {world} is {track.genre}, which the run has not learnt: leave it out.")
    return features


@dataclass(frozen=True, eq=False)
class _Unheard:
    """Clips of the second data set, each with a network that did not learn it."""

    features: Features
    model: keras.Model
    predictors: Sequence[Predict]
    folds: NDArray[np.int64] | None = None
    note: str = ""

    def clear(self) -> _Unheard:
        """The clips whose label is beyond doubt."""
        kept = [i for i, split in enumerate(self.features.data_set.splits()) if split == CLEAR]
        return replace(
            self,
            features=self.features.select(kept),
            predictors=[self.predictors[i] for i in kept],
            folds=None if self.folds is None else self.folds[kept],
        )

    def answers(self, run: Run) -> StepAnswers:
        """What the networks say."""
        genres, heard = about(run)["genres"], zip(self.predictors, self.features.log_mels, strict=True)
        return StepAnswers(
            tuple(track.name for track in self.features.tracks),
            np.array([genres.index(track.genre) for track in self.features.tracks]),
            known_groups(self.features),
            [predict(log_mel) for predict, log_mel in heard],
        )


def _unheard(run: Run, world: str, features: Features) -> _Unheard:
    """The network to ship where it did not learn these clips; else, for each of them, the network of its fold."""
    if not _learnt(run, features):
        shipped = trained(run, final=True)
        return _Unheard(features, shipped, [predictor(shipped)] * len(features))
    networks = networks_elsewhere(run)
    missing = [track.name for track in features.tracks if track.name not in networks]
    if missing:
        raise DataSetError(
            f"The recipe learns from {world}, and no fold held {missing[0]} out: cross-validate (folds 5), or name "
            "other music to measure on."
        )
    paths = sorted(set(networks.values()))
    models = [load_keras(path) for path in paths]
    by_fold = [predictor(model) for model in models]
    folds = np.array([paths.index(networks[track.name]) for track in features.tracks])
    note = "each clip by the network of a fold, which heard none of its artist; the one shipped learnt them too"
    return _Unheard(features, models[0], [by_fold[fold] for fold in folds], folds, note)


def _learnt(run: Run, features: Features) -> bool:
    """Whether the recipe's labelled sources hold any of these clips, by their sound: a file has many paths."""
    front_end = features.data_set.front_end
    assert front_end is not None
    sources = [source.features(front_end) for source in recipe_of(run).labelled]
    learnt = {log_mel.tobytes() for source in sources for log_mel in source.log_mels}
    return any(log_mel.tobytes() in learnt for log_mel in features.log_mels)


def _under_conditions(run: Run, part: _Unheard) -> tuple[Condition, ...]:
    features, genres = part.features, about(run)["genres"]
    assert features.data_set.front_end is not None
    labels = np.array([genres.index(track.genre) for track in features.tracks])
    treatments = log_mel_treatments(features.data_set.front_end)
    return accuracy_under(part.predictors, features.log_mels, labels, treatments, groups=known_groups(features))


def _evaluated(run: Run, part: _Unheard, split: str, title: str) -> Evaluation:
    data_set, timing = part.features.data_set, timing_of(part.model)
    front_end = data_set.front_end
    assert front_end is not None
    found = part.answers(run)
    return evaluate(
        found.step_logits,
        found.labels,
        genres=about(run)["genres"],
        data_set=data_set.name,
        split=split,
        step_period_s=timing.step_frames * front_end.frame_period_s,
        first_step_s=front_end.n_samples(timing.first_frame + timing.receptive_field_frames) / front_end.sample_rate,
        model=title,
        names=found.names,
        groups=found.groups,
        notes=[part.note] if part.note else [],
    )
