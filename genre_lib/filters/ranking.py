"""The running top-k: for every neuron the tracks that excite it most, each at its strongest moment.

A track contributes one moment to each neuron, so the ranking is all that has to be kept, however large the data set.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genre_lib.errors import RunError
from genre_lib.utils.atomic import write_bytes

_NO_TRACK = np.iinfo(np.int64).max


class Ranking:
    """The `k` best tracks of each neuron; the same whatever the order in which tracks come.

    Attributes
    ----------
    activation : np.ndarray [shape=(n_neurons, k)]
        Falling; -inf where fewer than `k` tracks excite the neuron.
    track : np.ndarray [shape=(n_neurons, k)]
        Index of the track.
    first_frame : np.ndarray [shape=(n_neurons, k)]
        Where the moment begins.
    lowest : np.ndarray [shape=(n_neurons,)]
        The weakest of all tracks' peaks: equal to the strongest where a neuron is dead.
    done : np.ndarray of bool [shape=(n_tracks,)]
    """

    def __init__(self, n_neurons: int, k: int, n_tracks: int) -> None:
        self.activation = np.full((n_neurons, k), -np.inf, np.float32)
        self.track = np.full((n_neurons, k), _NO_TRACK, np.int64)
        self.first_frame = np.zeros((n_neurons, k), np.int64)
        self.lowest = np.full(n_neurons, np.inf, np.float32)
        self.done = np.zeros(n_tracks, bool)

    def add(self, track: int, peak: NDArray[np.float32], first_frame: NDArray[np.int64]) -> None:
        """Enter one track's peaks [shape=(n_neurons,)], -inf for a neuron that it does not excite."""
        self.done[track] = True
        heard = np.isfinite(peak)
        self.lowest[heard] = np.minimum(self.lowest[heard], peak[heard])
        last, last_track = self.activation[:, -1], self.track[:, -1]
        rows = np.flatnonzero(heard & ((peak > last) | ((peak == last) & (track < last_track))))
        if not len(rows):
            return
        activation = np.column_stack([self.activation[rows], peak[rows]])
        tracks = np.column_stack([self.track[rows], np.full(len(rows), track)])
        frames = np.column_stack([self.first_frame[rows], first_frame[rows]])
        # Equal activations go by the track, so that executors that finish in another order give the same.
        order = np.lexsort((tracks, -activation), axis=1)[:, :-1]
        self.activation[rows] = np.take_along_axis(activation, order, axis=1)
        self.track[rows] = np.take_along_axis(tracks, order, axis=1)
        self.first_frame[rows] = np.take_along_axis(frames, order, axis=1)

    def save(self, path: Path) -> None:
        """Write at once, so that a killed run finds the old state or the new."""
        content = io.BytesIO()
        np.savez(content, **vars(self))
        try:
            write_bytes(path, content.getvalue())
        except OSError as error:
            raise RunError(f"{path} cannot be written ({error.strerror}): free some space, then run again.") from error

    def load(self, path: Path) -> bool:
        """Go on from a saved ranking of the same shape; False if there is none that can be used."""
        try:
            with np.load(path, allow_pickle=False) as saved:
                state = {name: saved[name] for name in vars(self)}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return False
        if any(value.shape != getattr(self, name).shape for name, value in state.items()):
            return False
        for name, value in state.items():
            setattr(self, name, value)
        return True
