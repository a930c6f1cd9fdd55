"""A recording as a whole: how its time is shared among genres, and the one name where one is fair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from genre_lib.bundle.belief_settings import BeliefSettings

WholeState = Literal["music", "probable", "mixed", "unsure", "silence"]

# A recording changes where each of two genres leads for this share of it, and no genre has that much of it as a whole.
CHANGING_SHARE = 0.15
ONE_GENRE_SHARE = 2 / 3


@dataclass(frozen=True)
class Answer:
    """The belief about a whole recording, put into words.

    Attributes
    ----------
    state : "music", "probable", "mixed", "unsure" or "silence"
        Whether one genre can be named, is only ahead, changes with others, or cannot be told.
    genre : str or None
        The genre with the most time, also when unsure; None in silence.
    probabilities : dict of str to float
        The share of the time that is believed to be of each genre, in the card's order; they sum to 1. With a bundle
        of schema version 1, the probability that the whole is of this genre.

    Examples
    --------
    >>> Answer("music", "rock", {"blues": 0.2, "rock": 0.71, "pop": 0.09})
    Answer(music: rock 0.71, blues 0.20, pop 0.09)
    """

    state: WholeState
    genre: str | None
    probabilities: dict[str, float]

    @property
    def ranked(self) -> list[tuple[str, float]]:
        """Genres and probabilities, most probable first."""
        return sorted(self.probabilities.items(), key=lambda item: -item[1])

    def __repr__(self) -> str:
        first = ", ".join(f"{genre} {probability:.2f}" for genre, probability in self.ranked[:3])
        return f"Answer({self.state}: {first}{', ...' if len(self.probabilities) > 3 else ''})"


@dataclass(frozen=True, eq=False)
class TimeShares:
    """What a recording as a whole is judged by; sums over its steps that are not silent, so that hours add up.

    Attributes
    ----------
    n_steps : int
    belief : np.ndarray [shape=(n_genres,)]
        Sum of the beliefs.
    led : np.ndarray [shape=(n_genres,)]
        Steps at which a genre was named or probable.
    """

    n_steps: int
    belief: NDArray[np.float64]
    led: NDArray[np.float64]

    @classmethod
    def of(cls, probabilities: NDArray[np.float64], state: NDArray[np.str_]) -> Self:
        """Of beliefs [shape=(n_steps, n_genres)] and their states [shape=(n_steps,)]."""
        heard = probabilities[state != "silence"]
        leads = probabilities[np.isin(state, ("music", "probable"))]
        led = np.bincount(leads.argmax(axis=1), minlength=probabilities.shape[1])
        return cls(len(heard), heard.sum(axis=0), led.astype(np.float64))

    def __add__(self, other: TimeShares) -> TimeShares:
        return TimeShares(self.n_steps + other.n_steps, self.belief + other.belief, self.led + other.led)


def answer_of(shares: TimeShares, genres: tuple[str, ...], settings: BeliefSettings) -> Answer:
    """The recording as a whole from the shares of its time."""
    if not shares.n_steps:
        return Answer("silence", None, dict.fromkeys(genres, 1 / len(genres)))
    probabilities = shares.belief / shares.n_steps
    second, first = np.sort(probabilities)[-2:]
    state: WholeState = "unsure"
    if first < ONE_GENRE_SHARE and (shares.led >= CHANGING_SHARE * shares.n_steps).sum() > 1:
        state = "mixed"
    elif first >= settings.whole_named_from:
        state = "music"
    elif first - second >= settings.probable_lead:
        state = "probable"
    genre = genres[int(probabilities.argmax())]
    return Answer(state, genre, dict(zip(genres, probabilities.tolist(), strict=True)))
