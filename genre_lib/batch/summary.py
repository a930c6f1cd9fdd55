"""What a batch came to, in a few lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from genre_lib.batch.predict import Prediction, Result

_OTHER_STATES = ("probable", "mixed", "unsure", "silence")


@dataclass
class Summary:
    """Counts over the results that have passed.

    Attributes
    ----------
    states : recordings by state
    genres : recordings named with confidence, by genre
    n_unusable : recordings without an answer
    audio_s : length of all answered recordings together [s]
    """

    states: Counter[str] = field(default_factory=Counter)
    genres: Counter[str] = field(default_factory=Counter)
    n_unusable: int = 0
    audio_s: float = 0.0

    def counted(self, results: Iterable[Result]) -> Iterator[Result]:
        """The same results, each counted as it passes."""
        for result in results:
            if isinstance(result, Prediction):
                answer = result.curve.answer()
                self.states[answer.state] += 1
                self.audio_s += result.curve.duration_s
                if answer.state == "music" and answer.genre is not None:
                    self.genres[answer.genre] += 1
            else:
                self.n_unusable += 1
            yield result

    def to_text(self, *, n_new: int, new_audio_s: float, seconds: float) -> str:
        """A table for a terminal.

        Parameters
        ----------
        n_new : int
            Recordings heard now; the rest was known.
        new_audio_s, seconds : float [s]
            Their length, and the time it took.
        """
        n_answered = sum(self.states.values())
        lines = [f"{n_answered + self.n_unusable:>8} recordings, {_spoken(self.audio_s)} of music heard"]
        lines += [f"{count:>8} {genre}" for genre, count in self.genres.most_common()]
        lines += [f"{self.states[state]:>8} {state}" for state in _OTHER_STATES if self.states[state]]
        if self.n_unusable:
            lines.append(f"{self.n_unusable:>8} could not be used (column `error`)")
        known = n_answered + self.n_unusable - n_new
        speed = f", {new_audio_s / seconds:.0f} times real time" if n_new and seconds else ""
        lines.append(f"{n_new:>8} heard now in {seconds:.1f} s{speed}; {known} known before")
        return "\n".join(lines)


def _spoken(seconds: float) -> str:
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def summarize(results: Iterable[Result]) -> Summary:
    """Count all results."""
    summary = Summary()
    for _ in summary.counted(results):
        pass
    return summary
