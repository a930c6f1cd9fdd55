"""From the name of a data set to spectrograms with splits, recorded in the run."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import Any

from genre_lib.audio.files import utf8
from genre_lib.bundle.resources import resolve
from genre_lib.datasets import Features, load_features, open_data_set
from genre_lib.datasets.splits import SplitKind, check_split_kind, fold_split, split_data_set
from genre_lib.datasets.sufficiency import refuse_one_genre, sufficiency
from genre_lib.errors import DataSetError
from genre_lib.executors import Progress, get_executor
from genre_lib.runs.run_folder import Run
from genre_lib.utils.atomic import write_text
from genre_lib.utils.json_files import read_json, write_json

_COLUMNS = ("name", "genre", "group", "split", "path")


def prepare_data(
    run: Run,
    dataset: str,
    *,
    split: SplitKind = "given",
    seed: int = 0,
    fold: int = -1,
    n_folds: int = 5,
    executor: str = "serial",
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Features:
    """Open a data set, compute or find its spectrograms, split it by artist, and record all that in the run.

    Parameters
    ----------
    run : Run
    dataset : str
        See `genre_lib.datasets.open_data_set`.
    split : {"given", "grouped", "random"}
        See `genre_lib.datasets.splits.split_data_set`.
    fold, n_folds : int
        Afterwards hold this fold out; see `genre_lib.datasets.splits.fold_split`. -1 leaves the split as it is.
    executor, workers, scheduler
        See `genre_lib.executors.get_executor`.

    Raises
    ------
    DataSetError, CacheError
    """
    # Before minutes go into spectrograms.
    check_split_kind(split)
    with get_executor(executor, workers=workers or None, scheduler=scheduler or None) as pool:
        features = _features(dataset, executor=pool, progress=progress)
    refuse_one_genre(features.data_set)
    features = features.with_splits(split_data_set(features.data_set, split, seed=seed))
    if fold >= 0:
        features = features.with_splits(fold_split(features.data_set, fold, n_folds))
    found = sufficiency(features.data_set)
    if found.impossible:
        raise DataSetError(" ".join(found.impossible))
    features = features.with_splits(features.data_set.with_notes(found.notes))
    data_set = features.data_set
    assert data_set.front_end is not None
    rows = [[t.name, t.genre, t.group, t.split, t.path] for t in data_set.tracks]
    write_text(run.data / "tracks.csv", _csv(rows))
    write_json(
        run.data / "data.json",
        {
            "dataset": dataset,
            "name": data_set.name,
            "split": split,
            "seed": seed,
            "fold": fold,
            "n_folds": n_folds,
            "genres": list(data_set.genres),
            "front_end": data_set.front_end.to_dict(),
            "tracks_by_split": dict(Counter(track.split or "none" for track in data_set.tracks)),
            "skipped": {track.name: reason for track, reason in features.skipped},
            "warnings": {track.name: reason for track, reason in features.warnings},
            "notes": list(data_set.notes),
            "digest": data_set.digest(),
        },
    )
    return features


def prepared(run: Run) -> Features:
    """What `prepare_data` recorded in the run; spectrograms come from the cache.

    Raises
    ------
    RunError
        Nothing was prepared.
    DataSetError
        The data set has changed since.
    """
    record = about(run)
    features = _features(record["dataset"])
    with (run.data / "tracks.csv").open(encoding="utf-8", newline="") as file:
        splits = {row["name"]: row["split"] or None for row in csv.DictReader(file)}
    names = [track.name for track in features.tracks]
    if set(names) != set(splits):
        raise DataSetError(
            f"The data set {record['dataset']} has changed since it was prepared: run notebook 01 again."
        )
    return features.with_splits(features.data_set.with_splits([splits[name] for name in names]))


def about(run: Run) -> dict[str, Any]:
    """What `prepare_data` recorded: data set, genres, front end, counts, notes."""
    record: dict[str, Any] = read_json(run.data / "data.json")
    return record


def summary_of_data(run: Run) -> dict[str, Any]:
    """The data's numbers for metrics.json."""
    record = about(run)
    names = ("name", "tracks_by_split", "genres", "notes", "digest")
    return {name: record[name] for name in names} | {"skipped": len(record["skipped"])}


def _features(dataset: str, **options: Any) -> Features:
    place = resolve(dataset)
    spec = str(place) if place.exists() else dataset
    return load_features(open_data_set(spec), **options)


def _csv(rows: list[list[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows([["" if value is None else value for value in row] for row in rows])
    return utf8(text.getvalue())
