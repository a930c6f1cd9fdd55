"""A neuron's excerpts become one sound, written as soon as the last of them has come.

Plain WAV: packed as FLAC the sounds take two thirds of the disk, and a run half as long again.
"""

from __future__ import annotations

import io
import os
import wave
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genre_lib.filters.excerpts import GAP_S, joined
from genre_lib.filters.record import Neuron
from genre_lib.filters.writing import write_file

SUFFIX = ".wav"
_HEADER_BYTES = 44


@dataclass
class SoundWriter:
    """Joins excerpts in whatever order they come.

    Attributes
    ----------
    folder : Path
    stems : sequence of str
        Each neuron's file below the folder, without a suffix.
    neurons : sequence of Neuron
    sample_rate : int [Hz]
    begins : dict of int to dict of int to float [s]
        By neuron whose sound is written: where each of its excerpts begins in it.
    """

    folder: Path
    stems: Sequence[str]
    neurons: Sequence[Neuron]
    sample_rate: int
    begins: dict[int, dict[int, float]] = field(default_factory=dict)
    _expected: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    _waiting: dict[int, dict[int, NDArray[np.int16] | None]] = field(default_factory=lambda: defaultdict(dict))

    def is_done(self, i: int) -> bool:
        """Whether an earlier run has written the whole sound; if so, it is taken over."""
        if i in self.begins:
            return True
        lengths = [excerpt.stop - excerpt.start for excerpt in self.neurons[i].excerpts]
        gap = round(GAP_S * self.sample_rate)
        n_samples = sum(lengths) + gap * (len(lengths) - 1)
        try:
            # A run that was killed may have left it short.
            if os.stat(self._path(i)).st_size != _HEADER_BYTES + 2 * n_samples:
                return False
        except OSError:
            return False
        begins = [sum(lengths[:place]) + gap * place for place in range(len(lengths))]
        self._enter(i, range(len(lengths)), begins)
        return True

    def expect(self, i: int) -> None:
        """Announce one more excerpt."""
        self._expected[i] += 1

    def take(self, i: int, place: int, samples: NDArray[np.int16] | None) -> None:
        """Take an excerpt, None where it could not be read."""
        self._waiting[i][place] = samples
        if len(self._waiting[i]) < self._expected[i]:
            return
        there = {at: excerpt for at, excerpt in sorted(self._waiting.pop(i).items()) if excerpt is not None}
        if not there:
            return
        sound, begins = joined(list(there.values()), self.sample_rate)
        write_file(self._path(i), _wav(sound, self.sample_rate))
        self._enter(i, there, begins)

    def _path(self, i: int) -> str:
        return f"{self.folder}/{self.stems[i]}{SUFFIX}"

    def _enter(self, i: int, places: Iterable[int], begins: Sequence[int]) -> None:
        self.begins[i] = {
            place: round(begin / self.sample_rate, 6) for place, begin in zip(places, begins, strict=True)
        }


def _wav(samples: NDArray[np.int16], sample_rate: int) -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as sound:
        sound.setparams((1, 2, sample_rate, len(samples), "NONE", "not compressed"))
        sound.writeframesraw(samples.astype("<i2", copy=False).tobytes())
    return content.getvalue()
