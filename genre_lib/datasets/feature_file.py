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
        if isinstance(index, (slice, np.ndarray)):
            return QuantisedLogMels(self._mel[index], self._range_db[index])
        scale = self._range_db[index]
        log_mel = self._mel[index].T.astype(np.float32)
        log_mel *= scale / np.float32(255)
        log_mel -= scale
        return log_mel


@dataclass(frozen=True)
class TaggedFeatures:
    """Music with what openly licensed taggers said of it, and with what its source calls it where that is known.

    Attributes
    ----------
    log_mels : sequence of np.ndarray [shape=(n_frames, n_mels)]
        In dB, hop of the default front end; length n.
    outputs : mapping of str to np.ndarray [shape=(n, n_windows, size), dtype=float32]
        By name ``TAGGER_KIND``: ``msd_tags`` and ``mn04_logits`` (logits), ``yamnet_log_scores`` (logarithms of
        probabilities), ``msd_penultimate`` and ``mn04_features`` (activations).
    classes : mapping of str to tuple of str
        Names of what each tagger names, by tagger, where a file says so.
    window_s : float [s]
        Each window's length; windows follow each other without gap from the start.
    source, genre_tag, tag_basis : tuple of str
        Where each piece comes from, what that source calls its genre (empty: unknown), and how it knows.
    """

    log_mels: QuantisedLogMels
    outputs: Mapping[str, NDArray[np.float32]]
    classes: Mapping[str, tuple[str, ...]]
    window_s: float
    source: tuple[str, ...]
    genre_tag: tuple[str, ...]
    tag_basis: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.log_mels)


def open_feature_file(path: Path, *, include_excluded: bool = False) -> DataSet:
    """Read an ``.npz`` with ``mel`` (uint8), ``range_db``, ``name``, and where known ``genre``, ``artist``, ``split``.

    Tracks named as in GTZAN get its artists and split. Where ``clear`` says which labels are beyond doubt, the split is
    ``clear`` or ``disputed``. Nothing in the file is unpickled.

    Raises
    ------
    DataSetError
        The file cannot be read or lacks an array.
    """
    arrays = _read_npz(path, ("mel", "range_db", "name"))
    log_mels = _log_mels(path, arrays)
    names = [str(name) for name in arrays["name"]]
    texts = {name: arrays.get(name, np.full(len(names), "")) for name in ("genre", "artist", "split")}
    if "clear" in arrays and "split" not in arrays:
        texts["split"] = np.where(arrays["clear"], "clear", "disputed")
    if any(len(values) != len(names) for values in (log_mels, *texts.values())):
        raise DataSetError(f"The arrays of {path} have different lengths: export the file again.")
    genres, artists, splits = ([str(text) or None for text in texts[name]] for name in ("genre", "artist", "split"))
    tracks = tuple(Track(name, None, *row) for name, *row in zip(names, genres, artists, splits, strict=True))
    if all(gtzan_name(name) == name for name in names):
        tracks = with_gtzan_facts(tracks)
    data_set = DataSet(path.stem, tracks, genres_of(tracks), (), log_mels, FrontEnd(n_mels=log_mels[0].shape[1]))
    return data_set if include_excluded else leave_out_excluded(data_set)


def load_tagged_features(path: str | Path, taggers: str | Path | None = None) -> TaggedFeatures:
    """Read music with the outputs of taggers: an ``.npz`` with ``mel``, ``source`` and any number of outputs.

    An output may be stored in 8 bits, with ``NAME_scale`` and ``NAME_offset`` beside it, where NAME is the output's or
    its tagger's name. Names of classes come from ``tags.json`` and ``classes.json`` in the folders of the files.

    Parameters
    ----------
    path : str or Path
        The file, or a folder that holds only one.
    taggers : str or Path, optional
        Further outputs for the same pieces in the same order; pieces that it marks as ``copy_of_earlier`` are left
        out.

    Raises
    ------
    DataSetError
        A file cannot be read, lacks an array, or the two do not fit each other.
    """
    path = single_npz(Path(path)) if Path(path).is_dir() else Path(path)
    arrays = _read_npz(path, ("mel", "source"))
    # These pieces share one range; the file leaves it out.
    arrays.setdefault("range_db", np.float32(80.0))
    log_mels = _log_mels(path, arrays)
    outputs = _tagger_outputs(arrays)
    kept = np.ones(len(log_mels), bool)
    if taggers is not None:
        further = _read_npz(Path(taggers), ())
        kept = ~np.asarray(further.pop("copy_of_earlier", ~kept), bool)
        outputs |= _tagger_outputs(further)
    if any(len(values) != len(log_mels) for values in (kept, *outputs.values())):
        raise DataSetError(f"{taggers or path} describes another number of pieces than {path} holds: pair them again.")
    if not outputs:
        raise DataSetError(f"{path} has no output of a tagger: name the file that holds them too.")
    texts = [arrays.get(name, np.full(len(log_mels), "")) for name in ("source", "genre_tag", "tag_basis")]
    return TaggedFeatures(
        log_mels[kept],
        {name: values[kept] for name, values in outputs.items()},
        _class_names(path, path if taggers is None else Path(taggers)),
        3.0,
        *(tuple(map(str, text[kept])) for text in texts),
    )


def _tagger_outputs(arrays: Mapping[str, Any]) -> dict[str, NDArray[np.float32]]:
    """Everything of three dimensions but the spectrograms, as floats."""
    outputs = {}
    for name, values in arrays.items():
        if values.ndim != 3 or name == "mel":
            continue
        quantised = [known for known in (name, name.split("_")[0]) if f"{known}_scale" in arrays]
        outputs[name] = values.astype(np.float32)
        if quantised:
            outputs[name] = outputs[name] * arrays[f"{quantised[0]}_scale"] + arrays[f"{quantised[0]}_offset"]
    return outputs


def _class_names(*paths: Path) -> dict[str, tuple[str, ...]]:
    names: dict[str, tuple[str, ...]] = {}
    for file in dict.fromkeys(path.with_name(name) for path in paths for name in ("tags.json", "classes.json")):
        if file.exists():
            try:
                stored = json.loads(file.read_text(encoding="utf-8"))
                names |= {str(tagger): tuple(map(str, classes)) for tagger, classes in stored.items()}
            except (OSError, ValueError, AttributeError) as error:
                raise DataSetError(f"{file} cannot be read ({error}): it names what the taggers name.") from error
    return names


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
