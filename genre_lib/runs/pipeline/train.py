"""From prepared spectrograms to a trained network in the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from genre_lib.errors import RunError
from genre_lib.runs.pipeline.prepare import prepared
from genre_lib.runs.pipeline.recipe_training import MODEL, ExecutorOptions, fit_all, fit_recipe, save_model, teachers_of
from genre_lib.runs.run_folder import Run
from genre_lib.training.fit import TrainingResult
from genre_lib.training.recipe import Recipe
from genre_lib.utils.json_files import write_json

if TYPE_CHECKING:
    import keras

RECIPE = "recipe.yaml"
FINAL = "final.keras"


def train(
    run: Run,
    recipe: Recipe,
    *,
    refit: bool = False,
    executor_options: ExecutorOptions | None = None,
    report: Callable[[str], None] = print,
) -> TrainingResult:
    """Train on the `train` part, judged on `valid`; a killed run goes on after its last finished epoch.

    Parameters
    ----------
    run : Run
        With prepared data.
    recipe : Recipe
        Its teachers, if it has any, are trained first.
    refit : bool
        Afterwards train a second network by the same recipe on train and valid together: the one to ship, while the
        first is the one that can be measured on `valid`.
    executor_options : ExecutorOptions
        Where the teachers are trained.
    report : callable
        Gets a line for each epoch.

    Returns
    -------
    TrainingResult
        Of the network that was judged.
    """
    from genre_lib.utils.atomic import write_text

    executor_options = executor_options or ExecutorOptions()
    write_text(run.training / RECIPE, recipe.to_yaml())
    result = _taught(run, recipe, ("train",), "valid", executor_options, report)
    save_model(result.model, run.training / MODEL)
    write_json(run.training / "history.json", result.history)
    if refit:
        report("once more, on train and valid together")
        save_model(_taught(run, recipe, ("train", "valid"), None, executor_options, report).model, run.training / FINAL)
    return result


def _taught(
    run: Run,
    recipe: Recipe,
    parts: tuple[str, ...],
    judged_on: str | None,
    executor_options: ExecutorOptions,
    report: Callable[[str], None],
) -> TrainingResult:
    """Train a recipe's teachers on parts of the data, then its network."""
    from genre_lib.networks.keras_files import load_keras

    features = prepared(run)
    part = features.subset(*parts)
    folder = run.training / ("train" if judged_on else "refit")
    teachers = teachers_of(run, recipe, [track.name for track in part.tracks], folder / "teachers")
    fit_all(teachers, executor_options, report)
    return fit_recipe(
        recipe,
        part,
        None if judged_on is None else features.subset(judged_on),
        folder=folder,
        teachers=[load_keras(teacher.model_path) for teacher in teachers],
        report=report,
    )


def trained(run: Run, *, final: bool = False) -> keras.Model:
    """The network of a run: the one judged on `valid`, or (`final`) the one to ship."""
    from genre_lib.networks.keras_files import load_keras

    path = run.training / (FINAL if final and (run.training / FINAL).exists() else MODEL)
    if not path.exists():
        raise RunError(f"{path} is missing: run notebook 02_train first.")
    return load_keras(path)


def recipe_of(run: Run) -> Recipe:
    """The recipe that the run was trained by."""
    path = run.training / RECIPE
    if not path.exists():
        raise RunError(f"{path} is missing: run notebook 02_train first.")
    return Recipe.load(path)


def summary_of_training(run: Run, result: TrainingResult) -> dict[str, Any]:
    """The training's numbers for metrics.json; what depends on the machine's speed stays in the history."""
    last = {name: value for name, value in result.history[-1].items() if name != "seconds"}
    return {
        **last,
        "epochs": len(result.history),
        "stopped_early": result.stopped_early,
        "parameters": int(result.model.count_params()),
        "network": recipe_of(run).network,
    }
