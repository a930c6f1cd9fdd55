"""`genre filters`: a bundle's network and a data set by their names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from genre_lib.bundle.files import open_bundle
from genre_lib.datasets import DataSet, load_features, open_data_set
from genre_lib.datasets.table import EXCLUDED
from genre_lib.errors import DataSetError
from genre_lib.executors import Executor
from genre_lib.filters.intermediate_outputs import IntermediateOutputs
from genre_lib.filters.record import Filters
from genre_lib.filters.search import ProgressOf, find_filters


def filters_of_bundle(
    model: str | Path | None,
    data: str | Path,
    out: str | Path,
    *,
    count0: int = 4,
    layers: Iterable[str] | None = None,
    neurons: Iterable[int] | None = None,
    sound: bool = True,
    executor: Executor | None = None,
    progress: ProgressOf | None = None,
) -> Filters:
    """Find the filters of a bundle's network in a data set.

    Nothing is evaluated here: tracks that an evaluation leaves out are heard as well, and a note says so.

    Parameters
    ----------
    model : path, optional
        A bundle's folder; by default the pretrained one.
    data : str or path
        See `genre_lib.datasets.open_data_set`.
    out, count0, layers, neurons, sound, executor, progress
        See `genre_lib.filters.find_filters`.

    Raises
    ------
    BundleError, DataSetError, ParameterError, RunError
    """
    bundle = open_bundle(model)
    data_set = _whole(open_data_set(data, include_excluded=True, executor=executor))
    if len(data_set) == 0:
        raise DataSetError(f"{data_set.name} has no tracks: name a data set that holds some.")
    show = progress("spectrograms") if progress else None
    features = load_features(data_set, bundle.card.front_end, executor=executor, progress=show)
    return find_filters(
        IntermediateOutputs.of_bundle(bundle),
        features,
        out,
        count0=count0,
        layers=layers,
        neurons=neurons,
        sound=sound,
        name=f"{bundle.card.name} {bundle.card.version}",
        executor=executor,
        progress=progress,
    )


def _whole(data_set: DataSet) -> DataSet:
    faulty = sum(track.split == EXCLUDED for track in data_set.tracks)
    if not faulty:
        return data_set
    note = (
        f"{faulty} of the {len(data_set)} tracks of {data_set.name} are known to be faulty or repeated: they are heard "
        "here, and an evaluation leaves them out."
    )
    return replace(data_set, notes=(*data_set.notes, note))
