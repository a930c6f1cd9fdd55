"""From prepared spectrograms to a trained network in the run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genre_lib.datasets import Features
from genre_lib.errors import RunError
from genre_lib.imitation import Imitation, load_tagger_outputs
from genre_lib.joined import Joined
from genre_lib.networks import build
from genre_lib.non_music import beliefs, non_music
from genre_lib.pipeline.prepare import prepared
from genre_lib.recipe import Recipe
from genre_lib.runs import Run, resolve, write_json
from genre_lib.training import TrainingResult, fit

if TYPE_CHECKING:
    import keras

RECIPE = "recipe.yaml"
MODEL = "model.keras"
FINAL = "final.keras"


def train(run: Run, recipe: Recipe, *, refit: bool = False, report: Callable[[str], None] = print) -> TrainingResult:
    """Train on the `train` part, judged on `valid`; a killed run goes on after its last finished epoch.

    Parameters
    ----------
    run : Run
        With prepared data.
    recipe : Recipe
    refit : bool
        Afterwards train a second network by the same recipe on train and valid together: the one to ship, while the
        first is the one that can be measured on `valid`.
    report : callable
        Gets a line for each epoch.

    Returns
    -------
    TrainingResult
        Of the network that was judged.
    """
    from genre_lib.bundle import write_text

    features = prepared(run)
    write_text(run.training / RECIPE, recipe.to_yaml())
    result = fit_recipe(
        recipe,
        features.subset("train"),
        features.subset("valid"),
        folder=run.training / "train",
        report=report,
    )
    _save(result.model, run.training / MODEL)
    write_json(run.training / "history.json", result.history)
    if refit:
        report("once more, on train and valid together")
        everything = fit_recipe(recipe, features.subset("train", "valid"), folder=run.training / "refit", report=report)
        _save(everything.model, run.training / FINAL)
    return result


def fit_recipe(
    recipe: Recipe,
    train_part: Features,
    valid_part: Features | None = None,
    *,
    folder: Path | None = None,
    report: Callable[[str], None] = print,
) -> TrainingResult:
    """Build a recipe's network and train it on a part of a data set."""
    data_set = train_part.data_set
    assert data_set.front_end is not None
    from genre_lib.tensorflow_setup import keras

    # Also the first weights must depend on the seed alone.
    keras.utils.set_random_seed(recipe.training.seed)
    model = build(
        recipe.network,
        n_genres=len(data_set.genres),
        n_mels=data_set.front_end.n_mels,
        **recipe.network_options,
    )
    sounds = non_music(recipe.non_music, data_set.front_end)
    return fit(
        model,
        Joined(train_part.log_mels, sounds),
        beliefs(data_set.labels(), len(sounds), len(data_set.genres)) if sounds else data_set.labels(),
        config=recipe.training,
        valid_log_mels=() if valid_part is None else valid_part.log_mels,
        valid_labels=None if valid_part is None else valid_part.data_set.labels(),
        imitation=_imitation(recipe),
        run_folder=folder,
        report=report,
    )


def trained(run: Run, *, final: bool = False) -> keras.Model:
    """The network of a run: the one judged on `valid`, or (`final`) the one to ship."""
    from genre_lib.export import load_keras

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


def _imitation(recipe: Recipe) -> Imitation | None:
    return None if recipe.imitation is None else load_tagger_outputs(resolve(recipe.imitation))


def _save(model: keras.Model, path: Path) -> None:
    # Keras chooses the format by the ending, so the draft keeps it.
    draft = path.with_name(f"draft-{path.name}")
    model.save(draft)
    draft.replace(path)
