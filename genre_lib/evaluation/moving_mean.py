"""What a belief is measured against: the mean of the logits over some seconds, with its best temperatures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.belief_settings import LiveAndFile
from genre_lib.evaluation.belief_fit import LEAST_SEGMENT_S, best_temperature, named_threshold, training_material
from genre_lib.evaluation.held_out import HeldOut
from genre_lib.evaluation.medleys import Material, StepGrid
from genre_lib.inference.belief import Floats, tempered


@dataclass(frozen=True)
class MovingMean:
    """A mean over a span, centred in hindsight and over the past when live."""

    span_s: float
    temperatures: LiveAndFile
    named_from: LiveAndFile

    @classmethod
    def fitted(cls, parts: Sequence[HeldOut], grid: StepGrid, span_s: float, *, seed: int = 0) -> Self:
        """With temperatures and thresholds chosen as those of a belief are, on the same material."""
        rng = np.random.default_rng(seed)
        material = [each for part in parts for each in training_material(part, grid, rng)]
        temperatures, named_from = {}, {}
        for place, live in (("live", True), ("file", False)):
            means = [_means(each.logits, grid.steps(span_s), live=live) for each in material]
            truth = [each.now if live else each.truth for each in material]
            temperatures[place] = best_temperature(means, truth)[1]
            named_from[place] = named_threshold([tempered(mean, temperatures[place]) for mean in means], truth)
        return cls(span_s, LiveAndFile(**temperatures), LiveAndFile(**named_from))

    def beliefs(self, material: Material, grid: StepGrid, *, live: bool) -> Floats:
        """Probabilities [shape=(n_steps, n_recordings, n_genres)]."""
        temperature = self.temperatures.live if live else self.temperatures.file
        return tempered(_means(material.logits, grid.steps(self.span_s), live=live), temperature)

    def segments(self, beliefs: Floats, grid: StepGrid) -> NDArray[np.int64]:
        """The most probable genre at each step, short stretches joined to the longer neighbour, shortest first."""
        least = max(1, math.floor(LEAST_SEGMENT_S / grid.period_s + 0.5))
        leaders = beliefs.argmax(axis=-1)
        return np.stack([_joined(leaders[:, column], least) for column in range(leaders.shape[1])], axis=1)


def _means(logits: Floats, width: int, *, live: bool) -> Floats:
    """As probabilities at temperature 1."""
    n_steps = len(logits)
    before = width - 1 if live else (width - 1) // 2
    first = np.maximum(np.arange(n_steps) - before, 0)
    stop = np.minimum(np.arange(n_steps) - before + width, n_steps)
    sums = np.concatenate([np.zeros((1, *logits.shape[1:])), np.cumsum(logits, axis=0)])
    mean = (sums[stop] - sums[first]) / (stop - first)[:, None, None]
    return tempered(np.exp(mean - mean.max(axis=-1, keepdims=True)), 1.0)


def _joined(labels: NDArray[np.int64], least: int) -> NDArray[np.int64]:
    labels = labels.copy()
    while True:
        cuts = np.concatenate([[0], np.flatnonzero(np.diff(labels)) + 1, [len(labels)]])
        lengths = np.diff(cuts)
        shortest = int(lengths.argmin())
        if len(lengths) == 1 or lengths[shortest] >= least:
            return labels
        neighbours = [i for i in (shortest - 1, shortest + 1) if 0 <= i < len(lengths)]
        winner = max(neighbours, key=lambda i: lengths[i])
        labels[cuts[shortest] : cuts[shortest + 1]] = labels[cuts[winner]]
