"""A second data set, of other music than the labelled clips a run learns from: how far its answers carry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from genre_lib.bundle.resources import resolve
from genre_lib.datasets import Features, load_features, open_data_set
from genre_lib.errors import DataSetError
from genre_lib.evaluation.held_out import HeldOut
from genre_lib.evaluation.robustness import accuracy_under, log_mel_treatments
from genre_lib.evaluation.scores import Condition, Evaluation, evaluate
from genre_lib.networks.keras_files import load_keras
from genre_lib.networks.receptive_field import timing_of
from genre_lib.runs.pipeline.answers import StepAnswers, known_groups, predictor
from genre_lib.runs.pipeline.cross_validation import BASELINE
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
    """Evaluate the network to ship on music that no part of its training has heard.

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
    clear = features.subset(CLEAR) if CLEAR in features.data_set.splits() else None
    shipped = trained(run, final=True)
    recipe = recipe_of(run)
    networks = sorted((run.evaluation / Path(BASELINE).stem).glob("seed*-fold*/model.keras"))
    measured = {WORLD: (shipped, features, "all", recipe.network)}
    if clear is not None:
        measured[WORLD_CLEAR] = (shipped, clear, CLEAR, recipe.network)
    if networks:
        measured[WORLD_BASELINE] = (load_keras(networks[0]), features, "all", "baseline")
    for name, (model, part, split, title) in measured.items():
        evaluation = _evaluated(run, model, part, split, title)
        if robustness and name == WORLD:
            evaluation = replace(evaluation, conditions=_under_conditions(run, model, part))
        evaluation.save(run.evaluation / name)
    return World.load(run.evaluation)


def world_answers(run: Run, world: str) -> HeldOut:
    """What the network to ship says, step by step, about the second data set: its clear clips, where it has any.

    A label that listeners dispute cannot say how sure one may be.
    """
    features = world_features(run, world)
    clear = CLEAR in features.data_set.splits()
    found = _answers(run, trained(run, final=True), features.subset(CLEAR) if clear else features)
    return found.held_out(features.data_set.name, about(run)["genres"])


def world_features(run: Run, world: str) -> Features:
    """The second data set's spectrograms; its genres must be among the run's."""
    place = resolve(world)
    features = load_features(open_data_set(str(place) if place.exists() else world))
    genres = about(run)["genres"]
    for track in features.tracks:
        if track.genre not in genres:
            raise DataSetError(f"{track.name} of {world} is {track.genre}, which the run has not learnt: leave it out.")
    return features


def _answers(run: Run, model: keras.Model, features: Features) -> StepAnswers:
    genres, predict = about(run)["genres"], predictor(model)
    return StepAnswers(
        tuple(track.name for track in features.tracks),
        np.array([genres.index(track.genre) for track in features.tracks]),
        known_groups(features),
        [predict(log_mel) for log_mel in features.log_mels],
    )


def _under_conditions(run: Run, model: keras.Model, features: Features) -> tuple[Condition, ...]:
    front_end, genres = features.data_set.front_end, about(run)["genres"]
    assert front_end is not None
    labels = np.array([genres.index(track.genre) for track in features.tracks])
    treatments = log_mel_treatments(front_end)
    return accuracy_under(predictor(model), features.log_mels, labels, treatments, groups=known_groups(features))


def _evaluated(run: Run, model: keras.Model, features: Features, split: str, title: str) -> Evaluation:
    front_end, timing = features.data_set.front_end, timing_of(model)
    assert front_end is not None
    found = _answers(run, model, features)
    return evaluate(
        found.step_logits,
        found.labels,
        genres=about(run)["genres"],
        data_set=features.data_set.name,
        split=split,
        step_period_s=timing.step_frames * front_end.frame_period_s,
        first_step_s=front_end.n_samples(timing.first_frame + timing.receptive_field_frames) / front_end.sample_rate,
        model=title,
        names=found.names,
        groups=found.groups,
    )
