"""The model bundle: one directory that every consumer loads, written atomically and refused when damaged."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.card import Card, FileEntry
from genre_lib.bundle.resources import pretrained_folder
from genre_lib.bundle.zipped import LITTER, unpacked
from genre_lib.errors import BundleError
from genre_lib.utils.atomic import replaced_folder, write_text

CARD = "card.json"
KERAS = "model.keras"
LITERT = "model.tflite"
ONNX = "model.onnx"
TFJS = "tfjs/model.json"
MEL = "mel.bin"
GOLDEN = "golden.json"
RECIPE = "recipe.yaml"
NEURONS = "neurons.json"


@dataclass(frozen=True)
class Bundle:
    """A verified bundle on disk.

    Attributes
    ----------
    folder : Path
    card : Card
    """

    folder: Path
    card: Card

    def filter_bank(self) -> NDArray[np.float32]:
        """The mel filter bank [shape=(n_mels, n_fft // 2 + 1)]."""
        shape = self.card.front_end.n_mels, self.card.front_end.n_fft // 2 + 1
        values = np.fromfile(self.folder / MEL, "<f4")
        if values.size != shape[0] * shape[1]:
            raise BundleError(
                f"{self.folder / MEL} has {values.size} values, not {shape[0]} x {shape[1]}: make it again."
            )
        return values.reshape(shape)


def open_bundle(folder: str | Path | None = None) -> Bundle:
    """Verify and open a bundle.

    Parameters
    ----------
    folder : str or Path, optional
        A bundle's folder, or a zip of it as the page and the dashboard save it; by default the pretrained bundle.

    Raises
    ------
    BundleError
        It is missing, its card does not fit the schema, or a file is missing, unlisted or altered.
    """
    given = pretrained_folder() if folder is None else Path(folder)
    folder = bundle_folder(given)
    card = _read_card(folder, given)
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {CARD}
    for name, entry in card.files.items():
        path = folder / name
        if name not in present:
            raise BundleError(f"The bundle {given} is damaged: {name} is missing; get or make the bundle again.")
        if path.stat().st_size != entry.size or _sha256(path) != entry.sha256:
            raise BundleError(f"The bundle {given} is damaged: {name} has changed; get or make the bundle again.")
    if unlisted := sorted(present - set(card.files)):
        raise BundleError(f"The bundle {given} holds {unlisted[0]}, which its card does not list: remove that file.")
    return Bundle(folder, card)


def bundle_folder(place: str | Path) -> Path:
    """Where a bundle's files lie: the folder itself or, of a zip, what it is unpacked to; BundleError if it is none."""
    path = Path(place)
    return unpacked(path) if path.is_file() else path


def open_to_change(folder: str | Path) -> Bundle:
    """As `open_bundle`, for who changes its files in place; a BundleError for a zip."""
    if Path(folder).is_file():
        raise BundleError(f"{folder} is a file, which cannot be changed: unpack it, and name the folder in it.")
    return open_bundle(folder)


def read_card(folder: str | Path) -> Card:
    """The card alone, without a look at the other files; BundleError if there is none that can be read."""
    return _read_card(bundle_folder(folder), Path(folder))


def _read_card(folder: Path, given: Path) -> Card:
    """The card in a folder; sentences name the place that was given, such as a zip."""
    path = folder / CARD
    shown = given / CARD
    try:
        values = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise BundleError(f"{given} is not a model bundle: there is no {CARD} in it.") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BundleError(f"{shown} cannot be read ({error}): get or make the bundle again.") from error
    return Card.from_dict(values, source=str(shown))


def seal(folder: Path, card: Card) -> Bundle:
    """Write the card with the hash and size of every file that lies in `folder`."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CARD)
    files = {path.relative_to(folder).as_posix(): FileEntry(_sha256(path), path.stat().st_size) for path in paths}
    card = replace(card, files=files)
    # Through from_dict, so that what is written is what can be read.
    Card.from_dict(card.to_dict())
    write_text(folder / CARD, json.dumps(card.to_dict(), indent=1, ensure_ascii=False) + "\n")
    return Bundle(folder, card)


def check_place(folder: str | Path) -> None:
    """Whether a bundle may be written there: into a new folder, an empty one, or in place of another bundle.

    Raises
    ------
    BundleError
        What is there would be gone with the folder that is replaced, such as the songs that were to be taught.
    """
    place = Path(folder)
    if not os.path.exists(place):
        return
    if not place.is_dir():
        raise BundleError(f"{place} is a file: name a folder for the bundle.")
    present = {path.relative_to(place).as_posix() for path in place.rglob("*") if not path.is_dir()}
    try:
        listed = set(json.loads((place / CARD).read_text("utf-8"))["files"]) | {CARD}
    except (OSError, ValueError, KeyError, TypeError):
        listed = set()
    others = sorted(name for name in present - listed if Path(name).name not in LITTER)
    if others:
        raise BundleError(
            f"{place} holds {others[0]}, which is no part of a bundle and would be gone: name another folder."
        )


@contextmanager
def replaced_bundle(folder: str | Path) -> Iterator[Path]:
    """A draft that takes the place of a bundle, or of nothing, if the block ends well; raises as `check_place`."""
    check_place(folder)
    # A link goes on pointing where it did.
    with replaced_folder(Path(os.path.realpath(folder))) as draft:
        yield draft


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
