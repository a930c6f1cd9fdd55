"""Where a genre is said to change, against where it does."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.belief_settings import BeliefSettings
from genre_lib.evaluation.medleys import Material, StepGrid
from genre_lib.inference.belief import Floats
from genre_lib.inference.hindsight import path_evidence
from genre_lib.inference.path import most_probable_path

TOLERANCE_S = 3.0

Labels = NDArray[np.int64]


def paths_of(material: Material, believed: Floats, settings: BeliefSettings, grid: StepGrid) -> Labels:
    """The most probable path of each recording [shape=(n_steps, n_recordings)], by what is believed in hindsight."""
    evidence = path_evidence(material.logits, believed, settings)
    columns = [
        most_probable_path(evidence[:, column], material.silent[:, column], settings.path, step_period_s=grid.period_s)
        for column in range(evidence.shape[1])
    ]
    return np.stack(columns, axis=1)


def boundary_f1(found: Labels, truth: Labels, grid: StepGrid, tolerance_s: float = TOLERANCE_S) -> float:
    """Harmonic mean of the share of boundaries found and of those found that are there.

    Parameters
    ----------
    found, truth : int array [shape=(n_steps, n_recordings)]
        A genre at each step; its name does not matter here, only where it changes.
    tolerance_s : float [s]
        How far off a boundary may be; each is matched once at most, nearest first.
    """
    hits = n_found = n_true = 0
    for column in range(truth.shape[1]):
        said = (np.flatnonzero(np.diff(found[:, column])) * grid.period_s).tolist()
        true = (np.flatnonzero(np.diff(truth[:, column])) * grid.period_s).tolist()
        n_found, n_true = n_found + len(said), n_true + len(true)
        pairs = sorted((abs(a - b), a, b) for a in said for b in true if abs(a - b) <= tolerance_s)
        for _, a, b in pairs:
            if a in said and b in true:
                said.remove(a)
                true.remove(b)
                hits += 1
    return 2 * hits / (n_found + n_true) if n_found + n_true else 1.0


def delays(named: Labels, now: Labels, grid: StepGrid) -> list[float]:
    """Seconds from each change until the new genre is named for the first time; infinite where it never is before the
    next change.

    Parameters
    ----------
    named : int array [shape=(n_steps, n_recordings)]
        The genre said live at each step, -1 where none is.
    now : int array [shape=(n_steps, n_recordings)]
        The genre that plays at that moment.
    """
    found = []
    for column in range(now.shape[1]):
        cuts = [*(np.flatnonzero(np.diff(now[:, column])) + 1).tolist(), len(now)]
        for start, stop in itertools.pairwise(cuts):
            right = np.flatnonzero(named[start:stop, column] == now[start, column])
            found.append(float(right[0] * grid.period_s) if len(right) else float("inf"))
    return found
