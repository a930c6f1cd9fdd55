"""Data sets of ready log-mel spectrograms, for music whose sound may not be had."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genre_lib.audio.front_end import FrontEnd
from genre_lib.datasets.gtzan import gtzan_name, leave_out_excluded, with_gtzan_facts
from genre_lib.datasets.table import DataSet, Track, genres_of
from genre_lib.errors import DataSetError


class QuantisedLogMels(Sequence[NDArray[np.float32]]):
    """Spectrograms kept in 8 bits, each turned to dB when asked for.

    Parameters
    ----------
    mel : np.ndarray [shape=(n, n_mels, n_frames), dtype=uint8]
    range_db : np.ndarray [shape=(n,)]
        0 stands for -range_db, 255 for 0 dB, the maximum of each.
    """

    def __init__(self, mel: NDArray[np.uint8], range_db: NDArray[np.float32]) -> None:
        self._mel = mel
        self._range_db = range_db

    def __len__(self) -> int:
        return len(self._mel)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        if isinstance(index, slice):
            return QuantisedLogMels(self._mel[index], self._range_db[index])
        scale = self._range_db[index]
        log_mel = self._mel[index].T.astype(np.float32)
        log_mel *= scale / np.float32(255)
        log_mel -= scale
        return log_mel


@dataclass(frozen=True)
class TaggedFeatures:
    """Music without genre labels, with what openly licensed taggers said of it.

    Attributes
    ----------
    log_mels : sequence of np.ndarray [shape=(n_frames, n_mels)]
        In dB, hop of the default front end; length n.
    targets : mapping of str to np.ndarray [shape=(n, n_windows, size), dtype=float16]
        By name: ``msd_tags``, ``mtt_tags`` (logits), ``msd_penultimate``, ``mtt_penultimate`` (activations).
    tags : mapping of str to tuple of str
        Names of the tags of ``msd`` and ``mtt``.
    window_s : float [s]
        Each window's length; windows follow each other without gap from the start.
    source : tuple of str
        Where each piece comes from.
    """

    log_mels: QuantisedLogMels
    targets: Mapping[str, NDArray[np.float16]]
    tags: Mapping[str, tuple[str, ...]]
    window_s: float
    source: tuple[str, ...]


def open_feature_file(path: Path, *, include_excluded: bool = False) -> DataSet:
    """Read an ``.npz`` with ``mel`` (uint8), ``range_db``, ``name``, and where known ``genre`` and ``split``.

    Tracks named as in GTZAN get its artists and split. Nothing in the file is unpickled.

    Raises
    ------
    DataSetError
        The file cannot be read or lacks an array.
    """
    arrays = _read_npz(path, ("mel", "range_db", "name"))
    log_mels = _log_mels(path, arrays)
    names = [str(name) for name in arrays["name"]]
    genres = [str(genre) or None for genre in arrays.get("genre", np.full(len(names), ""))]
    splits = [str(split) or None for split in arrays.get("split", np.full(len(names), ""))]
    if not len(names) == len(log_mels) == len(genres) == len(splits):
        raise DataSetError(f"The arrays of {path} have different lengths: export the file again.")
    tracks = tuple(Track(*row[:1], None, row[1], None, row[2]) for row in zip(names, genres, splits, strict=True))
    if all(gtzan_name(name) == name for name in names):
        tracks = with_gtzan_facts(tracks)
    data_set = DataSet(path.stem, tracks, genres_of(tracks), (), log_mels, FrontEnd(n_mels=log_mels[0].shape[1]))
    return data_set if include_excluded else leave_out_excluded(data_set)


def load_tagged_features(path: str | Path) -> TaggedFeatures:
    """Read unlabelled spectrograms with the outputs of taggers (``music-1203.npz`` with ``tags.json`` beside it).

    Raises
    ------
    DataSetError
        A file cannot be read or lacks an array.
    """
    path = Path(path)
    if path.is_dir():
        path = single_npz(path)
    names = ("msd_tags", "mtt_tags", "msd_penultimate", "mtt_penultimate")
    arrays = _read_npz(path, ("mel", "source", *names))
    # These pieces share one range; the file leaves it out.
    arrays.setdefault("range_db", np.float32(80.0))
    log_mels = _log_mels(path, arrays)
    tags_path = path.with_name("tags.json")
    try:
        tags = {str(k): tuple(map(str, v)) for k, v in json.loads(tags_path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError) as error:
        raise DataSetError(f"{tags_path} cannot be read ({error}): it names the tags of {path.name}.") from error
    return TaggedFeatures(log_mels, {n: arrays[n] for n in names}, tags, 3.0, tuple(map(str, arrays["source"])))


def single_npz(folder: Path) -> Path:
    """The one ``.npz`` of a folder; several or none are a DataSetError."""
    found = sorted(folder.glob("*.npz"))
    if len(found) != 1:
        raise DataSetError(f"{folder} holds {len(found)} .npz files: name the one to read.")
    return found[0]


def _read_npz(path: Path, required: tuple[str, ...]) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = [name for name in required if name not in archive]
            if missing:
                raise DataSetError(f"{path} has no array {missing[0]!r}: see data/README.md for what a file needs.")
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
        raise DataSetError(f"{path} cannot be read as an .npz file of plain arrays ({error}).") from error


def _log_mels(path: Path, arrays: Mapping[str, Any]) -> QuantisedLogMels:
    mel = arrays["mel"]
    if mel.dtype != np.uint8 or mel.ndim != 3 or len(mel) == 0:
        raise DataSetError(f"'mel' of {path} is {mel.dtype} {mel.shape}: it must be uint8 (n, n_mels, n_frames).")
    range_db = np.broadcast_to(np.asarray(arrays["range_db"], np.float32), (len(mel),))
    return QuantisedLogMels(mel, range_db)
