"""The whole way from a data set to a bundle without notebooks, for who works in Python."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genre_lib.datasets.splits import SplitKind
from genre_lib.inference.model import GenreModel, load_model
from genre_lib.runs.run_folder import Run
from genre_lib.training.recipe import Recipe

if TYPE_CHECKING:
    from genre_lib.bundle.files import Bundle


def train(
    dataset: str | Path,
    recipe: Recipe | str | Path | None = None,
    *,
    run: str | Path = "runs/trained",
    split: SplitKind = "given",
    seed: int = 0,
    refit: bool = False,
    report: Callable[[str], None] = print,
    **publishing: Any,
) -> GenreModel:
    """Train a network on labelled music, measure it, write its bundle, and open that.

    Parameters
    ----------
    dataset : str or Path
        See `genre_lib.datasets.open_data_set`: a folder with a folder per genre, a CSV, `demo`, ...
    recipe : Recipe, str or Path, optional
        A recipe or its YAML file, such as data/recipes/quick.yaml; by default the default recipe.
    run : str or Path
        The run's folder, which keeps everything; a training that was killed goes on there.
    split : {"given", "grouped", "random"}
        See `genre_lib.datasets.splits.split_data_set`.
    seed : int
        Of the split.
    refit : bool
        Ship a second network that was trained on train and valid together.
    report : callable
        Gets a line for each epoch.
    **publishing
        Options of `publish`.

    Returns
    -------
    GenreModel
        Of the bundle in the run's folder `bundle`; its card says what was measured.

    Raises
    ------
    DataSetError, ParameterError, BundleError, MissingDependencyError

    Examples
    --------
    Two genres that anything can tell apart, six artists each with one song, for one epoch:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np, soundfile
    >>> import genre_lib
    >>> from genre_lib.training.recipe import Recipe
    >>> here, time = Path(tempfile.mkdtemp()), np.arange(6 * 22050) / 22050
    >>> for number in range(12):
    ...     genre, pitch = ("low", 110) if number % 2 else ("high", 880)
    ...     artist = here / "music" / genre / f"artist {number}"
    ...     artist.mkdir(parents=True)
    ...     noise = np.random.default_rng(number).standard_normal(len(time))
    ...     soundfile.write(artist / "song.wav", 0.3 * np.sin(2 * np.pi * pitch * time) + 0.03 * noise, 22050)
    >>> recipe = Recipe().overridden(epochs=1)
    >>> model = genre_lib.train(here / "music", recipe, run=here / "run", split="grouped", report=lambda line: None)
    >>> model.card.genres
    ('high', 'low')
    >>> list(model.predict(here / "music").columns[5:7])
    ['high', 'low']
    """
    from genre_lib.runs import pipeline

    opened = Run.open(run)
    chosen = recipe if isinstance(recipe, Recipe) else Recipe.load(recipe)
    pipeline.prepare_data(opened, str(dataset), split=split, seed=seed)
    pipeline.train(opened, chosen, refit=refit, report=report)
    pipeline.assess(opened, robustness=False)
    return load_model(publish(opened, **publishing).folder)


def publish(
    run: Run | str | Path,
    *,
    name: str = "",
    version: str = "1.0.0",
    description: str = "",
    licence: str = "MIT",
    **options: Any,
) -> Bundle:
    """Write the bundle of a run that was trained and assessed.

    Parameters
    ----------
    run : Run, str or Path
        A run, or its folder.
    name, description : str
        By default after the data set.
    version, licence : str
        Of the weights.
    **options
        Of `genre_lib.runs.pipeline.publish`.

    Raises
    ------
    RunError
        The run has no trained network.
    BundleError
        An exported runtime disagrees with Keras; no bundle is left.

    Examples
    --------
    >>> import genre_lib, tempfile
    >>> genre_lib.publish(tempfile.mkdtemp())  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    genre_lib.errors.RunError: ... is missing: run ...
    """
    from genre_lib.runs import pipeline

    opened = run if isinstance(run, Run) else Run.open(run)
    return pipeline.publish(opened, name=name, version=version, description=description, licence=licence, **options)
