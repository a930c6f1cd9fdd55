"""One way to name a data set, whatever its kind."""

from __future__ import annotations

from pathlib import Path

from genre_lib.bundle import resources
from genre_lib.datasets.feature_file import open_feature_file
from genre_lib.datasets.genre_folders import open_folder
from genre_lib.datasets.manifest import open_manifest
from genre_lib.datasets.table import DataSet
from genre_lib.errors import DataSetError
from genre_lib.executors import Executor, Progress

NAMES = ("demo", "gtzan")
"""Data sets that are called by name; a folder of that name is written with its path (./demo)."""


def open_data_set(
    spec: str | Path,
    *,
    include_excluded: bool = False,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> DataSet:
    """Open a data set by its name or place.

    Parameters
    ----------
    spec : str or Path
        ``demo`` (synthetic songs, made when first asked for), ``gtzan`` (what ``genre data fetch gtzan`` fetched),
        ``gtzan:FOLDER``, a folder with a folder per genre, a CSV manifest, or an ``.npz`` of ready spectrograms (or
        the folder that holds it).
    include_excluded : bool
        Keep tracks known to be faulty or repeated.
    seed : int
        Of the demo songs.
    executor, progress
        Used where the demo songs have to be made.

    Raises
    ------
    DataSetError
        Nothing of that kind is there.
    """
    text = str(spec)
    if text == "demo":
        from genre_lib.datasets.demo import make_demo

        return make_demo(seed=seed, executor=executor, progress=progress).data_set
    if text == "gtzan":
        folder = resources.raw_folder() / "gtzan"
        if not folder.is_dir():
            raise DataSetError(
                "GTZAN is not here yet: run `genre data fetch gtzan`, or name a folder that holds it (gtzan:FOLDER)."
            )
        return open_folder(folder, name="gtzan", include_excluded=include_excluded)
    if text.startswith("gtzan:"):
        folder = _absolute(text.removeprefix("gtzan:"))
        return open_folder(folder, name="gtzan", include_excluded=include_excluded)
    path = _absolute(text)
    if path.suffix.lower() == ".npz":
        return open_feature_file(_existing(path), include_excluded=include_excluded)
    if path.suffix.lower() == ".csv":
        return open_manifest(_existing(path))
    if path.is_dir() and len(found := sorted(path.glob("*.npz"))) == 1:
        return open_feature_file(found[0], include_excluded=include_excluded)
    if path.is_dir():
        return open_folder(path, include_excluded=include_excluded)
    raise DataSetError(
        f"There is no data set {text!r}: use demo, gtzan, gtzan:FOLDER, a folder with a folder per genre, a .csv "
        "manifest or an .npz of spectrograms."
    )


def _absolute(text: str) -> Path:
    # Workers of a cluster may run in another folder.
    return Path(text).expanduser().absolute()


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise DataSetError(f"The file {path} does not exist: check the path.")
    return path
