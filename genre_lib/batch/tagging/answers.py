"""What a recording's answer means for its tags: the one place where tags meet the belief."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from genre_lib.inference.curve import GenreCurve
from genre_lib.inference.segments import segments


@dataclass(frozen=True)
class Heard:
    """What was heard in a recording.

    Attributes
    ----------
    named : bool
        Whether the model is sure enough of one genre for all of it: its state is "music".
    state : str
        "music", "probable", "mixed", "unsure" or "silence", as in `genre_lib.inference.answer.Answer`.
    genre : str or None
        The most probable genre; None in silence.
    probabilities : mapping of str to float
    shares : mapping of str to float
        Share of the recording's length in which a genre is named.
    duration_s : float [s]
    """

    named: bool
    state: str
    genre: str | None
    probabilities: Mapping[str, float]
    shares: Mapping[str, float]
    duration_s: float

    @property
    def probability(self) -> float:
        """Of the most probable genre; 0 in silence."""
        return self.probabilities[self.genre] if self.genre is not None else 0.0


def heard_in(curve: GenreCurve) -> Heard:
    """The answer about a whole recording, and the shares of its time."""
    answer = curve.answer()
    lengths: dict[str, float] = {}
    for segment in segments(curve):
        if segment.state == "music" and segment.genre is not None:
            lengths[segment.genre] = lengths.get(segment.genre, 0.0) + segment.stop_s - segment.start_s
    total = curve.duration_s or 1.0
    return Heard(
        named=answer.state == "music",
        state=answer.state,
        genre=answer.genre,
        probabilities=answer.probabilities,
        shares={genre: length / total for genre, length in sorted(lengths.items(), key=lambda item: -item[1])},
        duration_s=curve.duration_s,
    )
