"""Medleys of held-out clips: music whose genre changes at known times.

They are spliced from saved step logits, without sound or network. The steps that hear both sides of a cut are mixed
from both by how much they hear of each; against medleys that were spliced as spectrograms and heard by the network this
moves the log loss of a step by at most .01, and the time named rightly by one or two points.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.card import Card
from genre_lib.bundle.timing import Timing
from genre_lib.errors import EvaluationError
from genre_lib.evaluation.held_out import HeldOut

MEDLEY_S = 300.0


@dataclass(frozen=True)
class StepGrid:
    """What of a model's timing matters here.

    Attributes
    ----------
    period_s : float [s]
        From step to step.
    n_straddling : int
        Steps that hear both sides of a cut.
    """

    period_s: float
    n_straddling: int

    @classmethod
    def of(cls, card: Card) -> StepGrid:
        """Of a model."""
        return cls.of_timing(card.timing, card.step_period_s)

    @classmethod
    def of_timing(cls, timing: Timing, period_s: float) -> StepGrid:
        """Of a network that has no card yet."""
        return cls(period_s, -(-timing.receptive_field_frames // timing.step_frames) - 1)

    def steps(self, seconds: float) -> int:
        """Steps of a stretch, at least one."""
        return max(1, round(seconds / self.period_s))


@dataclass(frozen=True, eq=False)
class Material:
    """Recordings of one length with the right genre at each step.

    Attributes
    ----------
    name : str
        Such as "pieces of 30 s".
    logits : np.ndarray [shape=(n_steps, n_recordings, n_genres)]
    truth : np.ndarray of int [shape=(n_steps, n_recordings)]
        The genre at the centre of what a step heard.
    now : np.ndarray of int [shape=(n_steps, n_recordings)]
        The genre at its end: what live sound is at that moment.
    """

    name: str
    logits: NDArray[np.float64]
    truth: NDArray[np.int64]
    now: NDArray[np.int64]

    @property
    def silent(self) -> NDArray[np.bool_]:
        """Held-out answers are about clips that sound throughout."""
        return np.zeros(self.truth.shape, bool)

    def some(self, n_steps: int) -> Material:
        """Evenly chosen recordings that have about so many steps together, at least one."""
        n_recordings = self.truth.shape[1]
        wanted = min(n_recordings, max(1, round(n_steps / len(self.truth))))
        chosen = np.linspace(0, n_recordings - 1, wanted).round().astype(int)
        return Material(self.name, self.logits[:, chosen], self.truth[:, chosen], self.now[:, chosen])


def medleys(
    held_out: HeldOut, piece_s: float, grid: StepGrid, rng: np.random.Generator, *, at_most: int = 40
) -> Material:
    """Medleys of five minutes, within folds; no clip comes twice before all have come.

    Parameters
    ----------
    held_out : HeldOut
    piece_s : float > 0 [s]
        Clips that are shorter are played again from their start.
    grid : StepGrid
    rng : np.random.Generator
    at_most : int
        Medleys of a fold.

    Raises
    ------
    EvaluationError
        The clips are all of one genre.
    """
    n_pieces = max(2, round(MEDLEY_S / piece_s))
    logits, truth = [], []
    for fold in held_out.by_fold():
        if len(np.unique(fold.labels)) < 2:
            raise EvaluationError(f"A medley needs clips of two genres; {held_out.name} has a fold of only one.")
        clips = _in_turn(fold.labels, rng)
        for _ in range(min(at_most, max(1, len(fold) // n_pieces))):
            chosen = itertools.islice(clips, n_pieces)
            pieces = [(fold.step_logits[clip], int(fold.labels[clip])) for clip in chosen]
            rows, labels = _spliced(pieces, grid.steps(piece_s), grid.n_straddling, rng)
            logits.append(rows)
            truth.append(labels)
    stacked = np.stack(truth, axis=1)
    return Material(f"pieces of {piece_s:g} s", np.stack(logits, axis=1), stacked, _now(stacked, grid))


def whole_clips(held_out: HeldOut, seconds: float, grid: StepGrid, *, repeats: int = 1) -> Material:
    """The starts of clips that are long enough; `repeats` plays each several times, as a song keeps its manner."""
    n_steps = grid.steps(seconds)
    # A clip ends a step or two before its last second.
    fitting = [i for i, logits in enumerate(held_out.step_logits) if len(logits) >= n_steps - 2]
    if not fitting:
        raise EvaluationError(f"No clip of {held_out.name} is {seconds:g} s long: give a shorter span.")
    n_steps = min(n_steps, *(len(held_out.step_logits[i]) for i in fitting))
    rows = np.stack([np.tile(held_out.step_logits[i][:n_steps], (repeats, 1)) for i in fitting], axis=1)
    truth = np.tile(held_out.labels[fitting], (n_steps * repeats, 1))
    return Material(f"one genre, {seconds * repeats:g} s", rows.astype(np.float64), truth, truth)


def _in_turn(labels: NDArray[np.int64], rng: np.random.Generator) -> Iterator[int]:
    """Clips in random order, again and again, never two of a genre in a row."""
    waiting: list[int] = []
    last = -1
    while True:
        at = next((i for i, clip in enumerate(waiting) if labels[clip] != last), None)
        if at is None:
            waiting += rng.permutation(len(labels)).tolist()
            continue
        clip = waiting.pop(at)
        last = int(labels[clip])
        yield clip


def _spliced(
    pieces: list[tuple[NDArray[np.float32], int]], n_steps: int, n_straddling: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    shares = (np.arange(1, n_straddling + 1) / (n_straddling + 1))[:, None]
    rows: list[NDArray[np.float64]] = []
    labels: list[NDArray[np.int64]] = []
    for at, (logits, label) in enumerate(pieces):
        # The first steps of a clip have not heard a full receptive field yet.
        full = logits[min(n_straddling, len(logits) - 1) :].astype(np.float64)
        needed = max(1, n_steps - n_straddling)
        full = np.tile(full, (-(-needed // len(full)), 1))
        start = int(rng.integers(0, len(full) - needed + 1))
        piece = full[start : start + needed]
        if at:
            late = n_straddling // 2
            rows.append((1 - shares) * rows[-1][-1] + shares * piece[0])
            labels.append(np.repeat([pieces[at - 1][1], label], [n_straddling - late, late]))
        rows.append(piece)
        labels.append(np.full(needed, label))
    return np.concatenate(rows), np.concatenate(labels)


def _now(truth: NDArray[np.int64], grid: StepGrid) -> NDArray[np.int64]:
    ahead = (grid.n_straddling + 1) // 2
    return np.concatenate([truth[ahead:], np.repeat(truth[-1:], ahead, axis=0)])[: len(truth)]
