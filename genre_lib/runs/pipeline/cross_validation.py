"""Cross-validation of a run's recipe beside a baseline: artists never cross from one fold to another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genre_lib.datasets import Features
from genre_lib.datasets.splits import grouped_folds
from genre_lib.evaluation.held_out import HeldOut
from genre_lib.evaluation.model_comparison import CrossValidation, FoldAnswers, compare, cross_validation
from genre_lib.runs.pipeline.answers import StepAnswers, answered, predictor
from genre_lib.runs.pipeline.prepare import about, prepared
from genre_lib.runs.pipeline.recipe_training import MODEL, ExecutorOptions, Fit, fit_all, without_early_stop
from genre_lib.runs.pipeline.train import recipe_of
from genre_lib.runs.run_folder import Run
from genre_lib.training.recipe import Recipe
from genre_lib.utils.json_files import read_json, write_json
from genre_lib.utils.serialization import plain, structured

CROSS_VALIDATION = "cross_validation.json"
DISTILLED = "distilled.json"
BASELINE = "baseline.json"
ELSEWHERE = "elsewhere"

Report = Callable[[str], None]


@dataclass(frozen=True)
class Validation:
    """Cross-validated accuracies on the same folds; None where something was not asked for.

    Attributes
    ----------
    model : of the run's recipe, without teachers
    distilled : of the run's recipe as it is, where it has teachers
    baseline : of another recipe
    """

    model: CrossValidation | None = None
    baseline: CrossValidation | None = None
    distilled: CrossValidation | None = None

    @classmethod
    def load(cls, folder: Path) -> Validation:
        """Read what `cross_validate_run` saved in a run's evaluation folder."""

        def optional(name: str) -> CrossValidation | None:
            values = read_json(folder / name, missing={})
            return structured(values, CrossValidation) if values else None

        return cls(optional(CROSS_VALIDATION), optional(BASELINE), optional(DISTILLED))

    def named(self) -> list[tuple[str, CrossValidation]]:
        """The results that are there, by the name that card and metrics give them."""
        found = (("cross_validation", self.model), ("distilled", self.distilled), ("baseline", self.baseline))
        return [(name, result) for name, result in found if result is not None]

    def sentences(self) -> list[str]:
        """The results in words; empty where nothing was cross-validated."""
        found = [f"{result.model}: {result.accuracy}" for _, result in self.named()]
        for a, b in ((self.distilled, self.model), (self.model, self.baseline)):
            if a is not None and b is not None:
                found.append(compare(a, b).sentence())
        return found


def cross_validate_run(
    run: Run,
    *,
    folds: int = 5,
    seeds: int = 1,
    baseline: str = "",
    executor_options: ExecutorOptions | None = None,
    report: Report = print,
) -> Validation:
    """Cross-validate the run's recipe and, if named, a baseline; 0 folds do nothing.

    Parameters
    ----------
    run : Run
        With prepared data; its train and valid parts are used, never `test`.
    folds : int >= 2, or 0
    seeds : int > 0
        Of weights, order and augmentation; the folds stay the same. A recipe with teachers needs at least as many:
        the networks of a fold teach the one that is distilled from them.
    baseline : str
        Another network, trained with its defaults, or a recipe file.
    executor_options : ExecutorOptions
        Where trainings that do not wait for each other are done.
    """
    if folds == 0:
        return Validation()
    recipe = recipe_of(run)
    seeds = max(seeds, recipe.teachers)
    folded = Folds.of(run, folds, executor_options or ExecutorOptions(), report)
    single = recipe.as_teacher(0) if recipe.teachers else recipe
    singles = folded.fits(single, CROSS_VALIDATION, range(seeds))
    model = folded.result(recipe.network, singles, CROSS_VALIDATION)
    distilled = other = None
    if recipe.teachers:
        taught = folded.fits(recipe, DISTILLED, (0,), teachers=singles)
        distilled = folded.result(f"{recipe.network} taught by {recipe.teachers}", taught, DISTILLED)
    if baseline:
        # The baseline is a method too: its own network and its own training.
        rival = Recipe.load(baseline) if Path(baseline).suffix in (".yaml", ".yml") else Recipe.of_network(baseline)
        other = folded.result(rival.network, folded.fits(rival, BASELINE, range(seeds)), BASELINE)
    return Validation(model, other, distilled)


@dataclass(frozen=True)
class FoldFit:
    """The training that holds one fold out."""

    seed: int
    fold: int
    fit: Fit

    @property
    def answers_path(self) -> Path:
        """What it says about the fold."""
        return Path(self.fit.folder).with_suffix(".npz")

    @property
    def elsewhere_path(self) -> Path:
        """What it says about the clips of labelled sources that were held out with the fold."""
        return self.answers_path.parent / ELSEWHERE / self.answers_path.name


@dataclass(frozen=True, eq=False)
class Folds:
    """The artist-grouped folds of a run's train and valid parts."""

    run: Run
    pool: Features
    fold_of: NDArray[np.intp]
    executor_options: ExecutorOptions
    report: Report

    @classmethod
    def of(cls, run: Run, n_folds: int, executor_options: ExecutorOptions, report: Report) -> Folds:
        """Make the folds; the same ones every time."""
        features = prepared(run)
        pool = features.subset(*({"train", "valid"} & set(features.data_set.splits())))
        fold_of = grouped_folds(pool.data_set.labels(), pool.data_set.groups(), n_folds)
        return cls(run, pool, np.asarray(fold_of), executor_options, report)

    @property
    def n_folds(self) -> int:
        """How many there are."""
        return int(self.fold_of.max()) + 1

    def fits(self, recipe: Recipe, name: str, seeds: Sequence[int], teachers: Sequence[FoldFit] = ()) -> list[FoldFit]:
        """One training for every seed and fold; teachers are those that held the same fold out."""
        place = self.run.evaluation / Path(name).stem
        others = self._elsewhere(recipe)
        found = []
        for seed in seeds:
            for fold in range(self.n_folds):
                taught_by = [each.fit for each in teachers if each.fold == fold][: recipe.teachers]
                names = tuple(self.pool.tracks[i].name for i in np.flatnonzero(self.fold_of != fold))
                todo = Fit(
                    f"{Path(name).stem}, seed {seed}, fold {fold + 1} of {self.n_folds}",
                    str(self.run.folder),
                    without_early_stop(recipe, seed),
                    names,
                    str(place / f"seed{seed}-fold{fold}"),
                    tuple(str(fit.model_path) for fit in taught_by),
                    tuple(track.name for part in others for track in part[fold].tracks),
                )
                found.append(FoldFit(seed, fold, todo))
        return found

    def _elsewhere(self, recipe: Recipe) -> list[list[Features]]:
        """For each labelled source of a recipe its clips fold by fold; they are held out with the fold."""
        front_end = self.pool.data_set.front_end
        assert front_end is not None
        found = []
        for source in recipe.labelled:
            clips = source.features(front_end)
            fold_of = grouped_folds(clips.data_set.labels(), clips.data_set.groups(), self.n_folds)
            found.append([clips.select(np.flatnonzero(fold_of == fold)) for fold in range(self.n_folds)])
        return found

    def result(self, title: str, fits: Sequence[FoldFit], name: str) -> CrossValidation:
        """Train what is missing, answer every fold by the network that never heard it, and put the answers together."""
        from genre_lib.networks.keras_files import load_keras

        fit_all([each.fit for each in fits if not each.answers_path.exists()], self.executor_options, self.report)
        runs = []
        for each in fits:
            if not each.answers_path.exists():
                held_out = self.pool.select(np.flatnonzero(self.fold_of == each.fold))
                predict = predictor(load_keras(each.fit.model_path))
                others = [answered(part[each.fold], predict) for part in self._elsewhere(each.fit.recipe)]
                if others:
                    each.elsewhere_path.parent.mkdir(exist_ok=True)
                    StepAnswers.together(others).save(each.elsewhere_path)
                # Last, since it says that the fold is done.
                answered(held_out, predict).save(each.answers_path)
            runs.append(FoldAnswers(each.fold, each.seed, StepAnswers.load(each.answers_path).answers()))
        result = cross_validation(title, runs)
        write_json(self.run.evaluation / name, plain(result))
        return result


def out_of_fold(run: Run) -> HeldOut | None:
    """Held-out answers, each clip once, of what a run ships: distilled, or the first seed's; None without folds."""
    for name in (DISTILLED, CROSS_VALIDATION):
        paths = sorted((run.evaluation / Path(name).stem).glob("seed*-fold*.npz"))
        if (run.evaluation / name).exists() and paths:
            first_seed = paths[0].name.split("-")[0]
            parts = [StepAnswers.load(path) for path in paths if path.name.startswith(f"{first_seed}-")]
            record = about(run)
            return StepAnswers.together(parts).held_out(
                record["name"], record["genres"], np.repeat(np.arange(len(parts)), [len(part.names) for part in parts])
            )
    return None


def networks_elsewhere(run: Run) -> dict[str, Path]:
    """For each clip of a recipe's labelled sources the file of the network that held it out; empty without folds."""
    for name in (DISTILLED, CROSS_VALIDATION):
        folder = run.evaluation / Path(name).stem
        paths = sorted((folder / ELSEWHERE).glob("seed*-fold*.npz"))
        if paths:
            first_seed = paths[0].name.split("-")[0]
            return {
                clip: folder / path.stem / MODEL
                for path in paths
                if path.name.startswith(f"{first_seed}-")
                for clip in StepAnswers.load(path).names
            }
    return {}
