"""Step by step, what a model said about clips that it was not trained on: what beliefs are fitted on and judged by.

A file of a few hundred kilobytes stands for a cross-validation of hours: logits are kept in sixteenths, which moves the
probability of a step by at most .016, and a belief, which rests on many steps, by far less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from genre_lib.errors import EvaluationError
from genre_lib.utils.atomic import replaced_file

_STEPS_OF_1 = 16


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Answers about clips.

    Attributes
    ----------
    name : str
        What the clips are, for tables.
    genres : tuple of str
    names : tuple of str [length n_clips]
    labels : np.ndarray of int [shape=(n_clips,)]
    groups : tuple of str [length n_clips]
        Artists; the clip's name where none is known.
    folds : np.ndarray of int [shape=(n_clips,)]
        Clips of a fold were answered by one network, which heard none of them.
    step_logits : list of np.ndarray [shape=(n_steps, n_genres)]
    """

    name: str
    genres: tuple[str, ...]
    names: tuple[str, ...]
    labels: NDArray[np.int64]
    groups: tuple[str, ...]
    folds: NDArray[np.int64]
    step_logits: list[NDArray[np.float32]]

    def __len__(self) -> int:
        return len(self.names)

    def select(self, chosen: NDArray[Any]) -> Self:
        """Some of the clips, by index or by mask."""
        indices = np.arange(len(self))[chosen]
        return replace(
            self,
            names=tuple(self.names[i] for i in indices),
            labels=self.labels[indices],
            groups=tuple(self.groups[i] for i in indices),
            folds=self.folds[indices],
            step_logits=[self.step_logits[i] for i in indices],
        )

    def by_fold(self) -> list[Self]:
        """The clips of each fold."""
        return [self.select(self.folds == fold) for fold in np.unique(self.folds)]

    def save(self, path: str | Path) -> Path:
        """Write an npz file; returns the path."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced_file(path) as draft, draft.open("wb") as file:
            np.savez_compressed(
                file,
                name=np.array(self.name),
                genres=np.array(self.genres),
                names=np.array(self.names),
                labels=self.labels.astype(np.int16),
                groups=np.array(self.groups),
                folds=self.folds.astype(np.int16),
                lengths=np.array([len(logits) for logits in self.step_logits], np.int32),
                step_logits=(np.round(_STEPS_OF_1 * np.concatenate(self.step_logits)) / _STEPS_OF_1).astype(np.float16),
            )
        return path

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote.

        A boolean array `clear` in the file leaves out the clips whose label is contested.

        Raises
        ------
        EvaluationError
            The file cannot be read as such.
        """
        path = Path(path)
        try:
            with np.load(path) as stored:
                lengths = stored["lengths"]
                names = tuple(map(str, stored["names"]))
                groups = tuple(map(str, stored["groups"])) if "groups" in stored.files else ()
                held_out = cls(
                    name=str(stored["name"]) if "name" in stored.files else path.stem,
                    genres=tuple(map(str, stored["genres"])),
                    names=names,
                    labels=stored["labels"].astype(np.int64),
                    groups=groups or names,
                    folds=stored["folds"].astype(np.int64) if "folds" in stored.files else np.zeros(len(names), int),
                    step_logits=np.split(stored["step_logits"].astype(np.float32), np.cumsum(lengths)[:-1]),
                )
                return held_out.select(stored["clear"]) if "clear" in stored.files else held_out
        except (OSError, ValueError, KeyError) as error:
            raise EvaluationError(
                f"{path} cannot be read as held-out answers ({error}): give a file that a cross-validation saved."
            ) from error


def check_genres(parts: Sequence[HeldOut], genres: Sequence[str]) -> None:
    """Refuse answers about other genres.

    Raises
    ------
    EvaluationError
    """
    for part in parts:
        if part.genres != tuple(genres):
            raise EvaluationError(
                f"{part.name} was answered in the genres {', '.join(part.genres)}, the model's are "
                f"{', '.join(genres)}: give answers of this model."
            )
