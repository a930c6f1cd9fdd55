"""The model bundle: one directory that every consumer loads, written atomically and refused when damaged."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genre_lib.card import Card, FileEntry
from genre_lib.errors import BundleError

CARD = "card.json"
KERAS = "model.keras"
LITERT = "model.tflite"
TFJS = "tfjs/model.json"
MEL = "mel.bin"
GOLDEN = "golden.json"
RECIPE = "recipe.yaml"
NEURONS = "neurons.json"

PRETRAINED = "gtzan"


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


def pretrained_folder() -> Path:
    """Folder of the pretrained bundle; BundleError if this installation has none."""
    folder = Path(__file__).resolve().parents[1] / "data" / "models" / PRETRAINED
    if not (folder / CARD).exists():
        raise BundleError(f"The pretrained model is not at {folder}: name a bundle (--model) or work in a checkout.")
    return folder


def open_bundle(folder: str | Path | None = None) -> Bundle:
    """Verify and open a bundle.

    Parameters
    ----------
    folder : str or Path, optional
        By default the pretrained bundle.

    Raises
    ------
    BundleError
        It is missing, its card does not fit the schema, or a file is missing, unlisted or altered.
    """
    folder = pretrained_folder() if folder is None else Path(folder)
    card = read_card(folder)
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {CARD}
    for name, entry in card.files.items():
        path = folder / name
        if name not in present:
            raise BundleError(f"The bundle {folder} is damaged: {name} is missing; get or make the bundle again.")
        if path.stat().st_size != entry.size or _sha256(path) != entry.sha256:
            raise BundleError(f"The bundle {folder} is damaged: {name} has changed; get or make the bundle again.")
    if unlisted := sorted(present - set(card.files)):
        raise BundleError(f"The bundle {folder} holds {unlisted[0]}, which its card does not list: remove that file.")
    return Bundle(folder, card)


def read_card(folder: str | Path) -> Card:
    """The card alone, without a look at the other files; BundleError if there is none that can be read."""
    path = Path(folder) / CARD
    try:
        values = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise BundleError(f"{folder} is not a model bundle: there is no {CARD} in it.") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BundleError(f"{path} cannot be read ({error}): get or make the bundle again.") from error
    return Card.from_dict(values, source=str(path))


def seal(folder: Path, card: Card) -> Bundle:
    """Write the card with the hash and size of every file that lies in `folder`."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CARD)
    files = {path.relative_to(folder).as_posix(): FileEntry(_sha256(path), path.stat().st_size) for path in paths}
    card = replace(card, files=files)
    # Through from_dict, so that what is written is what can be read.
    Card.from_dict(card.to_dict())
    write_text(folder / CARD, json.dumps(card.to_dict(), indent=1, ensure_ascii=False) + "\n")
    return Bundle(folder, card)


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """A new folder to fill, which takes the place of `folder` only if the block ends without an error."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield draft
        draft.chmod(0o755)
        if folder.exists():
            previous = draft.with_name(draft.name + "-previous")
            folder.rename(previous)
            draft.rename(folder)
            shutil.rmtree(previous)
        else:
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write a file at once: a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, "utf-8")
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
