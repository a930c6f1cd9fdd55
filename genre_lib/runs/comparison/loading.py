"""Run folders as they lie on disk, read without TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genre_lib.bundle.resources import resolve
from genre_lib.errors import RunError
from genre_lib.evaluation.scores import Evaluation
from genre_lib.runs.run_folder import Run
from genre_lib.utils.json_files import read_json
from genre_lib.utils.yaml_text import load_yaml


@dataclass(frozen=True, eq=False)
class FinishedRun:
    """What is left of a run.

    Attributes
    ----------
    run : Run
    state : str
        Of the run: done, running, failed or killed.
    parameters : mapping
        Those that were given, whatever notebook they belong to; the others have their defaults.
    metrics : mapping
        metrics.json.
    history : sequence of mapping
        One an epoch.
    evaluation : Evaluation or None
        None where notebook 03 did not run.
    recipe_seed : int
        Seed of the recipe that it was trained by.
    """

    run: Run
    state: str
    parameters: Mapping[str, Any]
    metrics: Mapping[str, Any]
    history: Sequence[Mapping[str, float]]
    evaluation: Evaluation | None
    recipe_seed: int = 0

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.run.name

    @property
    def fold(self) -> int:
        """The fold held out; -1 where the split is the data set's own."""
        return int(self.parameters.get("fold", -1))

    @property
    def seed(self) -> int:
        """Seed of the training: the one that was given, else the recipe's."""
        seed = int(self.parameters.get("seed", -1))
        return seed if seed >= 0 else self.recipe_seed

    @property
    def valid_accuracy(self) -> float | None:
        """Accuracy on `valid` of the network that the run kept."""
        return self.metrics.get("02_train", {}).get("valid_accuracy")

    @property
    def score(self) -> float | None:
        """Accuracy on the part that was evaluated or, where none was, on `valid`."""
        return self.valid_accuracy if self.evaluation is None else self.evaluation.accuracy.value


def load_runs(folder: str | Path) -> list[FinishedRun]:
    """The runs in a folder, such as a sweep's, or the one run that the folder is; those without numbers are left out.

    Raises
    ------
    RunError
        There is no run with results.
    """
    place = resolve(folder)
    folders = [place] if (place / "run.json").exists() else sorted(path.parent for path in place.glob("*/run.json"))
    found = [_load(path) for path in folders]
    runs = [run for run in found if run.score is not None]
    if not runs:
        raise RunError(f"{place} holds no run with results: name a sweep's folder, or run `genre run` first.")
    return runs


def _load(folder: Path) -> FinishedRun:
    run = Run(folder)
    record = read_json(folder / "run.json")
    evaluation = run.evaluation / "evaluation.json"
    # A run has its whole pipeline in one mapping; the same name means the same thing everywhere.
    parameters = {name: value for values in record["parameters"].values() for name, value in values.items()}
    return FinishedRun(
        run,
        record.get("state", "unknown"),
        parameters,
        run.metrics,
        read_json(run.training / "history.json", missing=[]) or [],
        Evaluation.load(evaluation) if evaluation.exists() else None,
        _seed_of(run.training / "recipe.yaml"),
    )


def _seed_of(recipe: Path) -> int:
    values = load_yaml(recipe, "recipe") if recipe.exists() else None
    training = values.get("training") if isinstance(values, Mapping) else None
    return int(training.get("seed", 0)) if isinstance(training, Mapping) else 0
