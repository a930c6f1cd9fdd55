"""How much surer a taught head may be than it says, from songs that it was not taught with.

A few songs say little about that, and nothing if all are named rightly: then the head would be as sure as it likes. So
the temperature has a prior, which counts as much as some songs do and is all there is where no song could be left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

# From the few-shot study (docs/teach.md): what songs that were not taught asked for, and how much they differed. Where
# none can be left out there is a song a genre, mostly, and what is learnt from one song claims more than it knows.
GUESSED_TEMPERATURE = 2.0
PRIOR_TEMPERATURE = 1.2
PRIOR_SD = 0.5
# From so many songs on the card calls its temperature fitted; with 24 the study finds it .07 off (docs/teach.md).
ENOUGH_SONGS = 40


@dataclass(frozen=True)
class Temperature:
    """A temperature for the mean logits of a recording.

    Attributes
    ----------
    value : float > 0
    n_songs : int
        Songs that were left out to find it.
    """

    value: float
    n_songs: int

    @property
    def sentence(self) -> str:
        """Where it comes from, for a card."""
        if not self.n_songs:
            return (
                "Its confidence is a guess, and nothing was measured: a genre has one song, or songs by one artist, so "
                f"that none could be left out and its temperature is a guess of {GUESSED_TEMPERATURE:g}."
            )
        if self.n_songs < ENOUGH_SONGS:
            return (
                f"Its confidence is half a guess: {self.n_songs} songs that were left out have moved a temperature of "
                f"{PRIOR_TEMPERATURE:g}, the prior, to {self.value:.2f}."
            )
        return f"Its temperature of {self.value:.2f} was fitted on {self.n_songs} songs, each left out in turn."


def fit_temperature(logits: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]]) -> Temperature:
    """The most probable temperature given songs that were left out.

    Parameters
    ----------
    logits : np.ndarray [shape=(n_songs, n_genres)]
        Mean over each song.
    labels : np.ndarray of int [shape=(n_songs,)]

    Examples
    --------
    >>> fit_temperature(np.zeros((0, 3)), np.zeros(0, int)).value
    2.0
    """
    rows = np.arange(len(labels))
    if not len(rows):
        return Temperature(GUESSED_TEMPERATURE, 0)

    def loss(log_temperature: float) -> float:
        surprise = -log_softmax(logits / math.exp(log_temperature), axis=1)[rows, labels].sum()
        return float(surprise + 0.5 * ((log_temperature - math.log(PRIOR_TEMPERATURE)) / PRIOR_SD) ** 2)

    found = minimize_scalar(loss, bounds=(-3.0, 4.0), method="bounded", options={"xatol": 1e-6})
    return Temperature(round(math.exp(float(found.x)), 3), len(rows))
