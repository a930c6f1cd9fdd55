"""Trainings of a run: one by a recipe, or many side by side, each going on where it was killed."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from genre_lib.datasets import Features
from genre_lib.datasets.concatenated import Joined
from genre_lib.errors import DataSetError, RunError
from genre_lib.executors import get_executor
from genre_lib.networks import build, with_clipped_logits
from genre_lib.networks.receptive_field import timing_of
from genre_lib.runs.pipeline.prepare import prepared
from genre_lib.runs.run_folder import Run
from genre_lib.training.distillation import DistillationTargets
from genre_lib.training.fit import TrainingResult, fit
from genre_lib.training.labelled_sources import labelled_clips
from genre_lib.training.non_music import non_music, soft_labels
from genre_lib.training.recipe import Recipe
from genre_lib.training.soft_labels import with_teachers
from genre_lib.training.sources import load_sources
from genre_lib.utils.atomic import replaced_file

if TYPE_CHECKING:
    import keras

MODEL = "model.keras"

Report = Callable[[str], None]


@dataclass(frozen=True)
class ExecutorOptions:
    """Where trainings that do not wait for each other are done; see `genre_lib.executors.get_executor`."""

    executor: str = "serial"
    workers: int = 0
    scheduler: str = ""


@dataclass(frozen=True)
class Fit:
    """One training of a run, described so that any process can do it.

    Attributes
    ----------
    title : what it is, for reports
    run_folder : of the run with the prepared data
    recipe : Recipe
    tracks : names of the tracks to learn from
    folder : where checkpoint, history and the trained network go
    teachers : files of trained networks whose soft_labels about the unlabelled music are learnt too
    without : names of clips of the recipe's labelled sources that are held out
    """

    title: str
    run_folder: str
    recipe: Recipe
    tracks: tuple[str, ...]
    folder: str
    teachers: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def model_path(self) -> Path:
        """The trained network."""
        return Path(self.folder) / MODEL

    def __str__(self) -> str:
        return self.title


def fit_all(fits: Sequence[Fit], executor_options: ExecutorOptions, report: Report) -> None:
    """Do those trainings that are not done yet.

    Raises
    ------
    RunError
        One of them failed; what the others finished is kept.
    """
    waiting = [fit for fit in fits if not fit.model_path.exists()]
    if executor_options.executor == "serial":
        for todo in waiting:
            report(str(todo))
            carry_out(todo, report)
        return
    workers, scheduler = executor_options.workers or None, executor_options.scheduler or None
    with get_executor(executor_options.executor, workers=workers, scheduler=scheduler) as pool:
        for done, outcome in enumerate(pool.map(carry_out, waiting), start=1):
            title = waiting[outcome.index].title
            if outcome.failure is not None:
                raise RunError(f"The training of {title} failed: {outcome.failure.message}")
            report(f"{title}: trained in {outcome.value:.0f} s ({done} of {len(waiting)})")


def carry_out(todo: Fit, report: Report | None = None) -> float:
    """Do one training and keep the network; the seconds it took."""
    from genre_lib.networks.keras_files import load_keras

    began = time.perf_counter()
    features = prepared(Run.open(todo.run_folder))
    chosen = set(todo.tracks)
    part = features.select([i for i, track in enumerate(features.tracks) if track.name in chosen])
    result = fit_recipe(
        todo.recipe,
        part,
        folder=Path(todo.folder),
        teachers=[load_keras(Path(path)) for path in todo.teachers],
        without=todo.without,
        report=report or _say_nothing,
    )
    save_model(result.model, todo.model_path)
    return time.perf_counter() - began


def fit_recipe(
    recipe: Recipe,
    train_part: Features,
    valid_part: Features | None = None,
    *,
    folder: Path | None = None,
    teachers: Sequence[keras.Model] = (),
    without: Collection[str] = (),
    report: Report = print,
) -> TrainingResult:
    """Build a recipe's network and train it on a part of a data set, with ready teachers or with none.

    Clips of the recipe's labelled sources whose names are in `without` are not learnt.
    """
    data_set = train_part.data_set
    assert data_set.front_end is not None
    from genre_lib.networks.tensorflow_setup import keras

    # Also the first weights must depend on the seed alone.
    keras.utils.set_random_seed(recipe.training.seed)
    model = build(
        recipe.network,
        n_genres=len(data_set.genres),
        n_mels=data_set.front_end.n_mels,
        **recipe.network_options,
    )
    for part in (train_part, valid_part):
        if part is not None:
            _check_lengths(part, model)
    sounds = non_music(recipe.non_music, data_set.front_end)
    others, believed = labelled_clips(recipe.labelled, data_set.genres, data_set.front_end, without=without)
    labels = soft_labels(data_set.labels(), len(sounds), len(data_set.genres))
    result = fit(
        model,
        Joined(train_part.log_mels, sounds, others),
        np.concatenate([labels, believed]) if sounds or others else data_set.labels(),
        config=recipe.training,
        valid_log_mels=() if valid_part is None else valid_part.log_mels,
        valid_labels=None if valid_part is None else valid_part.data_set.labels(),
        distillation=_distillation(recipe, data_set.genres, teachers),
        run_folder=folder,
        report=report,
    )
    if recipe.logit_limit:
        result = replace(result, model=with_clipped_logits(result.model, recipe.logit_limit))
    return result


def _check_lengths(part: Features, model: keras.Model) -> None:
    least = timing_of(model).minimum_frames
    short = [track.name for track, log_mel in zip(part.tracks, part.log_mels, strict=True) if len(log_mel) < least]
    if short:
        assert part.data_set.front_end is not None
        seconds = part.data_set.front_end.n_samples(least) / part.data_set.front_end.sample_rate
        raise DataSetError(
            f"{len(short)} of {len(part.tracks)} clips are shorter than the {seconds:.1f} s that this network needs, "
            f"such as {short[0]}: leave them out, or choose another network."
        )


def teachers_of(run: Run, recipe: Recipe, tracks: Sequence[str], folder: Path) -> list[Fit]:
    """The trainings of a recipe's teachers: the same recipe without teachers, with the seeds that follow its own."""
    return [
        Fit(
            f"teacher {number + 1} of {recipe.teachers}",
            str(run.folder),
            recipe.as_teacher(number),
            tuple(tracks),
            str(folder / f"seed{recipe.training.seed + number}"),
        )
        for number in range(recipe.teachers)
    ]


def save_model(model: keras.Model, path: Path) -> None:
    """Write a network at once."""
    with replaced_file(path) as draft:
        model.save(draft)


def without_early_stop(recipe: Recipe, seed: int) -> Recipe:
    """The recipe with another seed; nothing that is measured later may decide when it stops."""
    return replace(recipe, training=replace(recipe.training, seed=seed, patience=None))


def _distillation(recipe: Recipe, genres: Sequence[str], teachers: Sequence[keras.Model]) -> DistillationTargets | None:
    if not recipe.sources:
        return None
    if teachers:
        return with_teachers(load_sources(recipe.sources), teachers)
    weights = recipe.training.distillation
    wanted = genres if weights.genre_weight or weights.clip_genre_weight else ()
    return load_sources(recipe.sources, wanted, recipe.soft_labels)


def _say_nothing(line: str) -> None:
    pass
